"""What the owner of a repository lays over workflows that a build writes: by the ids of jobs and steps, which stay.

A job may get other machines, more time, variables, services and steps. What follows from the spec (who waits for whom,
what a token may do, who approves) is not to be laid over, and the result is held to our own rules like any workflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.comments import CommentedMap

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.targets.github.own_files import OwnFileProblem, line_of, loaded
from mlopsc.targets.github.pins import KNOWN, Pin
from mlopsc.targets.yaml_text import lines_of, safe_text

PATH = ".github/mlopsc-overlays.yml"
"""Where it is, from the top of the repository."""
_OF_WORKFLOW = ("env", "jobs")
_OF_JOB = ("runs-on", "timeout-minutes", "env", "services", "steps")
_OF_STEP = ("env", "with", "timeout-minutes")
_PLACES = ("before", "after")
_OF_NEW_STEP = (*_PLACES, "name", "if", "uses", "with", "env", "run", "shell", "timeout-minutes")
_MERGED = ("env", "with", "services")


@dataclass(frozen=True)
class Overlays:
    """What is laid over each workflow, by the name of its file without `.yml`."""

    body: CommentedMap

    @classmethod
    def none(cls) -> Overlays:
        """Those of a repository that has none."""
        return cls(CommentedMap())

    @property
    def actions(self) -> set[str]:
        """The actions that its steps use."""
        return {str(step["uses"]) for step in self._steps() if "uses" in step}

    def check(self, written: Iterable[str], others: Iterable[str]) -> None:
        """Raise OwnFileProblem for a workflow that is neither among those just `written` nor another that is there."""
        names, there = sorted(written), {*others}
        for name in self.body:
            if name not in names and name not in there:
                raise _unknown("workflow", str(name), names, line_of(self.body, name))

    def of(self, workflow: str) -> CommentedMap | None:
        """What is laid over a workflow, if anything is; raises OwnFileProblem."""
        if workflow not in self.body:
            return None
        return _mapping(self.body, workflow, _OF_WORKFLOW)

    def _steps(self) -> Iterator[Mapping[str, Any]]:
        for workflow in self.body.values():
            jobs = workflow.get("jobs") if isinstance(workflow, Mapping) else None
            for job in jobs.values() if isinstance(jobs, Mapping) else ():
                steps = job.get("steps") if isinstance(job, Mapping) else None
                yield from (one for one in _values(steps) if isinstance(one, Mapping))


def read(text: str) -> Overlays:
    """The overlays of a file; raises OwnFileProblem."""
    return Overlays(loaded(text, "workflows"))


def lay(overlay: CommentedMap, document: CommentedMap, pins: Mapping[str, Pin]) -> None:
    """Change a workflow as its overlay says; raises OwnFileProblem where that cannot be."""
    if "env" in overlay:
        _merge(document, "env", overlay)
    for job, found, changes in _matched(overlay, document.get("jobs", {}), _OF_JOB, "jobs", "job"):
        for key in changes:
            if key == "steps":
                found["steps"] = _steps(changes, found["steps"], pins, job)
            else:
                _merge(found, key, changes)


def _steps(changes: CommentedMap, steps: Sequence[CommentedMap], pins: Mapping[str, Pin], job: str) -> list[Any]:
    by_id = {str(step["id"]): step for step in steps}
    result = [*steps]
    for name in _mapping(changes, "steps", None):
        asked = changes["steps"][name]
        is_new = isinstance(asked, Mapping) and any(place in asked for place in _PLACES)
        body = _mapping(changes["steps"], name, _OF_NEW_STEP if is_new else _OF_STEP)
        line = line_of(changes["steps"], name)
        if not is_new:
            if name not in by_id:
                raise _unknown(f"step of `{job}`", str(name), by_id, line)
            for key in body:
                _merge(by_id[str(name)], key, body)
            continue
        if name in by_id:
            raise OwnFileProblem(f"`{job}` has a step `{name}` already", "give the new one another id", line)
        _insert(result, _new_step(str(name), body, pins, line), body, line, job)
    return result


def _insert(steps: list[Any], new: CommentedMap, body: CommentedMap, line: int, job: str) -> None:
    places = [place for place in _PLACES if place in body]
    ids = [str(step["id"]) for step in steps]
    if len(places) != 1:
        raise OwnFileProblem(f"step `{new['id']}` is to be both before and after others", "say one of them", line)
    other = str(body[places[0]])
    if other not in ids:
        raise _unknown(f"step of `{job}`", other, ids, line)
    steps.insert(ids.index(other) + (places[0] == "after"), new)


def _new_step(name: str, body: CommentedMap, pins: Mapping[str, Pin], line: int) -> CommentedMap:
    if ("run" in body) == ("uses" in body):
        raise OwnFileProblem(f"step `{name}` must either `run` a script or use an action", "write one of them", line)
    found = CommentedMap(id=safe_text(name))
    found["name"] = _plain(body.get("name", name))
    for key in (one for one in _OF_NEW_STEP if one in body and one not in (*_PLACES, "name")):
        if key == "uses":
            _use(found, str(body[key]), pins, line_of(body, key))
        else:
            found[key] = lines_of(f"{body[key]}".rstrip("\n") + "\n") if key == "run" else _plain(body[key])
    return found


def _use(step: CommentedMap, action: str, pins: Mapping[str, Pin], line: int) -> None:
    pin = next((one for one in (*pins.values(), *KNOWN.values()) if one.action == action), None)
    if pin is None:
        fact = f"`{action}` is not pinned"
        raise OwnFileProblem(fact, "name the action alone, and its release and commit in `mlopsc-pins.yml`", line)
    step["uses"] = f"{pin.action}@{pin.commit}"
    step.yaml_add_eol_comment(pin.version, "uses")


def _matched(
    overlay: CommentedMap, there: Mapping[str, Any], allowed: Sequence[str], key: str, what: str
) -> Iterator[tuple[str, CommentedMap, CommentedMap]]:
    """What an overlay names, beside what it is laid over."""
    named = _mapping(overlay, key, None) if key in overlay else CommentedMap()
    for name in named:
        if name not in there:
            raise _unknown(what, str(name), list(there), line_of(named, name))
        yield str(name), there[name], _mapping(named, name, allowed)


def _mapping(body: CommentedMap, key: Any, allowed: Sequence[str] | None) -> CommentedMap:
    """The mapping below a key, with none but the keys that are allowed; raises OwnFileProblem."""
    value = body[key]
    if not isinstance(value, CommentedMap):
        raise OwnFileProblem(
            f"`{key}` says nothing", "write what is to be changed below it, or remove it", line_of(body, key)
        )
    for one in value:
        if allowed is not None and one not in allowed:
            listed = ", ".join(f"`{word}`" for word in allowed)
            close = did_you_mean(str(one), allowed)
            hint = f"did you mean `{close}`?" if close else f"there are {listed}; the rest follows from the spec"
            raise OwnFileProblem(f"`{one}` cannot be laid over `{key}`", hint, line_of(value, one))
    return value


def _merge(there: CommentedMap, key: str, changes: CommentedMap) -> None:
    """Take a value over; of mappings, name by name."""
    value = changes[key]
    if key in _MERGED:
        if not isinstance(value, Mapping):
            raise OwnFileProblem(f"`{key}` is no mapping", "write names and values below it", line_of(changes, key))
        there.setdefault(key, CommentedMap()).update({safe_text(str(name)): _plain(one) for name, one in value.items()})
        if key == "env" and "steps" in there:
            there.move_to_end("steps")
    else:
        there[key] = _plain(value)


def _plain(value: Any) -> Any:
    """A value as every reader takes it: text in quotes where it could be something else."""
    match value:
        case Mapping():
            return CommentedMap({safe_text(str(name)): _plain(one) for name, one in value.items()})
        case bool() | int() | float():
            return value
        case list():
            return [_plain(one) for one in value]
        case None:
            return safe_text("")
        case _:
            return safe_text(str(value))


def _values(steps: Any) -> Iterable[Any]:
    return steps.values() if isinstance(steps, Mapping) else ()


def _unknown(what: str, name: str, known: Iterable[str], line: int) -> OwnFileProblem:
    names = [*known]
    close = did_you_mean(name, names)
    hint = f"did you mean `{close}`?" if close else f"there are {', '.join(f'`{one}`' for one in names)}"
    return OwnFileProblem(f"there is no {what} `{name}`", hint, line)
