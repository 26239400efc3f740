"""Stage functions of the tests; each project of a test gets a copy as `stages.py`."""

from __future__ import annotations

from typing import Any

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import Message, StageFailure, Verdict
from mlopsc.stdlib.runtime.engine.tasks import Fanout, StageResult, Task
from mlopsc.stdlib.runtime.engine.usercode import load_callable


def run(context: StageContext) -> StageResult | Fanout:
    """Do what the setting `do` says."""
    settings = context.stage["settings"]
    match settings.get("do", "add"):
        case "add":
            return number(sum(numbers(context)) + settings.get("value", 1))
        case "call":
            return number(load_callable(context.project, settings["call"])(context))
        case "judge":
            verdict = Verdict(settings["verdict"])
            return StageResult(verdict=verdict, messages=(Message("40 <= 45", rule="mae(test)", level="error"),))
        case "refuse":
            raise StageFailure("3 rows have no `hr`", "mend them", details="row 7", rule="missing(hr)")
        case "pin":
            return StageResult(outputs={"out": b"1"}, facts={"rows": settings["rows"], "hash": "ab", "dropped": []})
        case "find":
            return StageResult(outputs={"out": b"1"}, facts=settings["source"]["facts"])
        case "fan":
            tasks = [Task("stages:square", {"value": n}, f"square of {n}") for n in settings["values"]]
            return Fanout(tuple(tasks), Task("stages:total", {"plus": settings.get("value", 0)}))
        case "nest":
            return Fanout((Task("stages:run_fan", {"values": [1, 2]}), Task("stages:square", {"value": 10})), TOTAL)
        case "odd":
            return settings["values"]  # type: ignore[no-any-return]
        case other:
            raise ValueError(other)


TOTAL = Task("stages:total", {"plus": 0})


def numbers(context: StageContext) -> list[int]:
    """What the inputs gave."""
    return [int(context.open_input(name, "out").read_bytes()) for name in context.inputs]


def number(value: Any) -> StageResult:
    """A stage whose output is a number."""
    return StageResult(outputs={"out": str(value).encode()})


def square(context: StageContext, value: int) -> int:
    """A task."""
    context.progress(value, 10, "squares")
    if value == 13:
        raise ValueError("unlucky")
    return value * value


def run_fan(_: StageContext, values: list[int]) -> Fanout:
    """A task that fans out again, and whose result is a plain number."""
    return Fanout(tuple(Task("stages:square", {"value": value}) for value in values), Task("stages:add_up"))


def add_up(_: StageContext, results: list[int]) -> int:
    """The end of the inner fan-out."""
    return sum(results)


def total(_: StageContext, results: list[int], plus: int) -> StageResult:
    """The end of a fan-out."""
    return number(sum(results) + plus)
