"""Whether the rows of a window are distributed like those that they are compared with.

A reference is prepared once per column and then asked for the distance of any number of windows: the Kolmogorov-
Smirnov distance D of numbers, the total variation TV of levels (categories, bools, texts). Both are shares of rows,
0..1. Rows without a value are a level of their own, never NaN.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlopsc.stdlib.planning import check_share, looks_to_learn
from mlopsc.stdlib.runtime.statistics.inputs import Floats

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["numbers", "levels"]

FEWEST_ROWS = 100
"""Windows and references with fewer rows are not compared."""
DISTANCE_THAT_MATTERS = 0.1
"""What is nearer than this is no event, however unusual it is."""
_SPREAD_FLOOR = DISTANCE_THAT_MATTERS / 10  # so that a column that never moved can't stand out by moving a little
_EXACT_UP_TO = 10_000  # rows of either sample; up to there scipy counts the paths, beyond it the limit law is as good
_RESAMPLED_TABLES = 99_999
_FEWEST_EXPECTED = 5.0  # Cochran's condition for the chi-squared distribution


@dataclass(frozen=True)
class Distance:
    """How far a window is from a reference, 0..1, and how many rows of each say so.

    `levels` is how many levels of one size would scatter as much as those of the two do; 0 for numbers.
    """

    value: float
    rows: int
    reference_rows: int
    levels: float = 0.0

    def noise(self, alpha: float) -> float:
        """The distance that as many independent rows of one distribution exceed with a probability of alpha at most.

        Of numbers by the inequality of Dvoretzky, Kiefer and Wolfowitz; of levels by McDiarmid's around a mean of
        1/2 sum sqrt(p (1 - p) (1/n + 1/m)) at most.
        """
        scatter = 1 / self.rows + 1 / self.reference_rows
        if self.levels == 0:
            return sqrt(log(2 / alpha) / 2 * scatter)
        return sqrt(self.levels * scatter) / 2 + sqrt(log(1 / alpha) / 2 * scatter)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A reference of numbers: `values` (present,) are sorted, and missing ones are counted in `rows` only."""

    values: Floats
    rows: int

    def distance(self, window: ArrayLike | pd.Series) -> Distance:
        """D between a window and the reference, missing values standing after all others; ValueError without rows."""
        other = _numbers(window)
        return Distance(_largest_gap(other, self), other.rows, self.rows)

    def p_value(self, window: ArrayLike | pd.Series) -> float:
        """How likely D is to be as large or larger when all rows are independent draws of one distribution.

        Exact for up to 10,000 rows; ties make it larger than it need be.
        """
        from scipy import stats

        other = _numbers(window)
        if max(other.rows, self.rows) <= _EXACT_UP_TO:
            with warnings.catch_warnings():
                # Where counting overflows, scipy takes the limit law and says so.
                warnings.simplefilter("ignore", RuntimeWarning)
                return float(stats.ks_2samp(other.padded(), self.padded(), method="exact").pvalue)
        effective = self.rows * other.rows / (self.rows + other.rows)
        return float(stats.kstwo.sf(_largest_gap(other, self), round(effective)))

    def padded(self) -> Floats:
        """All rows, missing ones as a number above all others."""
        highest = self.values[-1] if self.values.size else 0.0
        filler = np.inf if highest < np.inf else np.finfo(np.float64).max
        return np.concatenate([self.values, np.full(self.rows - self.values.size, filler)])


@dataclass(frozen=True, eq=False)
class Levels:
    """A reference of levels: how many rows have each, those without a value under None."""

    counts: Mapping[Hashable, int]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.counts.values())

    def distance(self, window: ArrayLike | pd.Series) -> Distance:
        """TV between a window and the reference: the share of rows that would have to move; ValueError without rows."""
        table = self._table(_levels(window))
        rows = table.sum(axis=1)
        shares, pooled = table / rows[:, None], table.sum(axis=0) / table.sum()
        moved = float(np.abs(shares[0] - shares[1]).sum() / 2)
        return Distance(moved, int(rows[0]), int(rows[1]), float(np.sqrt(pooled * (1 - pooled)).sum() ** 2))

    def p_value(self, window: ArrayLike | pd.Series) -> float:
        """How likely the chi-squared statistic is to be as large or larger when rows are independent draws of one
        distribution: by its distribution where each level is expected five times, else by tables dealt at random."""
        from scipy import special

        table = self._table(_levels(window))
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        statistic = float(((table - expected) ** 2 / expected).sum())
        if expected.min() >= _FEWEST_EXPECTED:
            return float(special.chdtrc(table.shape[1] - 1, statistic)) if table.shape[1] > 1 else 1.0
        return _share_of_tables(table, statistic)

    def _table(self, window: Levels) -> NDArray[np.int64]:
        known = [*self.counts, *(level for level in window.counts if level not in self.counts)]
        return np.array([[side.counts.get(level, 0) for level in known] for side in (window, self)], dtype=np.int64)


