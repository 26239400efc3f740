"""From evidence and a limit to a verdict: pass, fail or undecided; only a pass opens a gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from mlopsc.stdlib.planning import rows_for_mean, rows_for_proportion
from mlopsc.stdlib.runtime.statistics.bounds import estimate, estimate_against
from mlopsc.stdlib.runtime.statistics.estimates import Bound, Estimate, Undecidable, point_estimate
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, Evidence, Latencies, Mask, RowLosses, Statistic
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Requirement, Verdict

LATENCY_LEVEL = 0.95
_SIDES = {"<=": ("upper", "lower", "at most", "above"), ">=": ("lower", "upper", "at least", "below")}


@dataclass(frozen=True, eq=False)
class Case:
    """A metric of rows and what it is held against."""

    evidence: RowLosses | Statistic
    limit: float | Baseline

    @property
    def number(self) -> float:
        """The limit as a number; NaN where a baseline has none on these rows."""
        return self.limit.limit() if isinstance(self.limit, Baseline) else self.limit

    @property
    def label(self) -> str:
        """How the spec calls the limit, in brackets, where it is more than a number."""
        return f" ({self.limit.label})" if isinstance(self.limit, Baseline) else ""

    def select(self, rows: Mask) -> Case:
        """The same case on some rows: `rows` is a (rows,) mask."""
        limit = self.limit.select(rows) if isinstance(self.limit, Baseline) else self.limit
        return Case(self.evidence.select(rows), limit)

    def find(self, requirement: Requirement, tests: int = 1) -> Estimate | Undecidable:
        """The estimate, resampled finely enough for its error rate to be shared by so many tests."""
        rows, units = self.evidence.rows, self.evidence.units.count
        if not isfinite(self.number):
            return Undecidable(f"the limit{self.label} is not defined on these rows", rows, units)
        if requirement.level is None:
            return point_estimate(self.evidence.measure(), rows, units)
        alpha = requirement.alpha / tests
        if isinstance(self.limit, Baseline):
            return estimate_against(self.evidence, self.limit, alpha, requirement.seed)
        return estimate(self.evidence, alpha, requirement.seed)


def judge(evidence: Evidence, limit: float | Baseline, requirement: Requirement) -> Judgement:
    """Whether the metric keeps to the limit.

    Latency is always judged at a level, 95% where none was asked for. Raises ValueError where a baseline doesn't
    fit the evidence.
    """
    if not isinstance(evidence, Latencies):
        case = Case(evidence, limit)
        return judge_estimate(case.find(requirement), case.number, requirement, case.label)
    if isinstance(limit, Baseline):
        raise ValueError("latency is judged against a number, not against a baseline")
    at_level = replace(requirement, level=requirement.level or LATENCY_LEVEL)
    return judge_estimate(estimate(evidence, at_level.alpha, at_level.seed), limit, at_level)


def first_release(evidence: RowLosses | Statistic) -> Judgement:
    """A pass against the champion where there is none yet."""
    value, rows, units = evidence.measure(), evidence.rows, evidence.units.count
    reason = "first release: there is no champion to compare with"
    return Judgement(Verdict.PASS, reason, value if isfinite(value) else None, rows=rows, units=units)


def judge_estimate(
    found: Estimate | Undecidable, limit: float, requirement: Requirement, label: str = "", *, may_fail: bool = True
) -> Judgement:
    """The verdict on an estimate; without `may_fail`, a bound beyond the limit leaves it undecided."""
    if isinstance(found, Undecidable):
        return _judge_nothing(found, limit, requirement)
    bound = found.bound(requirement.alpha)
    if isinstance(bound, Undecidable):
        return _judge_nothing(bound, limit, requirement)
    verdict = _compare(bound, limit, requirement, may_fail)
    needed = _rows_needed(found, limit, requirement) if verdict is Verdict.UNDECIDED else None
    at_level = requirement.level is not None
    return Judgement(
        verdict,
        _explain(verdict, bound, limit, requirement, label, needed),
        estimate=bound.estimate,
        lower=bound.lower if at_level else None,
        upper=bound.upper if at_level else None,
        limit=limit,
        rows=bound.rows,
        units=bound.units,
        level=requirement.level,
        method=bound.method,
        note=bound.note,
        provable_limit=_far_side(bound, requirement),
        rows_needed=needed,
        sigma=found.sigma,
        design_effect=found.design_effect,
    )


def _judge_nothing(found: Undecidable, limit: float, requirement: Requirement) -> Judgement:
    return Judgement(
        Verdict.UNDECIDED,
        found.reason,
        estimate=found.estimate,
        limit=limit if isfinite(limit) else None,
        rows=found.rows,
        units=found.units,
        level=requirement.level,
        rows_needed=found.rows_needed,
    )


def _compare(bound: Bound, limit: float, requirement: Requirement, may_fail: bool) -> Verdict:
    if requirement.is_met(_far_side(bound, requirement), limit):
        return Verdict.PASS
    if may_fail and not requirement.is_met(_near_side(bound, requirement), limit):
        return Verdict.FAIL
    return Verdict.UNDECIDED


def _far_side(bound: Bound, requirement: Requirement) -> float:
    """The bound that must be within a limit for a pass, and so the tightest limit that passes."""
    return bound.upper if requirement.comparison == "<=" else bound.lower


def _near_side(bound: Bound, requirement: Requirement) -> float:
    """The bound that must be beyond a limit for a fail."""
    return bound.lower if requirement.comparison == "<=" else bound.upper


def _rows_needed(found: Estimate, limit: float, requirement: Requirement) -> int | None:
    """The rows that show the limit kept if the metric is as assumed, or else as estimated; None where neither helps.

    An assumption under which the rows present should have been enough is not believed.
    """
    for assumed in (requirement.assuming, found.value):
        if assumed is None or assumed == limit or not requirement.is_met(assumed, limit):
            continue
        needed = _rows_to_show(limit, assumed, found, requirement.alpha)
        if needed is not None and needed > found.rows:
            return needed
    return None


def _rows_to_show(limit: float, assumed: float, found: Estimate, alpha: float) -> int | None:
    if found.sigma is not None and found.design_effect is not None:
        return rows_for_mean(limit, assumed, found.sigma, found.design_effect, alpha)
    if found.proportion and 0 < limit < 1 and 0 <= assumed <= 1:
        return rows_for_proportion(limit, assumed, alpha).for_good
    return None


def _explain(
    verdict: Verdict, bound: Bound, limit: float, requirement: Requirement, label: str, needed: int | None
) -> str:
    """Why the verdict is what it is, in one sentence without the metric's name."""
    far, near, within, beyond = _SIDES[requirement.comparison]
    named = f"{limit:.6g}{label}"
    far_side, near_side = _far_side(bound, requirement), _near_side(bound, requirement)
    if requirement.level is None:
        return f"the estimate {bound.estimate:.6g} is {within if verdict is Verdict.PASS else beyond} {named}"
    match verdict:
        case Verdict.PASS:
            return f"the {far} bound {far_side:.6g} is {within} {named}"
        case Verdict.FAIL:
            return f"the {near} bound {near_side:.6g} is {beyond} {named}"
        case Verdict.UNDECIDED:
            # A near side beyond the limit that is no fail: one of several slices, judged together.
            if not requirement.is_met(near_side, limit):
                return f"the {near} bound {near_side:.6g} is {beyond} {named}, no proof among so many slices"
            units = "" if bound.units == bound.rows else f" in {bound.units:,} units"
            more = "" if needed is None else f"; about {needed:,} rows would decide"
            between = f"{named} lies between the bounds {bound.lower:.6g} and {bound.upper:.6g}"
            return f"{between}: {bound.rows:,} rows{units} can prove {far_side:.6g}{more}"
