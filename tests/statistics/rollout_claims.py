"""Claims on rollouts: how often comparisons in service and the check of sample ratios are wrong.

Every rollout is played day by day and looked at after each, by the functions that a release calls. Beside the
claims stand planted defects, methods that people use and that the same data exposes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Literal

import numpy as np
from claim import LEVEL, Claim, Wrong
from numpy.typing import NDArray
from scipy import stats

from mlopsc.stdlib.runtime.statistics.comparisons import (
    PAIRED_DAYS,
    SPLIT_DAYS,
    ArmUnits,
    PairedDay,
    Stratum,
    check_sample_ratio,
    compare_paired,
    compare_split,
)
from mlopsc.stdlib.runtime.statistics.inputs import Floats
from mlopsc.stdlib.runtime.statistics.judgements import Verdict

ALPHA = 1 - LEVEL
DAYS = 28
EVEN = (0.5,) * DAYS
CANARY = (0.05,) * 7 + (0.25,) * 7 + (0.5,) * 14
SEASON = np.exp(0.8 * np.sin(np.linspace(0, np.pi, DAYS)))
"""How hard each day is for any model: two and a quarter times as hard in the middle as at the ends."""
RIDES = Path(__file__).parents[2] / "examples/bike-demand/data/bikeshare.csv"

Losses = Callable[[np.random.Generator, int], Floats]
Days = Callable[[np.random.Generator], list[Stratum]]
Split = Callable[[Sequence[Stratum]], Verdict]
Pairs = Callable[[Sequence[PairedDay]], Verdict]


# -- comparisons of split traffic -----------------------------------------------------------------------------------


def exponential(stream: np.random.Generator, units: int) -> Floats:
    return stream.exponential(size=units)


def lognormal(stream: np.random.Generator, units: int) -> Floats:
    return stream.lognormal(size=units)


def pareto(stream: np.random.Generator, units: int) -> Floats:
    """Losses without a variance: Pareto's law with exponent 1.8."""
    return 1 + stream.pareto(1.8, size=units)


def mistakes(stream: np.random.Generator, units: int) -> Floats:
    """One in fifty is wrong."""
    return (stream.random(units) < 0.02).astype(np.float64)


def newcomers(losses: Losses, shares: Sequence[float], units: int, levels: Floats | None = None) -> Days:
    """Every day brings new units with one row each; the losses of a day are multiplied by its level."""

    def draw(stream: np.random.Generator) -> list[Stratum]:
        days = []
        for day, share in enumerate(shares):
            values = losses(stream, units) * (1.0 if levels is None else levels[day])
            ids = day * units + np.arange(units)
            days.append(_stratum(day, share, stream.random(units) < share, ids, values, np.ones(units)))
        return days

    return draw


def users(unit: Literal["user", "row"], rows: int = 20, units: int = 40) -> Days:
    """Every day brings new users with 20 rows each, that are alike; with rows as units, each row stands for itself."""

    def draw(stream: np.random.Generator) -> list[Stratum]:
        days = []
        for day in range(DAYS):
            level = stream.lognormal(size=units)
            values = level[:, None] * stream.lognormal(sigma=0.3, size=(units, rows))
            is_new = stream.random(units) < 0.5
            if unit == "user":
                ids = day * units + np.arange(units)
                days.append(_stratum(day, 0.5, is_new, ids, values.sum(axis=1), np.full(units, float(rows))))
            else:
                ids = day * units * rows + np.arange(units * rows)
                flat = values.ravel()
                days.append(_stratum(day, 0.5, np.repeat(is_new, rows), ids, flat, np.ones(flat.size)))
        return days

    return draw


def regulars(unit: Literal["user", "visit"], units: int = 400) -> Days:
    """The same users come back on half of all days, each with losses about a level of its own."""

    def draw(stream: np.random.Generator) -> list[Stratum]:
        level, bucket = stream.lognormal(size=units), stream.random(units)
        days = []
        for day, share in enumerate(CANARY):
            here = np.flatnonzero(stream.random(units) < 0.5)
            values = SEASON[day] * level[here] * stream.lognormal(sigma=0.3, size=here.size)
            ids = here if unit == "user" else day * units + here
            days.append(_stratum(day, share, bucket[here] < share, ids, values, np.ones(here.size)))
        return days

    return draw


