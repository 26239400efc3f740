"""What is known of scikit-learn's estimators without importing it: names, tasks, parameters and what those may be.

The table beside this module is made by `tests/estimators/estimator_table.py` from scikit-learn as installed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from mlopsc.compiler.semantics.project import EstimatorInfo, EstimatorParameter, Parameter

_WORDS = {"none": "none", "bool": "true or false", "seed": "a whole number >= 0", "verbose": "a whole number >= 0"}
_LARGEST_SEED = 2**32 - 1


@cache
def estimator(name: str) -> EstimatorInfo | None:
    """The estimator of that name below `sklearn.`, if there is one."""
    known = _table()["estimators"].get(name)
    if known is None:
        return None
    described = {
        word: EstimatorParameter(default or "", describe(allowed[0] if allowed else ("other",)))
        for word, (default, *allowed) in known.get("parameters", {}).items()
    }
    return EstimatorInfo(name, _task(known["tasks"]), described)


def names() -> Collection[str]:
    """The names of all estimators, and of all else below `sklearn.` that is fitted."""
    return tuple(_table()["estimators"])


def version() -> str:
    """The version of scikit-learn that the table was made from."""
    return str(_table()["scikit-learn"])


def constructor(name: str) -> tuple[Parameter, ...] | None:
    """What the constructor of `sklearn.…` takes, all by name; None for what is not in the table."""
    info = estimator(name.removeprefix("sklearn."))
    if info is None or info.task == "other":
        return None
    return tuple(Parameter(word, "keyword", one.default or None) for word, one in info.parameters.items())


def accepts(name: str, parameter: str, value: object) -> bool:
    """Whether a parameter of an estimator may have a value; what the table does not know may be anything."""
    known = _table()["estimators"].get(name, {}).get("parameters", {}).get(parameter, [])
    allowed = known[1] if len(known) > 1 else ["other"]
    return any(_fits(one, value) for one in allowed)


def describe(allowed: Iterable[Any]) -> str:
    """What a parameter may be, in words: `a number > 0`, `none or a whole number >= 1`."""
    return " or ".join(dict.fromkeys(_worded(one) for one in allowed if one != "other")) or "anything"


@cache
def _table() -> dict[str, Any]:
    import json

    table: dict[str, Any] = json.loads(Path(__file__).with_name("estimators.json").read_text("utf-8"))
    return table


def _task(tasks: list[str]) -> Literal["regression", "classification", "other"]:
    if not tasks:
        return "other"
    return "regression" if tasks == ["regression"] else "classification"


def _fits(allowed: Any, value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match allowed:
        case "other":
            return True
        case "none":
            return value is None
        case "bool":
            return isinstance(value, bool)
        case "verbose":
            return isinstance(value, int)
        case "seed":
            return value is None or (is_number and isinstance(value, int) and 0 <= value <= _LARGEST_SEED)
        case ["among", *words]:
            return value in words
        case [kind, low, high, closed]:
            return is_number and (kind == "float" or isinstance(value, int)) and _within(value, low, high, closed)
    return True


def _within(value: Any, low: float | None, high: float | None, closed: str) -> bool:
    above = low is None or (value >= low if closed in ("left", "both") else value > low)
    below = high is None or (value <= high if closed in ("right", "both") else value < high)
    return above and below


def _worded(allowed: Any) -> str:
    match allowed:
        case ["among", *words]:
            return " or ".join(f'"{word}"' for word in words)
        case [kind, low, high, closed]:
            return f"{'a whole number' if kind == 'int' else 'a number'}{_limits(low, high, closed)}"
    return _WORDS[allowed]


def _limits(low: float | None, high: float | None, closed: str) -> str:
    at_least = "" if low is None else f"{'>=' if closed in ('left', 'both') else '>'} {low:g}"
    at_most = "" if high is None else f"{'<=' if closed in ('right', 'both') else '<'} {high:g}"
    said = " and ".join(part for part in (at_least, at_most) if part)
    return f" {said}" if said else ""
