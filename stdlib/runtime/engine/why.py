"""Why a stage runs again: the parts of its key, compared with those of its newest earlier record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlopsc.stdlib.runtime.engine.keys import Parts


@dataclass(frozen=True)
class Why:
    """What a run would do with a stage, and why.

    `cached`: nothing. `runs`: its work, for these causes. `depends`: it runs only if what the stages before it give
    is new. `skipped`: a stage before it has failed, and would again.
    """

    stage: str
    kind: str
    status: Literal["cached", "runs", "depends", "skipped"]
    causes: tuple[str, ...] = ()


def causes(now: Parts, earlier: Parts | None) -> tuple[str, ...]:
    """In words, what differs between the parts of two keys; a part that either lacks is not compared."""
    if earlier is None:
        return ("it has not run here before",)
    return tuple(
        cause for name in _WORDS if name in now and name in earlier for cause in _differences(name, now, earlier)
    )


def _differences(name: str, now: Parts, earlier: Parts) -> Iterator[str]:
    if now[name] != earlier[name]:
        yield from _WORDS[name](now[name], earlier[name])


def _declaration(now: Parts, earlier: Parts) -> Iterator[str]:
    yield from _entries("setting", now["settings"], earlier["settings"])
    yield from _entries("rule", now["rules"], earlier["rules"])
    columns = [{column["name"]: column for column in one.get("columns", ())} for one in (now, earlier)]
    yield from _entries("column", *columns)
    if list(columns[0]) != list(columns[1]) and columns[0] == columns[1]:
        yield "the columns stand in another order"
    if now.get("waived") != earlier.get("waived"):
        yield "other rules are waived"


def _entries(what: str, now: Mapping[str, Any], earlier: Mapping[str, Any]) -> Iterator[str]:
    kind = f"{what} " if what else ""
    for name in sorted(now.keys() | earlier.keys()):
        if name not in earlier:
            yield f"{kind}`{name}` is new"
        elif name not in now:
            yield f"{kind}`{name}` is gone"
        elif now[name] != earlier[name]:
            yield f"{kind}`{name}` changed"


def _files(now: Parts, earlier: Parts) -> Iterator[str]:
    yield from _entries("", now, earlier)


def _inputs(now: Parts, earlier: Parts) -> Iterator[str]:
    for name in now:
        before = earlier.get(name)
        if before is None:
            yield f"input `{name}` is new"
        elif now[name]["outputs"] != before["outputs"]:
            changed = sorted(k for k, v in now[name]["outputs"].items() if before["outputs"].get(k) != v)
            yield f"`{name}` gave other {' and '.join(f'`{one}`' for one in changed) or 'outputs'}"
        elif now[name] != before:
            yield f"`{name}` found other facts"


def _seen(now: Parts, earlier: Parts) -> Iterator[str]:
    for name in now:
        if name in earlier and now[name] != earlier[name]:
            yield f"columns or settings of `{name}` changed"


def _pipeline(now: Parts, earlier: Parts) -> Iterator[str]:
    if now["metrics"] != earlier["metrics"]:
        yield "a metric that it uses changed"
    if now.get("serves") != earlier.get("serves"):
        yield "a release reads the environment now" if now["serves"] else "no release reads the environment any more"


def _source(*_: str) -> Iterator[str]:
    yield "its source is read in each run (`refresh = pinned` keeps the rows)"


def _clock(*_: str) -> Iterator[str]:
    yield "it holds the age of its rows against the clock (`as_of` fixes the time)"


def _champion(now: Parts, earlier: Parts) -> Iterator[str]:
    for model, number in now.items():
        if number != earlier.get(model):
            yield f"the champion of `{model}` is {f'version {number}' if number else 'none'} now"


def _dependencies(now: Parts, earlier: Parts) -> Iterator[str]:
    yield from (f"`{name}` changed" if name in earlier else f"dependencies come from `{name}` now" for name in now)


def _python(now: str, earlier: str) -> Iterator[str]:
    yield f"this is Python {now}, it ran on {earlier}"


def _results(*_: int) -> Iterator[str]:
    yield "this version of mlopsc computes it in another way"


_WORDS: Mapping[str, Any] = {
    "declaration": _declaration,
    "code": _files,
    "files": _files,
    "inputs": _inputs,
    "seen": _seen,
    "source": _source,
    "clock": _clock,
    "champion": _champion,
    "pipeline": _pipeline,
    "dependencies": _dependencies,
    "python": _python,
    "results": _results,
}
