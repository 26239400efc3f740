"""The test stage, step by step: proofs, latency and metrics side by side, then the verdict and what follows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import mlopsc.stdlib.runtime.model.persistence  # noqa: F401 (slow to import: once, before workers are forked)
from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.metrics import Latency
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import Message, StageFailure, Verdict
from mlopsc.stdlib.runtime.engine.tasks import Fanout, StageResult, Task
from mlopsc.stdlib.runtime.statistics import judgements
from mlopsc.stdlib.runtime.test.gate import Gate, open_gate
from mlopsc.stdlib.runtime.test.latency import judge_latency
from mlopsc.stdlib.runtime.test.metrics import judge_metric
from mlopsc.stdlib.runtime.test.proofs import judge_proof
from mlopsc.stdlib.runtime.test.results import RuleResult, worst
from mlopsc.stdlib.runtime.test.versions import refit_on_all, register_version
from mlopsc.stdlib.test import Proof

_HERE = "mlopsc.stdlib.runtime.test.stage"
_VERDICTS = {
    judgements.Verdict.PASS: Verdict.OK,
    judgements.Verdict.FAIL: Verdict.FAIL,
    judgements.Verdict.UNDECIDED: Verdict.UNDECIDED,
}
_PROOFS = frozenset(proof.word for proof in Proof.members())


def run_stage(context: StageContext) -> StageResult | Fanout:
    """Judge every rule: each proof and each latency by itself, all metrics together, since they share predictions."""
    rules = open_gate(context).rules
    if not rules:
        raise StageFailure("there is nothing to judge", "write what the model must reach: `require …`")
    alone = [rule for rule in rules if _kind(rule) != "metric"]
    together = [rule for rule in rules if _kind(rule) == "metric"]
    groups = [*([rule] for rule in sorted(alone, key=_kind, reverse=True)), *([together] if together else [])]
    tasks = tuple(
        Task(f"{_HERE}:judge_rules", {"rules": [rule.id for rule in group]}, group[0].text) for group in groups
    )
    return Fanout(tasks, Task(f"{_HERE}:conclude", {}, context.name))


def judge_rules(context: StageContext, rules: Sequence[str]) -> list[RuleResult]:
    """The verdicts on the rules with these ids."""
    gate = open_gate(context)
    return [_judge(gate, rule) for rule in gate.rules if rule.id in rules]


def conclude(context: StageContext, results: Sequence[Sequence[RuleResult]]) -> StageResult:
    """The verdict over all rules; a counted gate that opens makes the model a version."""
    gate = open_gate(context)
    by_rule = {result.rule: result for group in results for result in group}
    ordered = [by_rule[rule.id] for rule in gate.rules]
    verdict = worst([result.verdict for result in ordered if not result.advisory])
    opened = gate.counted and verdict is judgements.Verdict.PASS
    refitted = refit_on_all(gate) if opened else None
    version = register_version(gate, ordered, refitted) if opened else None
    return StageResult(
        outputs={"model": refitted} if refitted else {},
        facts={
            "model": gate.train_name,
            "judged_on": "test" if gate.counted else "validation",
            "counted": gate.counted,
            "revealed": gate.revealed,
            "rows": _rows(gate),
            "rules": [result.facts() for result in ordered],
            "version": version,
            "waived": context.stage.get("waived", []),
        },
        notes={
            "measured": {result.rule: dict(result.measured) for result in ordered if result.measured},
            "tails": {result.rule: list(result.tail) for result in ordered if result.tail},
        },
        verdict=_VERDICTS[verdict],
        messages=tuple(_messages(gate, ordered)),
    )


def _kind(rule: Rule) -> str:
    word = (rule.subject or {}).get("function")
    return "proof" if word in _PROOFS else "latency" if word == Latency.word else "metric"


def _judge(gate: Gate, rule: Rule) -> RuleResult:
    match _kind(rule):
        case "proof":
            return judge_proof(gate, rule)
        case "latency":
            return judge_latency(gate, rule)
        case _:
            return judge_metric(gate, rule)


def _rows(gate: Gate) -> dict[str, Any]:
    split = "test" if gate.counted else "validation"
    if split not in gate.table.splits:
        return {"rows": 0, "units": 0, "unit": gate.table.units.label}
    rows = gate.rows_of(split)
    return {"rows": len(rows), "units": rows.units.count, "unit": rows.units.label}


def _messages(gate: Gate, results: Sequence[RuleResult]) -> Iterable[Message]:
    if not gate.counted:
        yield Message(
            f"judged on the validation split, with the candidate: no release reads `{gate.context.environment}`, so "
            "the test split stays unseen"
        )
    for result in results:
        if result.verdict is not judgements.Verdict.PASS:
            level = "warning" if result.advisory else "error"
            advice = " (only advice: other work shares this machine)" if result.advisory else ""
            text = f"`{result.text}` {_said(result)}{advice}: {result.reason}"
            yield Message(text, _hint(gate, result), rule=result.rule, level=level)


def _said(result: RuleResult) -> str:
    return "failed" if result.verdict is judgements.Verdict.FAIL else "is undecided"


def _hint(gate: Gate, result: RuleResult) -> str:
    if result.hidden:
        return f"`reveal = true` in `{gate.context.name}` shows the figures, and the report says so"
    return "\n".join(result.tail)
