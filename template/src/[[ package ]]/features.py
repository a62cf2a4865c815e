"""What the model sees. Your file: one plain function per feature, used by training and serving alike.

Arguments are columns of policy/data.yaml: whole columns in training, one applicant's numbers in serving.
To use a feature, name it in policy/training.yaml. A release carries its own copy: import numpy only.
"""

from typing import Any as Values

import numpy as np


def loan_to_value(loanamt: Values, apr: Values) -> Values:
    """Loan over appraised value; beyond 1.5 it makes no difference."""
    return np.minimum(loanamt / apr, 1.5)


def debt_burden(obrat: Values) -> Values:
    """All obligations as a share of income."""
    return obrat / 100


def consumer_history(cons: Values) -> Values:
    """Late consumer payments, from 0 (none) to 5 (serious)."""
    return cons - 1


def mortgage_history(mortg: Values) -> Values:
    """Late mortgage payments, from 0 (none) to 3 (many)."""
    return mortg - 1


def bankruptcy(pubrec: Values) -> Values:
    """Bankruptcy on file."""
    return pubrec


def unverified(unver: Values) -> Values:
    """Something in the file could not be verified."""
    return unver


def guidelines(gdlin: Values) -> Values:
    """The underwriter's own word on the credit history; not recorded counts as not met."""
    return np.nan_to_num(gdlin)


def boarded_up(bd: Values) -> Values:
    """Many boarded-up homes in the tract."""
    return bd


def vacancy(vr: Values) -> Values:
    """Many vacant homes in the tract."""
    return vr
