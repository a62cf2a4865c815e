# mypy: ignore-errors
"""What the model sees: one plain function per feature."""

from typing import Any as Values

import numpy as np


def burden(arrears: Values, income: Values) -> Values:
    """Arrears over income; beyond 4 it makes no difference."""
    return np.minimum(arrears / income, 4)


def missed_before(missed: Values) -> Values:
    """Plans missed before."""
    return missed


def contact(calls: Values) -> Values:
    """How often they called."""
    return np.minimum(calls, 10)
