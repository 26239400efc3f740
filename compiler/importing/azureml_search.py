"""Sweep jobs of Azure ML: the values of parameters that they try, as far as a search of the language can say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Any

from mlopsc.compiler.importing.measures import measure_of
from mlopsc.compiler.importing.model import Note, Tried
from mlopsc.compiler.importing.yaml_values import Value

_RANGES = frozenset({"uniform", "quniform", "loguniform", "qloguniform", "randint"})
_GOALS = {"maximize": ">=", "minimize": "<="}
_LIMITS = {
    "timeout": "`timeout` of a stage says how long it may take",
    "trial_timeout": "`timeout` of a stage says how long it may take",
    "max_concurrent_trials": "candidates run side by side by themselves",
}


@dataclass(frozen=True)
class Space:
    """What a sweep tries, and how many combinations of it are drawn; all of them unless that is said."""

    tried: Mapping[str, Tried] = field(default_factory=dict)
    candidates: int | None = None


def read_space(name: str, job: Value, left: list[Note]) -> Space:
    """The search space of a job; what of it cannot be said is told in `left`."""
    space, limits = job.get("search_space"), job.get("limits")
    if not space.is_mapping:
        return Space()
    found = {key: _tried(key, one, left) for key, one in space.items}
    sampling = job.get("sampling_algorithm")
    algorithm = sampling.get("type").text or sampling.text
    if algorithm == "bayesian":
        outcome = "`random` draws combinations without learning from those before"
        left.append(Note(sampling.place, f"`{algorithm}` sampling of `{name}`", outcome))
    left += [Note(one.place, f"`{key}` of `{name}`", _LIMITS[key]) for key, one in limits.items if key in _LIMITS]
    _tell_of_goal(job.get("objective"), left)
    most = limits.get("max_total_trials").text
    drawn = algorithm != "grid" and most.isdecimal() and int(most) > 0
    return Space({key: one for key, one in found.items() if one is not None}, int(most) if drawn else None)


def _tried(name: str, value: Value, left: list[Note]) -> Tried | None:
    kind = value.get("type").text
    plain = [one.plain for one in value.get("values").elements if not one.is_mapping and not one.is_list]
    if kind == "choice" and plain:
        return Tried(tuple(plain))
    ends = _ends(kind, value)
    if ends is None:
        outcome = "a list such as `[0.1, 0.3]` or a range such as `0.1..0.3` says what a search tries"
        left.append(Note(value.place, f"`{name}`, drawn by `{kind or 'nothing'}`", outcome))
        return None
    if kind not in ("uniform", "randint"):
        outcome = "its range was taken: a search draws evenly from it and without steps; a list has any values"
        left.append(Note(value.place, f"`{name}`, drawn by `{kind}`", outcome))
    return Tried(ends=ends)


def _ends(kind: str, value: Value) -> tuple[float, float] | None:
    """Both ends of the range that a parameter is drawn from; None where there is none."""
    low, high = value.get("min_value").plain, value.get("max_value").plain
    if kind == "randint" and _is_number(value.get("upper").plain):
        low, high = 0, value.get("upper").plain - 1
    if kind not in _RANGES or not _is_number(low) or not _is_number(high) or low > high:
        return None
    if "log" not in kind:
        return low, high
    try:
        return float(f"{exp(low):.6g}"), float(f"{exp(high):.6g}")
    except OverflowError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tell_of_goal(objective: Value, left: list[Note]) -> None:
    """Where a metric shall become less that is better when it is more, or the other way round."""
    metric, goal = objective.get("primary_metric").text, objective.get("goal").text.lower()
    measure = measure_of({metric: None}, "")
    if measure.name and _GOALS.get(goal, measure.better) != measure.better:
        better = "higher" if measure.better == ">=" else "lower"
        outcome = f"`{measure.word}` is better when it is {better}, and that is what the stage aims for"
        left.append(Note(objective.place, f"the goal to {goal} `{metric}`", outcome))
