"""What is said of one rule, as facts that a report can be made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Verdict

CHAMPION = "champion"
RETRAINED = "champion's recipe, retrained on this split"
"""How a comparison is called whose champion has seen the rows that are judged."""

_FIGURES = ("estimate", "lower", "upper", "provable_limit")


@dataclass(frozen=True)
class RuleResult:
    """The verdict on one rule.

    `judgements` has one entry a comparison (a chain has two); where they are `hidden`, `evidence` has them whole, for
    the version that the gate lets through. `measured` changes from run to run by itself, so that it stands among the
    notes. `advisory` verdicts do not count. `tail` is what a proof printed last.
    """

    rule: str
    text: str
    kind: str
    verdict: Verdict
    reason: str
    judgements: tuple[Mapping[str, Any], ...] = ()
    look: Mapping[str, int] | None = None
    hidden: bool = False
    advisory: bool = False
    evidence: tuple[Mapping[str, Any], ...] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)
    tail: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """All that does not change by itself."""
        kept = {name: value for name, value in vars(self).items() if name not in ("evidence", "measured", "tail")}
        return {**kept, "verdict": str(self.verdict), "judgements": list(self.judgements)}


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """A fail if anything failed, else undecided if anything is, else a pass."""
    return next((one for one in (Verdict.FAIL, Verdict.UNDECIDED) if one in verdicts), Verdict.PASS)


def undecided(rule: Rule, kind: str, reason: str) -> RuleResult:
    """There is nothing to judge the rule by."""
    return RuleResult(rule.id, rule.text, kind, Verdict.UNDECIDED, reason)


def told(judgement: Judgement, comparison: str, baseline: str = "") -> dict[str, Any]:
    """A judgement as JSON; what is not a finite number is None."""
    found = {name: _finite(value) for name, value in vars(judgement).items() if name not in ("slices", "verdict")}
    slices = [
        {"slice": one.name, "standing": one.standing, **told(one.judgement, comparison)} for one in judgement.slices
    ]
    said = {"comparison": comparison, "baseline": baseline or None, "verdict": str(judgement.verdict)}
    return {**said, **found, "slices": slices}


def hide(judgement: Mapping[str, Any]) -> dict[str, Any]:
    """The same without what would tell how good the model is on the test rows.

    Undecided keeps the limit that the rows can prove: it is the advice that an undecided gate owes.
    """
    hidden = [name for name in _FIGURES if name != "provable_limit" or judgement["verdict"] != Verdict.UNDECIDED]
    if judgement["baseline"] in (CHAMPION, RETRAINED):
        hidden.append("limit")
    reason = _without_figures(judgement)
    if judgement["baseline"] == RETRAINED and RETRAINED not in reason:
        reason += f" (against the {RETRAINED})"
    shown = {**judgement, **dict.fromkeys(hidden), "reason": reason}
    return {**shown, "slices": [hide(one) for one in judgement["slices"]]}


def _without_figures(judgement: Mapping[str, Any]) -> str:
    """Why the verdict is what it is, without a metric's value or bounds; a reason about slices names none."""
    if judgement["slices"] or (judgement["lower"] is None and judgement["level"] is not None):
        return str(judgement["reason"])
    if judgement["lower"] is None:
        return "by the estimate" if judgement["limit"] is not None else str(judgement["reason"])
    level = f"at {judgement['level'] * 100:g}%"
    match judgement["verdict"]:
        case Verdict.PASS:
            return f"shown {level}"
        case Verdict.FAIL:
            return f"the contrary is shown {level}"
        case _:
            needed = judgement["rows_needed"]
            more = f"; about {needed:,} rows would decide" if needed else ""
            proven = f"{judgement['rows']:,} rows can prove {judgement['provable_limit']:.6g}"
            return f"neither it nor the contrary is shown {level}: {proven}{more}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
