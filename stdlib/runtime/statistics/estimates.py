"""What is known of a metric: an estimate with limits at any error rate, a bound at one, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from mlopsc.stdlib.runtime.statistics.limits import Known, Limits

FEWEST_ROWS = 100
FEWEST_EVENTS = 30
FEWEST_UNITS = 8
MANY_UNITS = 30
FEWEST_CALLS = 200


@dataclass(frozen=True)
class Bound:
    """An estimate with its two one-sided limits, each of them at `level`."""

    estimate: float
    lower: float
    upper: float
    level: float
    method: str
    rows: int
    units: int
    note: str = ""


@dataclass(frozen=True)
class Undecidable:
    """Why evidence bounds nothing, what it holds, and how many rows it takes at least, where that is known."""

    reason: str
    rows: int
    units: int
    estimate: float | None = None
    rows_needed: int | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """A metric, its limits at any error rate, and what they rest on.

    `sigma` is the standard deviation of one row's part in the metric and `design_effect` what dependent rows
    multiply its square by: n rows give the standard error `sigma * sqrt(design_effect / n)`. Where the two can't
    be told apart the design effect is 1 and the sigma holds both; exact limits have neither.
    `proportion` says that the limits are exact ones of a proportion of `rows` independent trials.
    """

    value: float
    limits: Limits
    rows: int
    units: int
    method: str
    note: str = ""
    sigma: float | None = None
    design_effect: float | None = None
    proportion: bool = False

    def bound(self, alpha: float) -> Bound | Undecidable:
        """Both one-sided limits at error rate `alpha` each."""
        lower, upper = self.limits.lower(alpha), self.limits.upper(alpha)
        if isfinite(lower) and isfinite(upper):
            return Bound(self.value, lower, upper, 1.0 - alpha, self.method, self.rows, self.units, self.note)
        reason = f"{self.rows:,} rows in {self.units:,} units leave no finite bound at {1.0 - alpha:.6g}"
        return Undecidable(reason, self.rows, self.units, self.value)


def point_estimate(value: float, rows: int, units: int) -> Estimate | Undecidable:
    """A metric taken at its face value."""
    if not isfinite(value):
        return Undecidable("the metric is not defined on these rows", rows, units)
    return Estimate(value, Known(value), rows, units, "point estimate")


def no_difference(rows: int, units: int) -> Estimate:
    """The difference of two models whose metrics agree whatever rows are taken."""
    return Estimate(0.0, Known(0.0), rows, units, "comparison", "no row tells the two apart")


def note_on_units(units: int) -> str:
    """What a reader should know of a bound that rests on so many units, if anything."""
    return "" if units >= MANY_UNITS else f"fewer than {MANY_UNITS} units: the true error rate may exceed the level's"


def lack_of_evidence(rows: int, fewest_rows: int, units: int, label: str, value: float) -> Undecidable | None:
    """Why so many rows and units are too few to bound anything, if they are."""
    estimate = value if isfinite(value) else None
    if rows < fewest_rows:
        reason = f"{rows:,} rows take part, and a bound needs at least {fewest_rows:,}"
        return Undecidable(reason, rows, units, estimate, fewest_rows)
    if units < FEWEST_UNITS:
        reason = f"{rows:,} rows are only {units} units of `{label}`, and a bound needs at least {FEWEST_UNITS}"
        # As many rows a unit as now.
        return Undecidable(reason, rows, units, estimate, -(-rows * FEWEST_UNITS // units))
    return None