def _stratum(
    day: int, share: float, is_new: NDArray[np.bool_], ids: NDArray[np.integer], values: Floats, weights: Floats
) -> Stratum:
    arms = (ArmUnits(ids[arm], values[arm], weights[arm]) for arm in (is_new, ~is_new))
    return Stratum(day, share, *arms)


def sequential(strata: Sequence[Stratum], margin: float = 0.0) -> Verdict:
    """`require metric <= champion + margin at 95%`."""
    return compare_split(strata, 1.0, margin, "<=", ALPHA).verdict


def fixed(strata: Sequence[Stratum]) -> Verdict:
    """The planted defect of peeking: the test of a single look, taken again every day."""
    return _as_one(strata, float(stats.norm.ppf(LEVEL)))


def pooled(strata: Sequence[Stratum]) -> Verdict:
    """The planted defect of ramps: all days as one, with limits about as wide as those of the sequential test."""
    return _as_one(strata, 2.8)


def _as_one(strata: Sequence[Stratum], width: float) -> Verdict:
    new, old = (np.concatenate([getattr(part, arm).values for part in strata]) for arm in ("new", "old"))
    distance = (new.mean() - old.mean()) / sqrt(new.var() / new.size + old.var() / old.size)
    return Verdict.FAIL if distance > width else Verdict.PASS if distance < -width else Verdict.UNDECIDED


def split_decides(
    days: Days, method: Split = sequential, first: int = SPLIT_DAYS, wanted: Sequence[Verdict] = tuple(Verdict)
) -> Wrong:
    """A verdict at one of the daily looks from day `first` on, and the first one is among those wanted."""

    def decides(stream: np.random.Generator, _: int) -> bool:
        strata = days(stream)
        looks = (method(strata[:until]) for until in range(first, len(strata) + 1))
        found = next((verdict for verdict in looks if verdict is not Verdict.UNDECIDED), None)
        return found in wanted

    return decides


def margin_for_power(shares: Sequence[float], units: int, deviation: float) -> float:
    """The margin that half of all units would show with 80% power, were they looked at once."""
    evidence = sum(units * share * (1 - share) for share in shares) / 2
    return deviation * float(stats.norm.ppf(LEVEL) + stats.norm.ppf(0.8)) / sqrt(evidence)


# -- comparisons of pairs -------------------------------------------------------------------------------------------


@cache
def ride_days() -> Floats:
    """Rows and summed absolute errors of two real models on each of 281 days of bike rides, (days, 3).

    Forests fitted every four weeks on all hours before, one with larger leaves than the other.
    """
    import pandas as pd
    from sklearn.ensemble import ExtraTreesRegressor

    rides = pd.read_csv(RIDES)
    columns = [rides[name] for name in ("hr", "workingday", "temp", "hum", "windspeed", "season", "weekday")]
    features = np.column_stack([pd.to_numeric(column) for column in columns])
    target, day = rides["bikers"].to_numpy(dtype=np.float64), rides["day"].to_numpy()
    errors = np.zeros((len(rides), 2))
    for start in range(85, 366, 28):
        before, month = day < start, (day >= start) & (day < start + 28)
        for place, leaf in enumerate((3, 12)):
            forest = ExtraTreesRegressor(20, min_samples_leaf=leaf, random_state=0).fit(
                features[before], target[before]
            )
            errors[month, place] = np.abs(forest.predict(features[month]) - target[month])
    tested = day >= 85
    sums = [np.bincount(day[tested] - 85, column[tested]) for column in (np.ones(len(day)), *errors.T)]
    return np.column_stack(sums)


