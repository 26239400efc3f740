"""Rules for production, taken from those of the gate that a model has passed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlopsc.compiler.semantics.model import RuleModel

_ON_TEST = re.compile(r"require (?P<metric>\w+)\(test\) (?P<held>[<>]=? .+?)(?: (?:at|assuming) .*)?")


def compared_in_service(rules: Sequence[RuleModel]) -> str:
    """What the first plain comparison of a gate with the champion is in service, such as `mae(feedback) <= champion`.

    Empty where there is none, or of a metric whose days cannot be added up.
    """
    from mlopsc.stdlib.metrics import Metric

    means = {one.word for one in Metric.members() if one.mean_of_rows}
    found = (rule for rule in rules if rule.comparisons and rule.comparisons[0].limit.baseline == "champion")
    return next((text for metric, text in map(_in_service, found) if metric in means), "")


def limited_in_service(rules: Sequence[RuleModel]) -> str:
    """What the first plain limit of a gate is in service, such as `mae(feedback) <= 45`; empty where there is none."""
    found = (rule for rule in rules if rule.comparisons and rule.comparisons[0].limit.baseline is None)
    return next((text for _, text in map(_in_service, found) if text), "")


def _in_service(rule: RuleModel) -> tuple[str, str]:
    """The metric and the comparison over `feedback`; empty where it has parameters, slices or several limits."""
    match = _ON_TEST.fullmatch(rule.text)
    if match is None or len(rule.comparisons) != 1 or "by" in rule.clauses or " by " in match["held"]:
        return "", ""
    return match["metric"], f"{match['metric']}(feedback) {match['held']}"
