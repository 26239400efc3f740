"""What of two records of a stage is held side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.summary.stages import number, score_of


def figures(record: StageRecord) -> dict[str, str]:
    """What of a record is compared, by name."""
    return dict(_facts_of(record))


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Which figures of a stage are otherwise than before: a name, the figure before and the one after."""
    names = [*after, *(one for one in before if one not in after)]
    rows = [(what, before.get(what, "-"), after.get(what, "-")) for what in names]
    return [row for row in rows if row[1] != row[2]]


def _facts_of(record: StageRecord) -> Iterator[tuple[str, str]]:
    match record.kind:
        case "data":
            yield from _facts_of_data(record.facts)
        case "train":
            yield from _facts_of_training(record.facts)
        case "test":
            yield from _facts_of_gate(record)


def _facts_of_data(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "rows", f"{facts.get('rows', 0):,}"
    yield "hash", str(facts.get("hash", ""))[:12]
    for split, count in facts.get("splits", {}).items():
        yield split, f"{count:,}"
    for check in facts.get("checks", ()):
        yield check["text"], "holds" if check["holds"] else "does not hold"


def _facts_of_training(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    objective = facts["objective"]
    yield f"{objective['metric']} on {objective['on']}", number(score_of(facts))
    yield "estimator", str(facts["estimator"])
    for name, value in facts["parameters"].items():
        yield name, str(value)
    yield "rows", f"{facts['rows']['model']:,}"


def _facts_of_gate(record: StageRecord) -> Iterator[tuple[str, str]]:
    yield "verdict", record.verdict.value
    for rule in record.facts["rules"]:
        figures = [number(one["estimate"]) for one in rule["judgements"] if one.get("estimate") is not None]
        yield rule["text"], " ".join([rule["verdict"], *figures])