Reference = Numbers | Levels


def prepare(values: ArrayLike | pd.Series, kind: Kind) -> Reference:
    """What windows of a column are compared with, made ready once; ValueError without rows."""
    return _numbers(values) if kind == "numbers" else _levels(values)


@dataclass(frozen=True)
class ColumnDrift:
    """A column of a window. `standardised` is its distance in spreads of its own history, None where none is used.

    `p` is the share of looks at which any column stood out as much (or the adjusted p-value of independent rows),
    and `visible` the distance from which on this look would have been an event; None when no distance is.
    """

    column: str
    distance: float
    standardised: float | None
    p: float
    visible: float | None
    drifted: bool


@dataclass(frozen=True)
class DriftVerdict:
    """What a look says of all columns, the worst first. `learning` means that it can't say anything yet.

    `smallest_visible` is the smallest distance of any column that would have been an event.
    """

    event: bool
    learning: bool
    p: float | None
    columns: tuple[ColumnDrift, ...]
    smallest_visible: float | None
    reason: str


def judge_drift(now: Mapping[str, Distance], history: Sequence[Mapping[str, float]], share: float) -> DriftVerdict:
    """Hold the distances of a look against those of earlier looks (windows of the same length, same kind of reference).

    Each column is standardised by its mean and spread over all looks, this one included, so that this one is treated
    like any other. The p-value of the largest is its rank among the largest of all looks, (1 + #{history >= now}) /
    (1 + B); an event takes p <= share and a distance of at least 0.1 that so many rows don't show by chance. With
    fewer earlier looks than `looks_to_learn(share)`, it is learning. ValueError for a share outside 0..0.5.
    """
    needed = looks_to_learn(share)
    known = {column: sum(column in look for look in history) for column in now}
    columns = [column for column in now if known[column] >= needed]
    looks = [[look[column] for column in columns] for look in history if all(column in look for column in columns)]
    if short := _too_few_rows(now):
        return short
    if not columns or len(looks) < needed:
        seen = min(len(looks), max(known.values()))
        return _undecided(f"learning: {seen} earlier looks, and {needed} tell what is usual")
    found = _columns_by_history({column: now[column] for column in columns}, np.array(looks), share)
    return _verdict(list(found), [column for column in now if column not in columns])


def judge_independent(now: Mapping[str, Distance], p_values: Mapping[str, float], share: float) -> DriftVerdict:
    """Hold the p-values of a look against each other, rows being independent and the reference the training rows.

    Adjusted after Benjamini and Hochberg (1995); an event takes an adjusted p <= share and a distance of at least 0.1.
    ValueError for a share outside 0..0.5.
    """
    from scipy import stats

    check_share(share)
    if short := _too_few_rows(now):
        return short
    adjusted = stats.false_discovery_control([p_values[column] for column in now])
    found = []
    for (column, distance), p in zip(now.items(), adjusted, strict=True):
        bar = max(DISTANCE_THAT_MATTERS, distance.noise(share / len(now)))
        drifted = bool(p <= share and distance.value >= DISTANCE_THAT_MATTERS)
        found.append(ColumnDrift(column, distance.value, None, float(p), bar if bar <= 1 else None, drifted))
    return _verdict(found)


def _columns_by_history(now: Mapping[str, Distance], history: Floats, share: float) -> Iterator[ColumnDrift]:
    """Each column's standing; history is (looks, columns)."""
    looks = history.shape[0]
    table = np.vstack([history, [distance.value for distance in now.values()]])
    standardised = (table - table.mean(axis=0)) / np.sqrt(table.var(axis=0) + _SPREAD_FLOOR**2)
    tops = standardised[:-1].max(axis=1)
    unusual = _distances_at(history, float(np.sort(tops)[-1 - _tolerated(share, looks)]))
    for place, (column, distance) in enumerate(now.items()):
        p = (1 + int(np.count_nonzero(tops >= standardised[-1, place]))) / (1 + looks)
        floor = max(DISTANCE_THAT_MATTERS, distance.noise(share / len(now)))
        bar = max(floor, float(unusual[place]))
        drifted = p <= share and distance.value >= floor
        visible = bar if bar <= 1 else None
        yield ColumnDrift(column, distance.value, float(standardised[-1, place]), p, visible, drifted)


