"""How much evidence a comparison takes, known before anything runs.

Only `math` and `statistics` are imported, so that the compiler can ask as well as the runtime. An error rate
`alpha` is one-sided unless it says otherwise; `power` is the chance to show what is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import asin, ceil, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

_POWER = 0.8
_EXACT_UP_TO = 50_000  # rows; a walk takes microseconds a row, and the saw-tooth has by then become narrow
_SMALL = 200  # rows up to which the approximation may be far off, so that the walk begins with one row
_NORMAL = NormalDist()


@dataclass(frozen=True)
class ProportionRows:
    """How many rows show a proportion: the first number that does, and the one from which every number does.

    They differ because the power of an exact test is a saw-tooth in the number of rows. Without `exact`, both are
    the normal approximation.
    """

    first: int
    for_good: int
    exact: bool


def rows_for_mean(
    limit: float,
    assumed: float,
    sigma: float,
    design_effect: float = 1.0,
    alpha: float = 0.05,
    power: float = _POWER,
) -> int:
    """The rows that show a mean on its side of `limit` when it is `assumed` in truth.

    (z_(1-alpha) + z_power)^2 * sigma^2 * design_effect / (limit - assumed)^2, the one-sample z test (Cohen 1988,
    2.4); `sigma` is the standard deviation of a row, and dependent rows multiply its square by the design effect
    (Kish 1965, 8.2). Raises ValueError where limit and assumed are equal: no number of rows shows that.
    """
    if limit == assumed:
        raise ValueError(f"no number of rows shows a mean of {assumed:g} to be on one side of {limit:g}")
    standard = (_NORMAL.inv_cdf(1 - alpha) + _NORMAL.inv_cdf(power)) * sigma / (limit - assumed)
    return max(1, ceil(standard**2 * design_effect))


def rows_for_proportion(limit: float, assumed: float, alpha: float = 0.05, power: float = _POWER) -> ProportionRows:
    """The rows with which an exact binomial test shows a proportion on its side of `limit` when it is `assumed`.

    To show 0.90 or more when the truth is 0.92: 1,290 rows first, 1,365 for good. All numbers of rows are walked
    through, each from the one before it; beyond 50,000 the normal approximation stands in. Raises ValueError where
    the limit is not strictly between 0 and 1, or equal to what is assumed.
    """
    if not (0 < limit < 1 and 0 <= assumed <= 1) or limit == assumed:
        raise ValueError(f"no number of rows shows a proportion of {assumed:g} to be on one side of {limit:g}")
    if assumed < limit:
        limit, assumed = 1 - limit, 1 - assumed
    if assumed == 1:
        # Every row is a success: they must be so many that this would hardly happen at the limit.
        certain = ceil(log(alpha) / log(limit))
        return ProportionRows(certain, certain, exact=True)
    rough = _normal_rows(limit, assumed, alpha, power)
    if rough > _EXACT_UP_TO:
        return ProportionRows(rough, rough, exact=False)
    return _search(limit, assumed, alpha, power, start=rough // 2 if rough > _SMALL else 1)


def rows_per_arm(share: float, other: float, alpha: float = 0.05, power: float = _POWER) -> int:
    """The rows that each of two equal arms needs to tell two shares apart, two-sided at `alpha`.

    2 ((z_(1-alpha/2) + z_power) / h)^2 with the effect size h = 2 asin(sqrt(share)) - 2 asin(sqrt(other)) (Cohen
    1988, 6.4); 5% against 5.5% takes 31,218. Raises ValueError where the shares are equal.
    """
    if share == other:
        raise ValueError(f"no number of rows tells {share:g} from {other:g}")
    effect = 2 * (asin(sqrt(share)) - asin(sqrt(other)))
    return ceil(2 * ((_NORMAL.inv_cdf(1 - alpha / 2) + _NORMAL.inv_cdf(power)) / effect) ** 2)


def days_for_arms(rows_an_arm: int, rows_a_day: float, smaller_share: float = 0.5) -> int:
    """The whole days until both arms of a split have as much evidence as two equal arms of `rows_an_arm` rows.

    `rows_a_day` is the traffic of both together and `smaller_share` the part that the smaller arm gets: the
    variance of a difference goes with 1/n + 1/m, so that uneven arms need 1 / (4 s (1 - s)) times the rows.
    """
    total = 2 * rows_an_arm / (4 * smaller_share * (1 - smaller_share))
    return ceil(total / rows_a_day)


def _normal_rows(limit: float, assumed: float, alpha: float, power: float) -> int:
    """The one-sample z test of shares with both variances, continuity-corrected (Fleiss 2003, 2.5)."""
    false_pass = _NORMAL.inv_cdf(1 - alpha) * sqrt(limit * (1 - limit))
    missed_pass = _NORMAL.inv_cdf(power) * sqrt(assumed * (1 - assumed))
    gap = assumed - limit
    plain = ((false_pass + missed_pass) / gap) ** 2
    return ceil(plain / 4 * (1 + sqrt(1 + 2 / (plain * gap))) ** 2)


def _search(limit: float, assumed: float, alpha: float, power: float, start: int) -> ProportionRows:
    first = last_short = 0
    for rows, reached, stepped, slack in _powers(limit, assumed, alpha, start):
        if reached < power:
            last_short = rows
        elif not first:
            first = rows
        # The power right after the critical value has grown is a low point of the saw-tooth, and the low points
        # rise but for the size of one outcome.
        if first and stepped and reached - 2 * slack >= power:
            break
    return ProportionRows(first, last_short + 1, exact=True)


def _powers(limit: float, assumed: float, alpha: float, rows: int) -> Iterator[tuple[int, float, bool, float]]:
    """For each number of rows: it, the power, whether the critical value grew, and one outcome's probability.

    The critical value is the fewest successes whose tail at `limit` is at most alpha. Both tails are carried from
    n to n + 1 rows by P(n + 1, k) = P(n, k) + p * pmf(n, k - 1), which costs a few products a row.
    """
    critical = _critical_value(rows, limit, alpha)
    null, truth = _Tail.of(rows, critical, limit), _Tail.of(rows, critical, assumed)
    while True:
        stepped = False
        while null.above > alpha:
            null, truth, stepped = null.step(), truth.step(), True
        yield null.rows, truth.above, stepped, truth.atom
        null, truth = null.grow(), truth.grow()


@dataclass(frozen=True, slots=True)
class _Tail:
    """`above` is P(X >= successes) and `atom` is P(X = successes - 1) for X binomial of `rows` and `share`."""

    rows: int
    successes: int
    share: float
    above: float
    atom: float

    @staticmethod
    def of(rows: int, successes: int, share: float) -> _Tail:
        above = sum(_probability(rows, count, share) for count in range(successes, rows + 1))
        return _Tail(rows, successes, share, above, _probability(rows, successes - 1, share))

    def grow(self) -> _Tail:
        """One row more."""
        atom = self.atom * (self.rows + 1) * (1 - self.share) / (self.rows + 2 - self.successes)
        return _Tail(self.rows + 1, self.successes, self.share, self.above + self.share * self.atom, atom)

    def step(self) -> _Tail:
        """One success more."""
        odds = self.share / (1 - self.share)
        atom = self.atom * (self.rows + 1 - self.successes) / self.successes * odds
        return _Tail(self.rows, self.successes + 1, self.share, self.above - atom, atom)


def _critical_value(rows: int, share: float, alpha: float) -> int:
    tail, successes = 0.0, rows + 1
    while successes > 1 and (tail := tail + _probability(rows, successes - 1, share)) <= alpha:
        successes -= 1
    return successes


def _probability(rows: int, successes: int, share: float) -> float:
    ways = lgamma(rows + 1) - lgamma(successes + 1) - lgamma(rows - successes + 1)
    return exp(ways + successes * log(share) + (rows - successes) * log1p(-share))


# -- watches --------------------------------------------------------------------------------------------------------

FEWEST_LOOKS = 20
LARGEST_SHARE = 0.5
FEWEST_REQUESTS = 100


@dataclass(frozen=True)
class BurnWindow:
    """A pair of windows, in seconds, and how many times too fast failures must come over both."""

    factor: float
    long: float
    short: float


BURN_WINDOWS = (BurnWindow(14.4, 3_600, 300), BurnWindow(6, 21_600, 1_800))
"""Two windows of the four in *The Site Reliability Workbook*, chapter 5: those that wake somebody."""


def look_share(every: float, alarms: float, period: float) -> float:
    """The share of looks that may be false alarms when one in `every` may raise `alarms` of them in `period`.

    Both times have one unit. All watches together are expected to raise the sum of their alarms.
    """
    return alarms * every / period


def looks_to_learn(share: float) -> int:
    """The earlier looks from which on a rank among them can be as rare as `share`, at least 20."""
    check_share(share)
    return max(FEWEST_LOOKS, ceil(1 / share - 1e-9) - 1)


def check_share(share: float) -> None:
    """ValueError unless the share of looks that may be false alarms is above 0 and at most one half."""
    if not 0 < share <= LARGEST_SHARE:
        raise ValueError(f"between 0 and {LARGEST_SHARE:g} of the looks may be false alarms, not {share:g}")


def windows_that_burn(objective: float) -> tuple[BurnWindow, ...]:
    """The pairs of windows that can fire: where nothing is answered, failures come 1 / (1 - objective) times as fast
    as they may."""
    return tuple(window for window in BURN_WINDOWS if window.factor * (1 - objective) <= 1)
