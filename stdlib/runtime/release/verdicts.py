"""What the rules of a release say of a rollout: guards that may fire, and requirements that may be met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any, Literal, TypeVar

import pandas as pd

from mlopsc.compiler.ir.model import Comparison, Rule
from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.metrics import ErrorRate, Latency, quantile_of
from mlopsc.stdlib.runtime.metrics import read_metric
from mlopsc.stdlib.runtime.release.evidence import Losses, Rollout
from mlopsc.stdlib.runtime.release.timing import later, stamp
from mlopsc.stdlib.runtime.statistics.comparisons import (
    SPLIT_DAYS,
    ComparisonVerdict,
    PairedDay,
    SampleRatio,
    Stratum,
    check_sample_ratio,
    compare_paired,
    compare_split,
)
from mlopsc.stdlib.runtime.statistics.guards import GuardVerdict, judge_rate, judge_ratio
from mlopsc.stdlib.runtime.statistics.judgements import Verdict

GUARDS_ALPHA = 0.05
"""The chance that any guard of a release without `at` fires although all is well."""
REQUIRE_LEVEL = 0.95
"""How sure a requirement is without `at`: a comparison that may stop at any time always has a level."""

_Part = TypeVar("_Part", PairedDay, Stratum)


@dataclass(frozen=True)
class GuardResult:
    """A guard and what it says."""

    rule: Rule
    fired: bool
    reason: str
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class RequireResult:
    """A requirement and what it says; `deadline` is when it must be decided, and `otherwise` what then happens."""

    rule: Rule
    verdict: Verdict
    reason: str
    deadline: float | None
    otherwise: str
    figures: Mapping[str, Any]


class Judged:
    """The verdicts on one rollout."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout = rollout
        self._deployment = rollout.deployment
        self._losses: dict[str, Losses] = {}

    @cached_property
    def guards(self) -> tuple[GuardResult, ...]:
        """Every guard."""
        rules = [rule for rule in self._deployment.rules if rule.verb == "guard"]
        return tuple(self._guard(rule, _alpha(rule, GUARDS_ALPHA / len(rules))) for rule in rules)

    @cached_property
    def requires(self) -> tuple[RequireResult, ...]:
        """Every requirement."""
        rules = [rule for rule in self._deployment.rules if rule.verb == "require"]
        return tuple(self._require(rule, _alpha(rule, 1 - REQUIRE_LEVEL) / len(rules)) for rule in rules)

    @cached_property
    def sample_ratio(self) -> SampleRatio:
        """Whether units met the versions in the shares that were planned."""
        return check_sample_ratio(self.rollout.sample())

    def _guard(self, rule: Rule, alpha: float) -> GuardResult:
        if _word(rule) not in (ErrorRate.word, Latency.word):
            found = [self._compare(rule, comparison, alpha) for comparison in rule.comparisons]
            worst = next((one for one in found if one.verdict is Verdict.FAIL), found[0])
            return GuardResult(rule, worst.verdict is Verdict.FAIL, worst.reason, _figures(worst))
        verdict = self._operational_guard(rule, alpha)
        return GuardResult(rule, verdict.fired, verdict.reason, _figures(verdict))

    def _operational_guard(self, rule: Rule, alpha: float) -> GuardVerdict:
        rollout, (comparison,) = self.rollout, rule.comparisons
        limit, bad = comparison.limit, _is_bad(rule, comparison, rollout.calls)
        last = rollout.last(bad, rollout.candidate)
        if limit.baseline == "champion":
            others = rollout.last(bad, rollout.champion)
            return judge_ratio(rollout.paired_hours(bad), limit.factor, alpha, last, others)
        return judge_rate(rollout.hourly(bad), _share_allowed(rule, comparison), alpha, last)

    def _require(self, rule: Rule, alpha: float) -> RequireResult:
        found = [self._compare(rule, comparison, alpha / len(rule.comparisons)) for comparison in rule.comparisons]
        order = (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS)
        worst = min(found, key=lambda one: order.index(one.verdict))
        within, otherwise = rule.clauses.get("within"), rule.clauses.get("otherwise")
        deadline = later(self.rollout.since, Duration.parse(str(within))) if within else None
        figures = {**_figures(worst), "deadline": deadline and stamp(deadline)}
        action = str(otherwise or self._deployment.settings.otherwise)
        return RequireResult(rule, worst.verdict, worst.reason, deadline, action, figures)

    def _compare(self, rule: Rule, comparison: Comparison, alpha: float) -> ComparisonVerdict:
        """The verdict of the sequential test on one comparison."""
        operational = _word(rule) in (ErrorRate.word, Latency.word)
        losses = self._operational(rule, comparison) if operational else self._measured(rule)
        side: Literal["<=", ">="] = "<=" if comparison.operator in ("<", "<=") else ">="
        factor = comparison.limit.factor if comparison.limit.baseline == "champion" else 0.0
        offset = _share_allowed(rule, comparison) if operational else comparison.limit.offset
        scale: Literal["identity", "root"] = "root" if losses.is_root else "identity"
        if self.rollout.is_paired:
            pairs = self.rollout.pairs(losses)
            return _decided(pairs, lambda days: compare_paired(days, factor, offset, side, alpha, scale))
        strata = self.rollout.strata(losses)
        return _decided(strata, lambda parts: compare_split(parts, factor, offset, side, alpha, scale))

    def _operational(self, rule: Rule, comparison: Comparison) -> Losses:
        return self.rollout.operational(_is_bad(rule, comparison, self.rollout.answers))

    def _measured(self, rule: Rule) -> Losses:
        if rule.id not in self._losses:
            deployment = self._deployment
            metric = read_metric(rule.subject or {}, deployment.document, deployment.project)
            self._losses[rule.id] = self.rollout.losses(metric)
        return self._losses[rule.id]