@cache
def level_ride_days(weeks: int | None) -> Floats:
    """The same days with the second model's errors scaled so that both are equally good over all of so many weeks."""
    days = ride_days()
    span = 7 * weeks if weeks else 2 * len(days)
    window = np.ones(span)
    new, old = (np.convolve(days[:, place], window, "full")[span // 2 :][: len(days)] for place in (1, 2))
    scaled = days.copy()
    scaled[:, 2] *= new / old
    return scaled


def rides_again(weeks: int | None = 6, length: int = 56, block: int = 14) -> Callable[[np.random.Generator], Floats]:
    """Days of rides in a new order, in stretches of two weeks on average (the stationary bootstrap)."""

    def draw(stream: np.random.Generator) -> Floats:
        days = level_ride_days(weeks)
        places = np.zeros(length, dtype=np.intp)
        starts = stream.integers(len(days), size=length)
        for place in range(length):
            jumps = place == 0 or stream.random() < 1 / block
            places[place] = starts[place] if jumps else (places[place - 1] + 1) % len(days)
        return days[places]

    return draw


def alike_days(carry: float, length: int = 56, shift: float = 0.0) -> Callable[[np.random.Generator], Floats]:
    """Days of 100 rows whose differences are normal, carry over from day to day, and are `shift` deviations better."""

    def draw(stream: np.random.Generator) -> Floats:
        noise = stream.normal(size=length + 100)
        series = np.zeros(length + 100)
        for day in range(1, length + 100):
            series[day] = carry * series[day - 1] + sqrt(1 - carry**2) * noise[day]
        old = np.full(length, 1_000.0)
        return np.column_stack([np.full(length, 100.0), old + 50 * (series[100:] - shift), old])

    return draw


def in_pairs(days: Sequence[PairedDay]) -> Verdict:
    """`require metric <= champion at 95%` in shadow."""
    return compare_paired(days, 1.0, 0.0, "<=", ALPHA).verdict


def fixed_pairs(days: Sequence[PairedDay]) -> Verdict:
    """The planted defect of peeking: the t test of a single look, taken again every day."""
    differences = np.array([day.new_loss_sum - day.old_loss_sum for day in days])
    distance = float(stats.ttest_1samp(differences, 0).statistic)
    width = float(stats.t.ppf(LEVEL, len(days) - 1))
    return Verdict.FAIL if distance > width else Verdict.PASS if distance < -width else Verdict.UNDECIDED


def pairs_decide(
    draw: Callable[[np.random.Generator], Floats], wanted: Sequence[Verdict], method: Pairs = in_pairs
) -> Wrong:
    """A verdict at one of the daily looks of eight weeks, and the first one is among those wanted."""

    def decides(stream: np.random.Generator, _: int) -> bool:
        days = [PairedDay(day, *map(float, row)) for day, row in enumerate(draw(stream))]
        looks = (method(days[:until]) for until in range(PAIRED_DAYS, len(days) + 1))
        found = next((verdict for verdict in looks if verdict is not Verdict.UNDECIDED), None)
        return found in wanted

    return decides


# -- the sample ratio -----------------------------------------------------------------------------------------------


def ratio_suspended(planned: float, actual: float, units: int = 1_000) -> Wrong:
    """Comparisons are suspended on one of the days of a rollout that is looked at daily."""

    def wrong(stream: np.random.Generator, _: int) -> bool:
        new = stream.binomial(units, actual, size=DAYS)
        strata = [(day, planned, int(some), units - int(some)) for day, some in enumerate(new)]
        return any(check_sample_ratio(strata[: day + 1]).suspended for day in range(DAYS))

    return wrong


def ratio_looks_off(planned: float, units: int = 1_000) -> Wrong:
    """The planted defect: a chi-squared test at 1% on each day, with nothing said of how many there are."""

    def wrong(stream: np.random.Generator, _: int) -> bool:
        new = stream.binomial(units, planned, size=DAYS)
        found = (new - units * planned) ** 2 / (units * planned * (1 - planned))
        return bool((found > stats.chi2.ppf(0.99, 1)).any())

    return wrong


# -- the table ------------------------------------------------------------------------------------------------------


def rollout_claims() -> Iterator[Claim]:
    """All claims on comparisons and sample ratios, in the order of the table."""
    yield from _claims_on_splits()
    yield from _claims_on_units_and_ramps()
    yield from _claims_on_pairs()
    yield from _claims_on_sample_ratios()


def _claims_on_splits() -> Iterator[Claim]:
    for name, losses in (("exponential", exponential), ("lognormal(1)", lognormal), ("Pareto(1.8)", pareto)):
        even = newcomers(losses, EVEN, 200)
        yield Claim(f"A/A, {name}: any verdict", split_decides(even), at_most=5, share=0.5)
        yield Claim(f"A/A, {name}, peeking: any verdict", split_decides(even, fixed, 1), at_least=30, share=0.5)
    for name, losses, deviation in (("exponential", exponential, 1.0), ("lognormal(1)", lognormal, 2.161)):
        for strategy, shares, units in (("even", EVEN, 200), ("canary", CANARY, 400)):
            margin = margin_for_power(shares, units, deviation)
            power = split_decides(newcomers(losses, shares, units), _within(margin), wanted=[Verdict.PASS])
            bound = 80 if strategy == "even" else None
            yield Claim(f"{name}, {strategy}: power at twice the fixed n", power, None, bound, 0.5)


def _claims_on_units_and_ramps() -> Iterator[Claim]:
    yield Claim("A/A, 20 rows a user: any verdict", split_decides(users("user")), at_most=5, share=0.5)
    yield Claim("A/A, 20 rows a user, rows as units: any verdict", split_decides(users("row")), None, 50, 0.5)
    yield Claim("A/A, users come back: any verdict", split_decides(regulars("user")), at_most=5, share=0.5)
    yield Claim("A/A, users come back, visits as units: any verdict", split_decides(regulars("visit")), None, 25, 0.5)
    kinds = {"exponential": exponential, "lognormal(1)": lognormal, "Pareto(1.8)": pareto, "2% mistakes": mistakes}
    ramps = {name: newcomers(losses, CANARY, 400, SEASON) for name, losses in kinds.items()}
    for name, ramp in ramps.items():
        yield Claim(f"A/A, {name}, ramp: any verdict", split_decides(ramp), at_most=5, share=0.5)
    pooled_ramp = split_decides(ramps["exponential"], pooled)
    yield Claim("A/A, exponential, ramp, pooled: any verdict", pooled_ramp, at_least=50, share=0.5)


def _claims_on_pairs() -> Iterator[Claim]:
    anything, better = [Verdict.PASS, Verdict.FAIL], [Verdict.PASS]
    rides, one_season = rides_again(), rides_again(weeks=None)
    yield Claim("shadow, errors of rides: wrong pass", pairs_decide(rides, better), at_most=5, share=0.5)
    yield Claim("shadow, errors of rides: wrong fail", pairs_decide(rides, [Verdict.FAIL]), at_most=5, share=0.5)
    yield Claim(
        "shadow, errors of rides, peeking: any verdict", pairs_decide(rides, anything, fixed_pairs), None, 25, 0.5
    )
    yield Claim("shadow, errors of rides, by season: any verdict", pairs_decide(one_season, anything), share=0.5)
    for carry in (0.0, 0.3, 0.5):
        name = f"shadow, {carry:g} carried over to the next day: wrong pass"
        yield Claim(name, pairs_decide(alike_days(carry), better), at_most=5, share=0.5)
    power = pairs_decide(alike_days(0.0, shift=sqrt(2 * 6.18 / 56)), better)
    yield Claim("shadow, 56 d: power at twice the fixed number", power, share=0.5)


def _claims_on_sample_ratios() -> Iterator[Claim]:
    yield Claim("sample ratio as planned (5%), 28 d: suspended", ratio_suspended(0.05, 0.05), 0.5, share=0.5)
    yield Claim("sample ratio as planned, chi-squared at 1% a day: off", ratio_looks_off(0.05), at_least=20, share=0.5)
    yield Claim("a tenth of the new units lost: suspended", ratio_suspended(0.5, 0.45 / 0.95, 5_000), None, 95, 0.5)


def _within(margin: float) -> Split:
    return lambda strata: sequential(strata, margin)
