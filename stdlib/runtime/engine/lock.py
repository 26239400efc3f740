"""`mlops.lock`: the rows that each data stage had, small, sorted and committed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.engine.outcome import StageRecord, Verdict
from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.store.faults import OperationError, next_step

NAME = "mlops.lock"
_HEADER = "# The rows that each data stage had, written by `mlopsc run`. Commit this file.\n"
_MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ")

Pin = Mapping[str, Any]
_Tables = dict[str, dict[str, dict[str, Pin]]]


def pin_of(record: StageRecord) -> Pin | None:
    """What the lock says of a data stage: its facts of these names; None for other stages and rows that failed."""
    if record.kind != "data" or record.verdict is not Verdict.OK:
        return None
    return {name: record.facts[name] for name in ("hash", "rows", "splits", "source") if name in record.facts} or None


class Lock:
    """The lock of a project, and in it the section of one pipeline in one environment.

    It is TOML with one table for each stage, so that a change is one hunk and two changes seldom meet. Opening it
    raises OperationError if the file is damaged.
    """

    def __init__(self, project: Path, pipeline: str, environment: str) -> None:
        self.path = project / NAME
        self._guard = project / ".mlops" / "lock.guard"
        self._pipeline = pipeline
        self._environment = environment
        self._tables = _parse(_read(self.path))

    def pin(self, stage: str) -> Pin | None:
        """What the lock says of a stage: `hash`, `rows`, `splits` and `source`; None when it says nothing."""
        return self._section.get(stage)

    def update(self, pins: Mapping[str, Pin], stages: frozenset[str]) -> None:
        """Write pins, and drop those of this section whose stage is not among `stages`; unchanged, nothing happens."""
        if self._section == self._updated(pins, stages):
            return
        with _alone(self._guard):
            current = Lock(self.path.parent, self._pipeline, self._environment)
            current._tables.setdefault(self._pipeline, {})[self._environment] = current._updated(pins, stages)
            write_atomically(self.path, _render(current._tables).encode())

    @property
    def _section(self) -> dict[str, Pin]:
        return self._tables.get(self._pipeline, {}).get(self._environment, {})

    def _updated(self, pins: Mapping[str, Pin], stages: frozenset[str]) -> dict[str, Pin]:
        written = {stage: _without_nulls(pin) for stage, pin in pins.items()}
        return {stage: pin for stage, pin in {**self._section, **written}.items() if stage in stages}


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise OperationError(f"`{NAME}` cannot be read: it is not UTF-8", "take it from the last commit") from error
    except OSError as error:
        raise OperationError(f"`{NAME}` cannot be read: {error.strerror}", next_step(error, path)) from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(_MARKERS):
            raise OperationError(
                f"`{NAME}` has a merge conflict in line {number}",
                "keep either side of it, then run again: what holds now is written",
            )
    return text


def _parse(text: str) -> _Tables:
    if not text:
        return {}
    import tomllib

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _damaged(str(error)) from error
    for pipeline in tables.values():
        for environment in pipeline.values() if isinstance(pipeline, dict) else [None]:
            if not isinstance(environment, dict) or not all(isinstance(pin, dict) for pin in environment.values()):
                raise _damaged("its tables are not `[pipeline.environment.stage]`")
    return tables


def _damaged(how: str) -> OperationError:
    step = "take it from the last commit, or delete it and run again: the rows of today are pinned then"
    return OperationError(f"`{NAME}` is damaged: {how}", step)


def _without_nulls(value: Any) -> Any:
    """TOML has no null: what is not known is not written."""
    if not isinstance(value, Mapping):
        return value
    return {name: _without_nulls(one) for name, one in value.items() if one is not None}


def _render(tables: Mapping[str, Any]) -> str:
    found = [
        _table(".".join(map(_key, (pipeline, environment, stage))), pin)
        for pipeline, environments in sorted(tables.items())
        for environment, stages in sorted(environments.items())
        for stage, pin in sorted(stages.items())
    ]
    return _HEADER + "".join(found)


def _table(path: str, pin: Pin) -> str:
    lines = [f"{_key(name)} = {_value(value)}\n" for name, value in sorted(pin.items())]
    return f"\n[{path}]\n{''.join(lines)}"


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in sorted(value.items()))
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # A JSON string is a TOML string, but for this one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@contextmanager
def _alone(guard: Path) -> Iterator[None]:
    """Only one process of this machine at a time; the system frees the guard when its holder dies."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system: the last writer wins
        yield
        return
    guard.parent.mkdir(parents=True, exist_ok=True)
    with guard.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