def _decided(parts: Sequence[_Part], compare: Callable[[Sequence[_Part]], ComparisonVerdict]) -> ComparisonVerdict:
    """The verdict on all days; one that is open now and was a pass on an earlier day is a pass.

    All looks together keep to the level, so what was shown once is shown, whether or not a tick looked on that day.
    """
    latest = compare(parts)
    if latest.verdict is not Verdict.UNDECIDED:
        return latest
    for last in sorted({part.day for part in parts})[SPLIT_DAYS - 1 : -1]:
        earlier = compare([part for part in parts if part.day <= last])
        if earlier.verdict is Verdict.PASS:
            return replace(latest, verdict=Verdict.PASS, reason=f"shown earlier: {earlier.reason}")
    return latest


def as_json(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a verdict; what no JSON number can say is null."""
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value for name, value in verdict.items()
    }


def _figures(verdict: GuardVerdict | ComparisonVerdict) -> dict[str, Any]:
    return as_json(asdict(verdict))


def _word(rule: Rule) -> str:
    return str((rule.subject or {})["function"])


def _alpha(rule: Rule, otherwise: float) -> float:
    level = rule.clauses.get("at")
    return 1 - float(level) if isinstance(level, int | float) else otherwise


def _is_bad(rule: Rule, comparison: Comparison, calls: pd.DataFrame) -> pd.Series[bool]:
    """Which calls are bad: those that failed, or took longer than the limit of a latency."""
    if _word(rule) == ErrorRate.word:
        return calls["status"] != "ok"
    return (calls["seconds"] > comparison.limit.offset) | (calls["status"] == "timeout")


def _share_allowed(rule: Rule, comparison: Comparison) -> float:
    """The share of bad calls that is allowed: of a latency, what lies above its percentile."""
    if _word(rule) == ErrorRate.word:
        return comparison.limit.offset
    return 1 - quantile_of(str((rule.subject or {})["percentile"]))
