"""`mlops.lock`: the rows that each data stage had, small, sorted and committed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.store.faults import OperationError

NAME = "mlops.lock"
_HEADER = "# The rows that each data stage had, written by `mlopsc run`. Commit this file.\n"
_MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ")

Pin = Mapping[str, Any]


class Lock:
    """The lock of a project, and in it the section of one pipeline in one environment.

    It is TOML with one table for each stage, so that a change is one hunk and two changes seldom meet. Raises
    OperationError, here or when it is first needed, if the file is damaged.
    """

    def __init__(self, project: Path, pipeline: str, environment: str) -> None:
        self.path = project / NAME
        self._guard = project / ".mlops" / "lock.guard"
        self._pipeline = pipeline
        self._environment = environment
        self._text = _read(self.path)

    def pin(self, stage: str) -> Pin | None:
        """What the lock says of a stage: `hash`, `rows`, `splits`, `source`, …; None when it says nothing."""
        pins: Mapping[str, Pin] = self._tables.get(self._pipeline, {}).get(self._environment, {})
        return pins.get(stage)

    def update(self, pins: Mapping[str, Pin], stages: frozenset[str]) -> None:
        """Write pins, and drop those of this section whose stage is not among `stages`; unchanged, nothing happens."""
        known = all(f"{_table(self._path_of(name), pin)}\n" in f"{self._text}\n" for name, pin in pins.items())
        if known and not self._strays(stages):
            return
        with _alone(self._guard):
            current = Lock(self.path.parent, self._pipeline, self._environment)
            tables = current._tables
            section = tables.setdefault(self._pipeline, {}).setdefault(self._environment, {})
            kept = {name: pin for name, pin in {**section, **pins}.items() if name in stages}
            tables[self._pipeline][self._environment] = kept
            text = _render(tables)
            if text != current._text:
                write_atomically(self.path, text.encode())

    def _path_of(self, stage: str) -> str:
        return ".".join(_key(part) for part in (self._pipeline, self._environment, stage))

    def _strays(self, stages: frozenset[str]) -> bool:
        prefix = f"[{self._path_of('')[:-2]}"
        headers = {line for line in self._text.splitlines() if line.startswith(prefix)}
        return not headers <= {f"[{self._path_of(stage)}]" for stage in stages}

    @cached_property
    def _tables(self) -> dict[str, Any]:
        import tomllib

        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise OperationError(
                f"`{NAME}` is damaged: {error}",
                "take it from the last commit, or delete it and run again: the rows of today are pinned then",
            ) from error


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise OperationError(f"`{NAME}` cannot be read: {error}", "take it from the last commit") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(_MARKERS):
            raise OperationError(
                f"`{NAME}` has a merge conflict in line {number}",
                "keep either side of it, then run again: what holds now is written",
            )
    return text


def _render(tables: Mapping[str, Any]) -> str:
    found = [
        _table(".".join(map(_key, (pipeline, environment, stage))), pin)
        for pipeline, environments in sorted(tables.items())
        for environment, stages in sorted(environments.items())
        for stage, pin in sorted(stages.items())
    ]
    return _HEADER + "".join(found)


def _table(path: str, pin: Pin) -> str:
    lines = [f"{_key(name)} = {_value(value)}\n" for name, value in sorted(pin.items()) if value is not None]
    return f"\n[{path}]\n{''.join(lines)}"


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in sorted(value.items()) if one is not None)
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