def _too_few_rows(now: Mapping[str, Distance]) -> DriftVerdict | None:
    if not now:
        return _undecided("no column is watched")
    rows = min(min(distance.rows, distance.reference_rows) for distance in now.values())
    return _undecided(f"{rows} rows, and it takes {FEWEST_ROWS}") if rows < FEWEST_ROWS else None


def _undecided(reason: str) -> DriftVerdict:
    return DriftVerdict(False, True, None, (), None, reason)


def _verdict(found: list[ColumnDrift], learning: Sequence[str] = ()) -> DriftVerdict:
    columns = tuple(sorted(found, key=lambda one: (not one.drifted, one.p, -one.distance)))
    visible = min((one.visible for one in columns if one.visible is not None), default=None)
    drifted = [one for one in columns if one.drifted]
    p = min(one.p for one in columns)
    if drifted:
        said = "moved: " + ", ".join(f"`{one.column}` by {one.distance:.2f}" for one in drifted)
    else:
        farthest = max(columns, key=lambda one: one.distance)
        said = f"the farthest of {len(columns)} columns is `{farthest.column}`, by {farthest.distance:.2f}"
    if learning:
        said += f"; too new to be judged: {', '.join(f'`{column}`' for column in learning)}"
    return DriftVerdict(bool(drifted), False, p, columns, visible, said)


def _tolerated(share: float, looks: int) -> int:
    """How many earlier looks may stand out as much as one that is an event."""
    return floor(share * (1 + looks) + 1e-9) - 1


def _distances_at(history: Floats, bar: float) -> Floats:
    """The distance at which each column would be standardised to `bar`, history (looks, columns) being what it is.

    Solves z^2 ((B s^2 + B x^2 / n) / n + floor^2) = (x B / n)^2 for x, the way from the history's mean, n = B + 1.
    """
    looks = history.shape[0]
    every = looks + 1
    spread = looks / every * history.var(axis=0) + _SPREAD_FLOOR**2
    freedom = max((looks / every) ** 2 - bar**2 * looks / every**2, 1e-12)
    return np.asarray(history.mean(axis=0) + bar * np.sqrt(spread / freedom), dtype=np.float64)


def _numbers(values: ArrayLike | pd.Series) -> Numbers:
    array = np.asarray(values)
    if array.dtype.kind in "mM":
        whole = array.view("i8")
        floats = np.where(np.isnat(array), np.nan, whole.astype(np.float64))
    else:
        floats = array.astype(np.float64)
    if not floats.size:
        raise ValueError("there are no rows to compare")
    present = floats[~np.isnan(floats)]
    present.sort()
    return Numbers(present, floats.size)


def _levels(values: ArrayLike | pd.Series) -> Levels:
    import pandas as pd

    column = pd.Series(values)
    if column.empty:
        raise ValueError("there are no rows to compare")
    found = {level: int(count) for level, count in column.value_counts().items() if count}
    missing = int(column.isna().sum())
    return Levels({**found, None: missing} if missing else found)


def _largest_gap(window: Numbers, reference: Numbers) -> float:
    """The largest difference of two distribution functions; between two values of a window only the other one moves."""
    values, place = window.values, np.arange(window.values.size)
    missing = abs((window.rows - values.size) / window.rows - 1 + reference.values.size / reference.rows)
    if not values.size:
        return max(missing, reference.values.size / reference.rows)
    up_to = np.searchsorted(reference.values, values, side="right") / reference.rows
    above = float(((place + 1) / window.rows - up_to).max())
    below_values = np.searchsorted(reference.values, values, side="left") / reference.rows
    below = float((below_values - place / window.rows).max())
    return max(above, below, missing)


def _share_of_tables(table: NDArray[np.int64], statistic: float) -> float:
    """The share of tables with the same margins that are as uneven or more, this one counted (Patefield 1981)."""
    generator = np.random.default_rng(0)
    margin, rows = table.sum(axis=0), int(table[0].sum())
    expected = np.outer(table.sum(axis=1), margin) / table.sum()
    weight = (1 / expected).sum(axis=0)
    # Both rows of a table are off by the same numbers.
    drawn = generator.multivariate_hypergeometric(margin, rows, size=_RESAMPLED_TABLES, method="marginals")
    uneven = ((drawn - expected[0]) ** 2 * weight).sum(axis=1)
    return (1 + int(np.count_nonzero(uneven >= statistic * (1 - 1e-9)))) / (1 + _RESAMPLED_TABLES)
