"""Claims on gates: how often they are wrong when the limit of a rule is exactly the truth.

Data is drawn at the limit (so that each pass, and each fail, is wrong) and judged with the runtime's own functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from math import exp, pi, sqrt
from pathlib import Path
from typing import Literal

import numpy as np
from claim import LEVEL, Claim, Wrong
from scipy import special

from mlopsc.stdlib.planning import rows_for_proportion
from mlopsc.stdlib.runtime.metrics import Predictions, evidence, read_metric
from mlopsc.stdlib.runtime.statistics.bounds import bound
from mlopsc.stdlib.runtime.statistics.estimates import Bound
from mlopsc.stdlib.runtime.statistics.gates import judge
from mlopsc.stdlib.runtime.statistics.inputs import (
    Baseline,
    Floats,
    Latencies,
    Mask,
    RowLosses,
    Statistic,
)
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Requirement, Verdict, share_of_look
from mlopsc.stdlib.runtime.statistics.slices import Slices, judge_slices
from mlopsc.stdlib.runtime.statistics.units import Units, row_units

Draw = Callable[[np.random.Generator], Floats]


# -- data whose mean is known ---------------------------------------------------------------------------------------


def half_normal(rows: int) -> tuple[Draw, float]:
    """|z|, as of absolute errors that are normal, and its mean."""
    return lambda stream: np.abs(stream.normal(size=rows)), sqrt(2 / pi)


def lognormal(rows: int, sigma: float) -> tuple[Draw, float]:
    """Skewed losses, and their mean."""
    return lambda stream: stream.lognormal(sigma=sigma, size=rows), exp(sigma**2 / 2)


def absolute_t3(rows: int) -> tuple[Draw, float]:
    """Absolute errors with heavy tails (Student's t with 3 degrees of freedom), and their mean."""
    return lambda stream: np.abs(stream.standard_t(3, size=rows)), 2 * sqrt(3) / pi


def two_kinds(rows: int) -> tuple[Draw, float]:
    """Units of which 80% have losses near 1 and 20% near 3, and their mean."""

    def draw(stream: np.random.Generator) -> Floats:
        return np.where(stream.random(rows) < 0.8, 1.0, 3.0) * stream.lognormal(sigma=0.2, size=rows)

    return draw, 1.4 * exp(0.02)


# -- the verdicts ---------------------------------------------------------------------------------------------------


def upper_too_low(draw: Draw, mean: float) -> Wrong:
    """A wrong pass of `mean of losses <= true mean`, rows being independent."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        return _bounds(RowLosses(values := draw(stream), row_units(values.size)), seed).upper < mean

    return wrong


def percentile_too_low(draw: Draw, mean: float) -> Wrong:
    """The same with the percentile bootstrap: a method that is known to be bad for skewed losses."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        values = draw(stream)
        resampled = np.random.default_rng(seed).choice(values, size=(2_000, values.size)).mean(axis=1)
        return float(np.quantile(resampled, LEVEL)) < mean

    return wrong


def spread_over_rows(
    draw: Draw, mean: float, rows_a_unit: int, side: Literal["upper", "lower"], alpha: float = 1 - LEVEL
) -> Wrong:
    """A wrong pass (upper) or fail (lower) at alpha, each drawn value being that of a unit of several rows."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        values = draw(stream)
        units = Units(np.repeat(np.arange(values.size), rows_a_unit), "block(7d)")
        found = _bounds(RowLosses(np.repeat(values, rows_a_unit), units), seed, alpha)
        return found.upper < mean if side == "upper" else found.lower > mean

    return wrong


def student_too_low(draw: Draw, mean: float) -> Wrong:
    """A wrong pass of the t bound alone."""

    def wrong(stream: np.random.Generator, _: int) -> bool:
        values = draw(stream)
        error = float(values.std(ddof=1)) / sqrt(values.size)
        return float(values.mean() + special.stdtrit(values.size - 1, LEVEL) * error) < mean

    return wrong


def dependent_hours(unit: Literal["row", "week"], weeks: int = 20, carry: float = 0.9) -> Wrong:
    """A wrong pass on hourly losses that carry over from hour to hour, with hours or weeks as units."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        hours = weeks * 168
        noise = stream.normal(size=hours + 200) * sqrt(1 - carry**2)
        series = np.zeros(hours + 200)
        for hour in range(1, hours + 200):
            series[hour] = carry * series[hour - 1] + noise[hour]
        losses = np.exp(0.5 * series[200:])
        units = row_units(hours) if unit == "row" else Units(np.arange(hours) // 168, "block(7d)")
        return _bounds(RowLosses(losses, units), seed).upper < exp(0.125)

    return wrong


def proportion(share: float, rows: int, side: Literal["pass", "fail"]) -> Wrong:
    """A wrong verdict on `accuracy >= share` when that is the truth."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        hits = (stream.random(rows) < share).astype(np.float64)
        found = _bounds(RowLosses(hits, row_units(rows), span=(0.0, 1.0)), seed)
        return found.lower > share if side == "pass" else found.upper < share

    return wrong


def shows(share: float, truth: float, rows: int) -> Wrong:
    """Not an error but the power: `accuracy >= share` passes when it is `truth`."""

    def passes(stream: np.random.Generator, seed: int) -> bool:
        hits = (stream.random(rows) < truth).astype(np.float64)
        return _bounds(RowLosses(hits, row_units(rows), span=(0.0, 1.0)), seed).lower >= share

    return passes


def clustered_errors(users: int, share: float, alike: float) -> Wrong:
    """A wrong pass of `error rate <= share`, users having error rates of their own (correlation `alike`)."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        size = stream.integers(5, 40, size=users)
        rates = stream.beta(share * (1 / alike - 1), (1 - share) * (1 / alike - 1), size=users)
        user = np.repeat(np.arange(users), size)
        errors = (stream.random(user.size) < rates[user]).astype(np.float64)
        return _bounds(RowLosses(errors, Units(user, "user"), span=(0.0, 1.0)), seed).upper < share

    return wrong


def rare_disagreement(rows: int, share: float) -> Wrong:
    """A wrong pass of `accuracy >= champion - 0pp` for models that are wrong on different rows, `share` each."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        kind = stream.choice(4, size=rows, p=[share, share, 0.1, 0.9 - 2 * share])
        new = RowLosses((kind % 2 == 1).astype(np.float64), row_units(rows), span=(0.0, 1.0))
        old = RowLosses(np.isin(kind, (0, 3)).astype(np.float64), row_units(rows), span=(0.0, 1.0))
        judged = judge(new, Baseline(old), Requirement(">=", LEVEL, seed=seed))
        return judged.verdict is Verdict.PASS

    return wrong


def paired_losses(scale: Literal["identity", "root"], rows: int) -> Wrong:
    """A wrong pass of `metric <= champion + 5%` for a model that is just 5% worse on the same rows."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        hard = np.abs(stream.normal(size=rows)) * stream.lognormal(sigma=0.5, size=rows)
        losses = [hard * stream.lognormal(sigma=0.3, size=rows) for _ in range(2)]
        power = 2 if scale == "root" else 1
        new = RowLosses((1.05 * losses[0]) ** power, row_units(rows), scale=scale)
        old = RowLosses(losses[1] ** power, row_units(rows), scale=scale)
        return judge(new, Baseline(old, 1.05), Requirement("<=", LEVEL, seed=seed)).verdict is Verdict.PASS

    return wrong


def auc_verdict(rows: int, positives: int, distance: float, side: Literal["pass", "fail"]) -> Wrong:
    """A wrong verdict on `roc_auc >= truth`, scores being normal and `distance` apart."""
    truth = float(special.ndtr(distance / sqrt(2)))
    positive = np.arange(rows) < positives

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        found = _bounds(_ranking(positive, stream.normal(size=rows) + distance * positive), seed)
        return found.lower > truth if side == "pass" else found.upper < truth

    return wrong


def auc_above_champion(rows: int, positives: int) -> Wrong:
    """A wrong pass of `roc_auc >= champion` for two models that rank equally well, each with mistakes of its own."""
    positive = np.arange(rows) < positives

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        shared = stream.normal(size=rows) + 2 * positive
        new, old = (_ranking(positive, shared + stream.normal(size=rows)) for _ in range(2))
        return judge(new, Baseline(old), Requirement(">=", LEVEL, seed=seed)).verdict is Verdict.PASS

    return wrong


def median_too_low(rows: int) -> Wrong:
    """A wrong pass of `median_ae <= truth`, absolute errors being lognormal."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        said = Predictions(np.zeros(rows), stream.lognormal(size=rows), row_units(rows))
        return _bounds(_metric("median_ae", said), seed).upper < 1.0

    return wrong


def r_squared_too_high(rows: int) -> Wrong:
    """A wrong pass of `r2 >= truth`, errors being Student's t with 5 degrees of freedom."""
    noise = 0.25 * 5 / 3

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        signal = stream.normal(size=rows)
        target = signal + 0.5 * stream.standard_t(5, size=rows)
        return _bounds(_metric("r2", Predictions(target, signal, row_units(rows))), seed).lower > 1 / (1 + noise)

    return wrong


def f_score_too_high(rows: int) -> Wrong:
    """A wrong pass of `f1 >= truth` with 10% positives, recall 0.8 and precision 0.73."""
    shares = np.array([0.08, 0.02, 0.03, 0.87])

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        kind = stream.choice(4, size=rows, p=shares)
        said = Predictions(kind < 2, (kind == 0) | (kind == 2), row_units(rows), classes=(False, True))
        return _bounds(_metric("f1", said), seed).lower > 0.16 / 0.21

    return wrong


def latency_too_low(calls: int) -> Wrong:
    """A wrong pass of `latency(p95) <= truth`, times being lognormal."""

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        calls_timed = Latencies(stream.lognormal(sigma=0.5, size=calls), 0.95)
        return _bounds(calls_timed, seed).upper < exp(0.5 * float(special.ndtri(0.95)))

    return wrong


def null_challengers(looks: int, challengers: int = 20) -> Wrong:
    """That one of several models passes `accuracy >= 90%`, though all have 90% in truth; judged on the same rows."""
    rows = rows_for_proportion(0.90, 0.92).for_good

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        hits = (stream.random((challengers, rows)) < 0.9).astype(np.float64)
        models = (RowLosses(hit, row_units(rows), span=(0.0, 1.0)) for hit in hits)
        rates = ((1 - LEVEL) * share_of_look(min(look, looks), looks) for look in count(1))
        return any(_bounds(model, seed, alpha).lower >= 0.9 for model, alpha in zip(models, rates, strict=False))

    return wrong


def slices_at_limit(verdict: Verdict, holm: bool = True, slices: int = 10, rows: int = 150) -> Wrong:
    """A wrong verdict by slices: a fail where all are just at the limit, or a pass where one is and nine are well."""
    mean = exp(0.4**2 / 2)
    codes = np.repeat(np.arange(slices), rows)
    easier = np.where(codes == 0, 1.0, 0.5 if verdict is Verdict.PASS else 1.0)

    def wrong(stream: np.random.Generator, seed: int) -> bool:
        losses = RowLosses(easier * stream.lognormal(sigma=0.4, size=codes.size), row_units(codes.size))
        requirement = Requirement("<=", LEVEL, seed=seed)
        if holm:
            names = tuple(f"s{place}" for place in range(slices))
            return judge_slices(losses, mean, requirement, Slices("s", codes, names)).verdict is verdict
        return any(_fails(losses.select(codes == place), mean, requirement) for place in range(slices))

    return wrong


def _fails(losses: RowLosses, limit: float, requirement: Requirement) -> bool:
    found: Judgement = judge(losses, limit, requirement)
    return found.verdict is Verdict.FAIL


def _ranking(positive: Mask, score: Floats) -> RowLosses | Statistic:
    scores = np.stack([-score, score], axis=1)
    units = row_units(score.size)
    return _metric("roc_auc", Predictions(positive, score > 0, units, None, scores, False, (False, True)))


def _metric(word: str, predictions: Predictions) -> RowLosses | Statistic:
    return evidence(read_metric({"function": word, "on": "test"}, {}, Path()), predictions)


def _bounds(held: RowLosses | Statistic | Latencies, seed: int, alpha: float = 1 - LEVEL) -> Bound:
    """Bounds at alpha, or bounds that prove nothing where there are none."""
    found = bound(held, 1 - alpha, seed)
    return found if isinstance(found, Bound) else Bound(0.0, -np.inf, np.inf, LEVEL, "none", found.rows, found.units)


# -- the table ------------------------------------------------------------------------------------------------------


def gate_claims() -> Iterator[Claim]:
    """All claims on gates, in the order of the table."""
    yield from _claims_on_rows()
    yield from _claims_on_few_units()
    yield from _claims_on_shares()
    yield from _claims_on_other_metrics()
    yield from _claims_on_several_tests()


def _claims_on_rows() -> Iterator[Claim]:
    skewed = lognormal(500, 1.5)
    yield Claim("mean, half-normal, n = 500", upper_too_low(*half_normal(500)), at_most=6.5)
    yield Claim("mean, lognormal(1), n = 1,700", upper_too_low(*lognormal(1700, 1.0)), at_most=6)
    yield Claim("mean, |t3|, n = 1,700", upper_too_low(*absolute_t3(1700)), at_most=7)
    yield Claim("mean, lognormal(1.5), n = 500", upper_too_low(*skewed))
    yield Claim("the same by percentile bootstrap", percentile_too_low(*skewed), at_least=11)
    yield Claim("mean, lognormal(1), n = 30,000, in groups", upper_too_low(*lognormal(30_000, 1.0)), 6.5, share=0.5)
    yield Claim("dependent hours in 20 weeks, by week", dependent_hours("week"), at_most=8)
    yield Claim("the same, hours taken as independent", dependent_hours("row"), at_least=25, share=0.5)
    yield Claim("paired mae <= champion + 5%, n = 500", paired_losses("identity", 500), at_most=6.5)
    yield Claim("paired rmse <= champion + 5%, n = 500", paired_losses("root", 500), at_most=8)


def _claims_on_few_units() -> Iterator[Claim]:
    for name, kind in (("lognormal(.4)", lambda units: lognormal(units, 0.4)), ("80/20 mix", two_kinds)):
        for units in (8, 11, 15, 20, 29):
            draw, mean = kind(units)
            rows_a_unit = -(-100 // units)
            yield Claim(f"{name}, {units} units: wrong pass", spread_over_rows(draw, mean, rows_a_unit, "upper"))
            yield Claim(f"{name}, {units} units: wrong fail", spread_over_rows(draw, mean, rows_a_unit, "lower"))
            yield Claim(f"{name}, {units} units: wrong pass, t alone", student_too_low(draw, mean))
            later = spread_over_rows(draw, mean, rows_a_unit, "upper", (1 - LEVEL) * share_of_look(2, 5))
            yield Claim(f"{name}, {units} units: wrong pass, look 2 of 5", later)


def _claims_on_shares() -> Iterator[Claim]:
    rows = rows_for_proportion(0.90, 0.92).for_good
    yield Claim(f"accuracy >= 90%, n = {rows:,}: wrong pass", proportion(0.9, rows, "pass"), at_most=6)
    yield Claim(f"accuracy >= 90%, n = {rows:,}: wrong fail", proportion(0.9, rows, "fail"), at_most=6)
    yield Claim(f"accuracy >= 90%, n = {rows:,}: power at 92%", shows(0.9, 0.92, rows), at_least=78)
    yield Claim("error rate <= 5%, 100 users", clustered_errors(100, 0.05, 0.1), at_most=8)
    yield Claim("error rate <= 1%, 100 users", clustered_errors(100, 0.01, 0.1), at_most=8)
    yield Claim("error rate <= 0.2%, 100 users", clustered_errors(100, 0.002, 0.1), at_most=8)
    yield Claim("error rate <= 1%, 100 users, very alike", clustered_errors(100, 0.01, 0.3), at_most=8)
    yield Claim("accuracy >= champion, 2 x 2% of 1,000 differ", rare_disagreement(1000, 0.02), at_most=8)
    yield Claim("accuracy >= champion, 2 x 0.5% of 1,000 differ", rare_disagreement(1000, 0.005), at_most=8)
    yield Claim("accuracy >= champion, 2 x 0.2% of 1,000 differ", rare_disagreement(1000, 0.002), at_most=8)


def _claims_on_other_metrics() -> Iterator[Claim]:
    yield Claim("roc_auc >= 0.86, 100 of 1,000: wrong pass", auc_verdict(1000, 100, 1.5, "pass"), 8, share=0.5)
    yield Claim("roc_auc >= 0.86, 100 of 1,000: wrong fail", auc_verdict(1000, 100, 1.5, "fail"), 8, share=0.5)
    yield Claim("roc_auc >= 0.86, 30 of 300: wrong pass", auc_verdict(300, 30, 1.5, "pass"), share=0.5)
    yield Claim("roc_auc >= 0.98, 30 of 300: wrong pass", auc_verdict(300, 30, 3.0, "pass"), share=0.5)
    yield Claim("roc_auc >= champion, 100 of 1,000: wrong pass", auc_above_champion(1000, 100), 8, share=0.5)
    yield Claim("median_ae, lognormal, n = 200", median_too_low(200), at_most=8)
    yield Claim("r2 >= 0.71, t5 errors, n = 200", r_squared_too_high(200))
    yield Claim("r2 >= 0.71, t5 errors, n = 1,000", r_squared_too_high(1000))
    yield Claim("f1 >= 0.76, n = 1,000, 10% positive", f_score_too_high(1000), at_most=8)
    yield Claim("latency(p95), 200 calls", latency_too_low(200), at_most=6)


def _claims_on_several_tests() -> Iterator[Claim]:
    yield Claim("20 null challengers, max_looks = 1", null_challengers(1), at_least=55)
    yield Claim("20 null challengers, max_looks = 20", null_challengers(20), at_most=5)
    yield Claim("10 slices at the limit: wrong fail", slices_at_limit(Verdict.FAIL), at_most=6.5, share=0.5)
    yield Claim(
        "10 slices at the limit: wrong fail without Holm", slices_at_limit(Verdict.FAIL, holm=False), None, 30, 0.5
    )
    yield Claim("1 of 10 slices at the limit: wrong pass", slices_at_limit(Verdict.PASS), at_most=8, share=0.5)
