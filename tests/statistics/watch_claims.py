"""Claims on watches: how many false alarms they raise where nothing changes, and how soon they see what does.

A replication is a stretch of looks; it gives the share of looks that begin an episode. `alarms <= 1 / 90d` allows
1.1% of looks that are taken every day, and 7.8% of those every week.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from math import pi, sqrt
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from claim import Claim, Wrong
from numpy.typing import NDArray
from scipy import signal, special, stats

from mlopsc.stdlib.runtime.statistics.burn import Bucket, judge_burn
from mlopsc.stdlib.runtime.statistics.drift import Distance, judge_drift, judge_independent, prepare
from mlopsc.stdlib.runtime.statistics.inputs import Floats, RowLosses
from mlopsc.stdlib.runtime.statistics.quality import WindowMean, judge_quality, measure_window
from mlopsc.stdlib.runtime.statistics.units import row_units

RIDES = Path(__file__).parents[2] / "examples/bike-demand/data/bikeshare.csv"
DAILY, WEEKLY = 1 / 90, 7 / 90
"""The share of looks that `alarms <= 1 / 90d` allows."""
COLUMNS, DAYS, LEARNT, TRAILING, ROWS = 40, 30, 89, 28, 100
LIMIT = 50.0

Look = Mapping[str, Distance]
Draws = Literal["hours", "days", "weeks"]


def begun(fired: Sequence[bool]) -> float:
    """The share of looks that begin an episode: those that fire after one that did not."""
    return sum(now and not before for before, now in zip([False, *fired], fired, strict=False)) / len(fired)


# -- drift ----------------------------------------------------------------------------------------------------------


def trailing_looks(columns: Mapping[str, Floats], rows: int, back: int) -> list[Look]:
    """The distance of each window of so many rows from the `back` windows before it."""
    count = min(values.size for values in columns.values()) // rows
    return [
        {
            name: prepare(values[(at - back) * rows : at * rows], "numbers").distance(
                values[at * rows : (at + 1) * rows]
            )
            for name, values in columns.items()
        }
        for at in range(back, count)
    ]


def values_of(looks: Sequence[Look]) -> list[dict[str, float]]:
    return [{name: distance.value for name, distance in look.items()} for look in looks]


def days_of_columns(stream: np.random.Generator, days: int, alike: float, shifted: int = 0) -> dict[str, Floats]:
    """Independent columns over days; the rows of a day share a part `alike` of their variance.

    From the first day after learning on, the first `shifted` columns are half a standard deviation higher.
    """
    found = {}
    for place in range(COLUMNS):
        own = stream.normal(size=(days, ROWS)) * sqrt(1 - alike)
        column = own + stream.normal(size=(days, 1)) * sqrt(alike)
        column[TRAILING + LEARNT :] += 0.5 if place < shifted else 0.0
        found[f"c{place}"] = column.ravel()
    return found


def drift_of_columns(alike: float, together: bool = True) -> Wrong:
    """The looks of 30 days that begin an episode though nothing changes; the planted defect judges columns singly."""

    def wrong(stream: np.random.Generator, _: int) -> float:
        looks = trailing_looks(days_of_columns(stream, TRAILING + LEARNT + DAYS, alike), ROWS, TRAILING)
        past = values_of(looks)
        groups = [list(looks[0])] if together else [[name] for name in looks[0]]
        fired = [
            any(judge_drift({name: looks[at][name] for name in names}, past[:at], DAILY).event for names in groups)
            for at in range(LEARNT, LEARNT + DAYS)
        ]
        return begun(fired)

    return wrong


def drift_is_found(within: int) -> Wrong:
    """Not an error but the power: half a standard deviation in 2 of 40 columns is seen within so many days."""

    def found(stream: np.random.Generator, _: int) -> float:
        columns = days_of_columns(stream, TRAILING + LEARNT + within, 0.0, shifted=2)
        looks = trailing_looks(columns, ROWS, TRAILING)
        past = values_of(looks)
        return any(judge_drift(looks[at], past[:at], DAILY).event for at in range(LEARNT, LEARNT + within))

    return found


def drift_from_training(corrected: bool = True, shift: float = 0.0, rows: int = 300) -> Wrong:
    """Days of independent rows against 20,000 training rows: those that fire; the planted defect corrects nothing."""

    def wrong(stream: np.random.Generator, _: int) -> float:
        distances, p_values = {}, {}
        for place in range(COLUMNS):
            reference = prepare(stream.normal(size=20_000), "numbers")
            window = stream.normal(size=rows) + (shift if place < 2 else 0.0)
            distances[str(place)], p_values[str(place)] = reference.distance(window), reference.p_value(window)
        if corrected:
            return judge_independent(distances, p_values, DAILY).event
        return min(p_values.values()) <= DAILY

    return wrong


def seasonal(stream: np.random.Generator, weeks: int) -> Floats:
    """Hours of a measure that goes with the season and the time of day, and with weather that carries over."""
    hour = np.arange(weeks * 168)
    noise = stream.normal(size=hour.size + 500) * sqrt(1 - 0.97**2)
    weather = signal.lfilter([1], [1, -0.97], noise)[500:]
    year, day = hour / 8766 + stream.random(), hour / 24
    return np.asarray(8 * np.sin(2 * pi * year) + 4 * np.sin(2 * pi * day) + 3 * weather)


def seasonal_alarms(share: float, columns: int = 5, weeks: int = 104) -> Wrong:
    """The weeks of two years that begin an episode though nothing changes but the season."""
    learnt = round(1 / share)

    def wrong(stream: np.random.Generator, _: int) -> float:
        looks = trailing_looks({str(place): seasonal(stream, weeks) for place in range(columns)}, 168, 4)
        past = values_of(looks)
        return begun([judge_drift(looks[at], past[:at], share).event for at in range(learnt, len(looks))])

    return wrong


def seasonal_shift_is_found(shift: float, within: int = 2) -> Wrong:
    """Not an error but the power: one of five seasonal columns moves by so many spreads, seen within so many weeks."""

    def found(stream: np.random.Generator, _: int) -> float:
        begins = 4 + 50
        columns = {str(place): seasonal(stream, begins + within) for place in range(5)}
        columns["0"][begins * 168 :] += shift * columns["0"][: begins * 168].std()
        looks = trailing_looks(columns, 168, 4)
        past = values_of(looks)
        return any(judge_drift(looks[at], past[:at], WEEKLY).event for at in range(50, len(looks)))

    return found


def seasonal_by_test(stream: np.random.Generator, _: int) -> float:
    """The planted defect: the weeks of a second year whose hours a test of the training year calls different at 5%."""
    values = seasonal(stream, 104)
    training = values[: 52 * 168]
    weeks = values[52 * 168 :].reshape(52, 168)[::4]
    return float(np.mean([stats.ks_2samp(week, training).pvalue < 0.05 for week in weeks]))


# -- quality --------------------------------------------------------------------------------------------------------


@cache
def bike_errors() -> Floats:
    """Absolute errors of the bike example on weeks that its model has not seen, (days, 24), of the mean `LIMIT`."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import GroupKFold, cross_val_predict

    rides = pd.read_csv(RIDES)
    inputs = rides[["hr", "weekday", "workingday", "temp", "hum"]].assign(
        month=rides["mnth"].factorize()[0], weather=rides["weathersit"].factorize()[0]
    )
    model = HistGradientBoostingRegressor(max_depth=6, learning_rate=0.05, random_state=7)
    said = cross_val_predict(model, inputs, rides["bikers"], groups=rides["day"] // 7, cv=GroupKFold(5))
    error = (rides["bikers"] - said).abs()
    days = np.stack([day.to_numpy() for _, day in error.groupby(rides["day"]) if day.size == 24])
    return np.asarray(days * LIMIT / days.mean())


def drawn_days(stream: np.random.Generator, days: int, what: Draws) -> Floats:
    """Days of errors, (days, 24), drawn hour by hour, as whole days, or as seven days that follow each other."""
    errors = bike_errors()
    if what == "hours":
        return stream.choice(errors.ravel(), size=(days, 24))
    length = 1 if what == "days" else 7
    begins = stream.integers(0, len(errors) - length + 1, size=-(-days // length) + 1)
    order = (begins[:, None] + np.arange(length)).ravel()[stream.integers(0, length) :][:days]
    return np.asarray(errors[order])


Judge = Callable[[float, Sequence[float], float], bool]


def by_history(mean: float, past: Sequence[float], share: float) -> bool:
    return judge_quality(WindowMean(mean, 168, 7), past, LIMIT, "lower", share).event


def by_student(mean: float, past: Sequence[float], share: float) -> bool:
    """The planted defect: Student's t as if the means of windows were normal."""
    return bool((mean - LIMIT) / np.std(past, ddof=1) > special.stdtrit(len(past) - 1, 1 - share))


def quality_alarms(what: Draws, over: int, every: int, windows: int, judge: Judge = by_history) -> Wrong:
    """The looks of 90 days that begin an episode, the mean being just at the limit; after so many windows."""

    def wrong(stream: np.random.Generator, _: int) -> float:
        days = drawn_days(stream, over * windows + 90, what).mean(axis=1)
        return begun(looks_at(days, over, every, over * windows, judge))

    return wrong


def quality_is_found(what: Draws, by: int, every: int, windows: int = 12) -> Wrong:
    """Not an error but the power: errors of 60 in the mean are seen within so many days, in windows of a week."""

    def found(stream: np.random.Generator, _: int) -> float:
        days = drawn_days(stream, 7 * windows + by, what).mean(axis=1)
        days[7 * windows :] *= 60 / LIMIT
        return any(looks_at(days, 7, every, 7 * windows, by_history))

    return found


def looks_at(days: Floats, over: int, every: int, begin: int, judge: Judge) -> list[bool]:
    """What a watch says every so many days, its history being the windows before that don't overlap."""
    means = np.convolve(days, np.ones(over) / over, "valid")
    ends = range(begin + every, days.size + 1, every)
    return [judge(float(means[end - over]), means[end - 2 * over :: -over].tolist(), every / 90) for end in ends]


def quality_by_units(dependent: bool) -> Wrong:
    """A first look, without past windows, with hours as units: sound if they are drawn singly, and a planted defect
    where they hang together."""

    def wrong(stream: np.random.Generator, seed: int) -> float:
        losses = drawn_days(stream, 7, "weeks" if dependent else "hours").ravel()
        window = measure_window(RowLosses(losses, row_units(losses.size)), WEEKLY, seed)
        return judge_quality(window, (), LIMIT, "lower", WEEKLY).event

    return wrong


# -- uptime ---------------------------------------------------------------------------------------------------------


def burn_alarms(an_hour: int, days: int = 30) -> Wrong:
    """The days that begin an episode of `uptime >= 99.9%` when just that much is answered, by chance alone."""

    def wrong(stream: np.random.Generator, _: int) -> float:
        total = stream.multinomial(an_hour, [1 / 12] * 12, size=days * 24).ravel()
        good = stream.binomial(total, 0.999)
        fired = [burns(total, good, end) for end in range(72, total.size, 3)]
        return begun(fired) * len(fired) / days

    return wrong


def burns(total: NDArray[np.int64], good: NDArray[np.int64], end: int) -> bool:
    """The verdict at the end of a bucket, from the six hours before."""
    past = range(end - 72, end)
    return judge_burn([Bucket(300.0 * at, int(total[at]), int(good[at])) for at in past], 0.999, 300.0 * end).fired


# -- the table ------------------------------------------------------------------------------------------------------


def watch_claims() -> Iterator[Claim]:
    """All claims on watches, in the order of the table."""
    yield from _claims_on_drift()
    yield from _claims_on_seasons()
    yield from _claims_on_quality()
    yield Claim("uptime just 99.9%, 100 requests/h: alarms a day", burn_alarms(100), share=0.5)
    yield Claim("uptime just 99.9%, 1,000 requests/h: alarms a day", burn_alarms(1_000), at_most=1.1, share=0.5)


def _claims_on_drift() -> Iterator[Claim]:
    yield Claim("drift, 40 columns, 30 d, alike within days", drift_of_columns(0.1), 1.1, share=0.5)
    yield Claim("the same, each column by itself", drift_of_columns(0.1, together=False), None, 10, 0.5)
    yield Claim("drift, 40 columns, 30 d, independent rows", drift_of_columns(0.0), 1.1, share=0.5)
    yield Claim("0.5 sigma in 2 of 40 columns: found in 3 d", drift_is_found(3), None, 90, share=0.5)
    yield Claim("drift from training, 40 columns: days", drift_from_training(), 1.1)
    yield Claim("the same without Benjamini-Hochberg", drift_from_training(corrected=False), None, 25)
    yield Claim("0.5 sigma in 2 of 40, from training: found in 1 d", drift_from_training(shift=0.5), None, 95)


def _claims_on_seasons() -> Iterator[Claim]:
    yield Claim("seasonal hours, 1 / 90d: weeks", seasonal_alarms(WEEKLY), 7.8, share=0.5)
    yield Claim("seasonal hours, 1 / 180d: weeks", seasonal_alarms(WEEKLY / 2), 4, share=0.5)
    yield Claim("seasonal hours, two-sample test of training", seasonal_by_test, None, 95, share=0.5)
    yield Claim("seasonal hours, shift by 1 spread: in 2 weeks", seasonal_shift_is_found(1.0))
    yield Claim("seasonal hours, shift by 2 spreads: in 2 weeks", seasonal_shift_is_found(2.0), None, 80)


def _claims_on_quality() -> Iterator[Claim]:
    for what in ("hours", "days", "weeks"):
        yield Claim(f"quality by {what}, over 7d, 8 windows", quality_alarms(what, 7, 7, 8), 7.8)
        yield Claim(f"quality by {what}, over 7d every 1d", quality_alarms(what, 7, 1, 12), 1.1, share=0.5)
        yield Claim(f"quality by {what}, over 1d, 30 windows", quality_alarms(what, 1, 1, 30), 2.2, share=0.5)
        half = 50 if what == "hours" else None
        yield Claim(f"60 against 50 by {what}, over 7d: in 10 d", quality_is_found(what, 10, 7), None, half)
        yield Claim(f"60 against 50 by {what}, over 7d: in 28 d", quality_is_found(what, 28, 7))
        yield Claim(f"60 against 50 by {what}, every 1d: in 10 d", quality_is_found(what, 10, 1))
    yield Claim(
        "quality by days, over 1d, by Student's t", quality_alarms("days", 1, 1, 30, by_student), None, 3.3, 0.5
    )
    yield Claim("quality by units, first look, hours independent", quality_by_units(dependent=False), 9)
    yield Claim("the same, hours that hang together", quality_by_units(dependent=True), None, 20)
