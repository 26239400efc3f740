"""What a model must beat to be worth anything: the best constant answer."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from mlopsc.compiler.scaffold.guesses import Baseline

if TYPE_CHECKING:
    import pandas as pd

    from mlopsc.compiler.schema.declarations import Task

_CLEARLY = 0.2
"""How much of the error of the constant answer a model must take away."""


def baseline_of(target: pd.Series, task: Task) -> Baseline:
    """The score of the best constant answer on all rows, and a limit that asks for clearly more."""
    present = target.dropna()
    if task == "regression":
        values = present.astype(float)
        score = float((values - values.median()).abs().mean())
        limit = _rounded(score * (1 - _CLEARLY))
        return Baseline("mae", score, limit, f"always predicting the median is {_rounded(score)} off")
    share = float(present.astype(str).value_counts(normalize=True).iloc[0])
    answer = present.astype(str).value_counts().index[0]
    limit = f"{min(99, ceil(round((share + (1 - share) * _CLEARLY) * 100, 6)))}%"
    return Baseline("accuracy", share, limit, f"always answering `{answer}` is right in {share:.0%} of the rows")


def _rounded(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value <= 0:
        return "0"
    digits = max(0, 2 - floor(log10(value)))
    return f"{value:.{digits}f}"
