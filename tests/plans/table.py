# mypy: ignore-errors
"""2,400 payment plans, dealt by a seed: python table.py FILE, with the python of a generated project."""

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

MISSED = [0.35, 0.2, 0.15, 0.1, 0.1, 0.06, 0.04]
ROWS = 2400

dealt = np.random.default_rng(7)
rows = pd.DataFrame({"plan": np.arange(1, ROWS + 1)})
rows["arrears"] = dealt.gamma(2, 900, ROWS).clip(0, 9999).round(2)
rows["income"] = dealt.normal(2500, 800, ROWS).clip(200, 19000).round(2)
rows["missed"] = dealt.choice(7, ROWS, p=MISSED)
rows["channel"] = dealt.choice(["phone", "web", "branch"], ROWS)
rows["calls"] = dealt.poisson(3, ROWS).clip(0, 50)
rows["over_60"] = (dealt.random(ROWS) < 0.3).astype(int)
burden = (rows["arrears"] / rows["income"]).clip(upper=4)
leaning = 1.9 - 0.9 * rows["missed"] - 0.9 * burden + 0.18 * rows["calls"]
rows["kept"] = (dealt.random(ROWS) < 1 / (1 + np.exp(-leaning))).astype(int)
today = datetime.now(UTC).date()
agreed = [today - timedelta(days=int(days)) for days in dealt.integers(5, 25, ROWS)]
rows["agreed_on"] = agreed
waited = dealt.integers(0, 5, ROWS)
rows["exported_on"] = [day + timedelta(days=int(days)) for day, days in zip(agreed, waited, strict=True)]
rows.to_csv(sys.argv[1], index=False)
