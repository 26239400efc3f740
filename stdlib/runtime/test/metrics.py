"""Rules about metrics: `require mae(test) <= 45 at 95%`, against a number, the champion or `naive`."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from mlopsc.compiler.ir.model import Comparison, Limit, Rule
from mlopsc.stdlib.metrics import Naive
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.metrics import AnyMetric, MetricError, evidence, read_metric
from mlopsc.stdlib.runtime.statistics.gates import first_release, judge
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, RowLosses, Statistic
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Requirement, Verdict
from mlopsc.stdlib.runtime.statistics.slices import Slices, judge_slices, slice_by
from mlopsc.stdlib.runtime.test.baselines import (
    NoComparison,
    Rival,
    judge_same_model,
    meet_champion,
    meet_naive,
)
from mlopsc.stdlib.runtime.test.gate import Gate
from mlopsc.stdlib.runtime.test.looks import Look, count_look
from mlopsc.stdlib.runtime.test.results import CHAMPION, RuleResult, hide, told, undecided, worst
from mlopsc.stdlib.test import RequireTest

KIND = "metric"


def judge_metric(gate: Gate, rule: Rule) -> RuleResult:
    """The verdict on one rule about a metric; raises StageFailure where metric, model and rows do not fit."""
    metric = read_metric(rule.subject or {}, gate.context.pipeline, gate.context.project)
    split = gate.split_of(metric)
    if split not in gate.table.splits:
        return undecided(rule, KIND, gate.without(split))
    look = count_look(gate, rule) if gate.counted and split == "test" else None
    if look is not None and look.is_spent:
        return replace(undecided(rule, KIND, look.reason), look=look.facts())
    try:
        number = look.number if look else 1
        judgements = [_judge_comparison(gate, rule, metric, split, one, number) for one in rule.comparisons]
    except MetricError as error:
        raise StageFailure(error.message, error.hint, rule=rule.id) from error
    return _result(gate, rule, judgements, look)


def _result(gate: Gate, rule: Rule, judgements: list[dict[str, Any]], look: Look | None) -> RuleResult:
    hidden = look is not None and not gate.revealed
    shown = [hide(one) for one in judgements] if hidden else judgements
    verdict = worst([Verdict(one["verdict"]) for one in judgements])
    deciding = next(one for one in shown if one["verdict"] == verdict)
    return RuleResult(
        rule=rule.id,
        text=rule.text,
        kind=KIND,
        verdict=verdict,
        reason=deciding["reason"],
        judgements=tuple(shown),
        look=look.facts() if look else None,
        hidden=hidden,
        evidence=tuple(judgements),
    )


def _judge_comparison(
    gate: Gate, rule: Rule, metric: AnyMetric, split: str, comparison: Comparison, look: int
) -> dict[str, Any]:
    clauses = RequireTest.model_validate(rule.clauses)
    requirement, limit = _requirement(gate, rule, clauses, comparison, look)
    rows, predictions = gate.rows_of(split), gate.predictions(split, metric)
    rival = _meet(gate, metric, split, limit)
    if isinstance(rival, NoComparison):
        found = evidence(metric, predictions)
        if not rival.first:
            nothing = Judgement(Verdict.UNDECIDED, rival.reason, rows=found.rows, level=requirement.level)
            return told(nothing, comparison.operator, _named(limit))
        return told(first_release(found), comparison.operator, _named(limit))
    if rival is None:
        held = evidence(metric, predictions)
        return told(_judge(held, limit.offset, requirement, rows, clauses.by), comparison.operator)
    rows, held = rows.take(rival.rows), evidence(metric, predictions.select(rival.rows))
    bar = Baseline(evidence(metric, rival.predictions), limit.factor, limit.offset, rival.label)
    judgement = judge_same_model(held, limit, requirement) if rival.is_same else None
    judgement = judgement or _judge(held, bar, requirement, rows, clauses.by)
    return {**told(judgement, comparison.operator, rival.label), "version": rival.version}


def _judge(
    held: RowLosses | Statistic, bar: float | Baseline, requirement: Requirement, rows: Table, by: str | None
) -> Judgement:
    if by is None:
        return judge(held, bar, requirement)
    return judge_slices(held, bar, requirement, _slices(rows, by))


def _requirement(
    gate: Gate, rule: Rule, clauses: RequireTest, comparison: Comparison, look: int
) -> tuple[Requirement, Limit]:
    """How strictly the rule is judged. A validation split is judged as strictly as the first look at a test split."""
    limit = comparison.limit
    match comparison.operator:
        case "<=" | ">=" as side:
            pass
        case "<" | ">" as strict:
            beyond = -inf if strict == "<" else inf
            limit = limit.model_copy(update={"offset": float(np.nextafter(limit.offset, beyond))})
            side = "<=" if strict == "<" else ">="
        case other:
            raise StageFailure(f"a metric cannot be held against `{other}`", "use `<=` or `>=`", rule=rule.id)
    looks = gate.settings.max_looks
    return Requirement(side, clauses.at, looks, clauses.assuming, look=look), limit


def _meet(gate: Gate, metric: AnyMetric, split: str, limit: Limit) -> Rival | NoComparison | None:
    """What the metric is compared with; None where it is a number."""
    match limit.baseline:
        case None:
            return None
        case "champion":
            return meet_champion(gate, metric, split)
        case call:
            return meet_naive(gate, gate.model_for(split), gate.rows_of(split), Naive.model_validate(call).lag)


def _named(limit: Limit) -> str:
    match limit.baseline:
        case None:
            return ""
        case "champion":
            return CHAMPION
        case call:
            return f"naive({Naive.model_validate(call).lag})"


def _slices(rows: Table, column: str) -> Slices:
    values = rows.frame[column]
    known = values.cat.categories if isinstance(values.dtype, pd.CategoricalDtype) else ()
    return slice_by(column, values.astype(object).to_numpy(), known)
