"""A rule that every value of a column must keep: which rows are judged apart, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.statistics.estimates import FEWEST_EVENTS, FEWEST_ROWS, Estimate, Undecidable
from mlopsc.stdlib.runtime.statistics.gates import Case, judge_estimate
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, Mask, RowLosses, Statistic
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Requirement, SliceJudgement, Verdict

if TYPE_CHECKING:
    import pandas as pd

_COVERED = 0.9


@dataclass(frozen=True, eq=False)
class Slices:
    """Which slice each row is in: `codes` is (rows,), an index into `names`; a name may have no rows."""

    column: str
    codes: NDArray[np.intp]
    names: tuple[str, ...]

    def rows(self, place: int) -> Mask:
        """Which rows are in the slice at a place of `names`, as a (rows,) mask."""
        return np.asarray(self.codes == place, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class _Part:
    """One slice, its case, and its estimate where it has rows enough to be judged."""

    name: str
    case: Case
    found: Estimate | Undecidable | None

    @property
    def rows(self) -> int:
        return self.case.evidence.rows


def slice_by(
    column: str, values: Sequence[Hashable] | NDArray[np.generic] | pd.Series, known: Iterable[Hashable] = ()
) -> Slices:
    """The slices of a column's values, (rows,): first the `known` ones, in their order, then others as they come.

    Rows without a value are a slice named `missing`.
    """
    import pandas as pd

    codes, found = pd.factorize(np.asarray(values, dtype=np.object_), use_na_sentinel=False)
    places = {name: place for place, name in enumerate(dict.fromkeys(_name(value) for value in known))}
    named = np.array([places.setdefault(_name(value), len(places)) for value in found], dtype=np.intp)
    return Slices(column, named[codes] if named.size else np.zeros(0, dtype=np.intp), tuple(places))


def judge_slices(
    evidence: RowLosses | Statistic, limit: float | Baseline, requirement: Requirement, slices: Slices
) -> Judgement:
    """Whether the metric keeps to the limit on each slice of the rows.

    Slices of 100 rows (30 of a proportion) are judged. A pass takes that each of them passes, at the full error
    rate, and that they hold 90% of the rows; a fail takes that one is proven bad, all of them tested together by
    Holm's (1979) procedure. Raises ValueError where the slices or a baseline don't fit the evidence.
    """
    if slices.codes.size != evidence.units.ids.size:
        raise ValueError(f"{slices.codes.size:,} rows in slices don't fit the {evidence.units.ids.size:,} rows judged")
    parts = _split(Case(evidence, limit), requirement, slices)
    bad = _proven_bad(parts, requirement)
    judged = tuple(_judge_part(part, requirement, part.name in bad) for part in parts)
    return _conclude(judged, evidence, requirement, slices.column)


def _split(case: Case, requirement: Requirement, slices: Slices) -> list[_Part]:
    cases = [(name, case.select(slices.rows(place))) for place, name in enumerate(slices.names)]
    large = {name for name, part in cases if part.evidence.rows >= _fewest_rows(case)}
    return [
        _Part(name, part, part.find(requirement, tests=len(large)) if name in large else None) for name, part in cases
    ]


def _fewest_rows(case: Case) -> int:
    proportion = isinstance(case.evidence, RowLosses) and case.evidence.span is not None
    return FEWEST_EVENTS if proportion and not isinstance(case.limit, Baseline) else FEWEST_ROWS


def _proven_bad(parts: list[_Part], requirement: Requirement) -> set[str]:
    """The slices that Holm's procedure finds beyond the limit.

    With k hypotheses left, all those rejected at alpha / k are; that leaves fewer, until none is rejected.
    """
    left = {part.name: (part.found, part.case.number) for part in parts if isinstance(part.found, Estimate)}
    bad: set[str] = set()
    while left:
        alpha = requirement.alpha / len(left)
        proven = {name for name, (found, limit) in left.items() if _is_beyond(found, limit, requirement, alpha)}
        if not proven:
            break
        bad |= proven
        left = {name: entry for name, entry in left.items() if name not in proven}
    return bad


def _is_beyond(found: Estimate, limit: float, requirement: Requirement, alpha: float) -> bool:
    near = found.limits.lower(alpha) if requirement.comparison == "<=" else found.limits.upper(alpha)
    return not requirement.is_met(near, limit)


def _judge_part(part: _Part, requirement: Requirement, bad: bool) -> SliceJudgement:
    if part.found is not None:
        limit, label = part.case.number, part.case.label
        return SliceJudgement(part.name, "judged", judge_estimate(part.found, limit, requirement, label, may_fail=bad))
    fewest = _fewest_rows(part.case)
    value = part.case.evidence.measure() if part.rows else float("nan")
    reason = f"{part.rows:,} rows, and a slice is judged from {fewest:,}" if part.rows else "no rows"
    listed = Judgement(
        Verdict.UNDECIDED,
        reason,
        estimate=value if isfinite(value) else None,
        rows=part.rows,
        units=part.case.evidence.units.count,
        level=requirement.level,
    )
    return SliceJudgement(part.name, "too few rows" if part.rows else "no rows", listed)


def _conclude(
    slices: tuple[SliceJudgement, ...], evidence: RowLosses | Statistic, requirement: Requirement, column: str
) -> Judgement:
    judged = [part for part in slices if part.standing == "judged"]
    covered = sum(part.judgement.rows for part in judged) / max(evidence.rows, 1)
    verdict, reason = _agree(judged, covered, column)
    worst = _worst(judged, requirement)
    return replace(
        worst,
        verdict=verdict,
        reason=reason,
        rows=evidence.rows,
        units=evidence.units.count,
        rows_needed=worst.rows_needed if verdict is Verdict.UNDECIDED else None,
        slices=slices,
    )


def _agree(judged: list[SliceJudgement], covered: float, column: str) -> tuple[Verdict, str]:
    """The verdict over all judged slices, which hold a part `covered` of the rows, and why."""
    failed = [part.name for part in judged if part.judgement.verdict is Verdict.FAIL]
    if failed:
        return Verdict.FAIL, f"proven beyond the limit where `{column}` is {_quote(failed)}"
    if not judged:
        return Verdict.UNDECIDED, f"no value of `{column}` has rows enough to be judged"
    unclear = [part.name for part in judged if part.judgement.verdict is Verdict.UNDECIDED]
    if unclear:
        return Verdict.UNDECIDED, f"undecided where `{column}` is {_quote(unclear)}"
    if covered < _COVERED:
        held = f"the values of `{column}` with rows enough to be judged hold {covered:.1%} of the rows"
        return Verdict.UNDECIDED, f"{held}, and at least {_COVERED:.0%} must be judged"
    return Verdict.PASS, f"kept by each of {len(judged)} values of `{column}`, which hold {covered:.1%} of the rows"


def _worst(judged: list[SliceJudgement], requirement: Requirement) -> Judgement:
    """The judged slice that fails, or else the one whose provable limit is furthest beyond its limit."""
    if not judged:
        return Judgement(Verdict.UNDECIDED, "", level=requirement.level)
    return max((part.judgement for part in judged), key=lambda found: (_fails(found), _excess(found, requirement)))


def _fails(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.FAIL


def _excess(judgement: Judgement, requirement: Requirement) -> float:
    if judgement.provable_limit is None or judgement.limit is None:
        return float("inf")
    excess = judgement.provable_limit - judgement.limit
    return excess if requirement.comparison == "<=" else -excess


def _quote(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _name(value: Any) -> str:
    import pandas as pd

    if pd.isna(value):
        return "missing"
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
