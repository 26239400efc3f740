"""What is asked of a metric, and what a gate answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Comparison = Literal["<=", ">="]
Standing = Literal["judged", "too few rows", "no rows"]

FIRST_LOOK = 0.8
"""The share of the error rate that the first model judged on a set of test rows may use."""


class Verdict(StrEnum):
    """What a gate says; only a pass opens it."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Requirement:
    """How a metric is held against a limit.

    `level` None means that the point estimate decides. `looks` is how many models may be judged on the same rows, and
    `look` which of them this is: the first may use most of the error rate 1 - level, the others share the rest, so
    that all of them together keep to it (Bonferroni's inequality with unequal weights). `assuming` is the value that
    the metric is expected to have, for the number of rows needed. Raises ValueError for a level outside 0.5..1 and
    for a look that is none of the looks.
    """

    comparison: Comparison
    level: float | None = 0.95
    looks: int = 1
    assuming: float | None = None
    seed: int = 0
    look: int = 1

    def __post_init__(self) -> None:
        if self.level is not None and not 0.5 <= self.level < 1:
            raise ValueError(f"a level is at least 0.5 and less than 1, and {self.level:g} is not")
        if not 1 <= self.look <= self.looks:
            raise ValueError(f"there is no look {self.look} of {self.looks}")

    @property
    def alpha(self) -> float:
        """The error rate that one look may have on either side; 1 where no level was asked for."""
        return 1.0 if self.level is None else (1.0 - self.level) * share_of_look(self.look, self.looks)

    def is_met(self, value: float, limit: float) -> bool:
        """Whether a value is on the right side of a limit, or at it."""
        return value <= limit if self.comparison == "<=" else value >= limit


def share_of_look(look: int, looks: int) -> float:
    """The share of the error rate that one look of several may use; over all looks they add up to 1.

    An even share would spend four fifths of the certainty of the usual case, one model on fresh rows, on looks that
    may never come.
    """
    if looks == 1:
        return 1.0
    return FIRST_LOOK if look == 1 else (1.0 - FIRST_LOOK) / (looks - 1)


@dataclass(frozen=True)
class Judgement:
    """A verdict and all that it rests on; what is not known or does not apply is None.

    `lower` and `upper` are one-sided bounds, each with the error rate of one look. Of a comparison they are those
    of the paired difference, laid around the baseline, so that they too are held against `limit`.
    `provable_limit` is the tightest limit that these rows pass. `rows_needed` is how many rows decide with 80%
    power if the metric is what was assumed (or else estimated), and at least how many where rows were too few.
    `sigma` and `design_effect` are those of the estimate, to plan the next run by. With slices, the numbers are
    those of the worst slice judged, and rows and units those of all.
    """

    verdict: Verdict
    reason: str
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    limit: float | None = None
    rows: int = 0
    units: int = 0
    level: float | None = None
    method: str = ""
    note: str = ""
    provable_limit: float | None = None
    rows_needed: int | None = None
    sigma: float | None = None
    design_effect: float | None = None
    slices: tuple[SliceJudgement, ...] = ()


@dataclass(frozen=True)
class SliceJudgement:
    """The rows with one value of a column: judged, or listed only because they are too few or none."""

    name: str
    standing: Standing
    judgement: Judgement
