"""What DVC fills into `${…}`, and the stages that `foreach` and `matrix` stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from mlopsc.compiler.importing.model import ImportProblem, Place
from mlopsc.compiler.importing.yaml_values import Value

_PLACE = re.compile(r"(?P<escape>\\)?\$\{(?P<name>[^}]*)\}")
_MOST = 2_000
"""How many stages one file may stand for."""

Scope = Mapping[str, Any]


def filled(value: Value, scope: Scope) -> Value:
    """The value with all `${…}` in it filled in; raises ImportProblem where there is nothing to fill in."""
    if isinstance(value.content, dict):
        content = {_text(key, scope, one.place): filled(one, scope) for key, one in value.content.items()}
        return Value(content, value.place)
    if isinstance(value.content, list):
        return Value([filled(one, scope) for one in value.content], value.place)
    if not isinstance(value.content, str):
        return value
    whole = _PLACE.fullmatch(value.content.strip())
    if whole and not whole["escape"]:
        return located(looked_up(whole["name"], scope, value.place), value.place)
    return Value(_text(value.content, scope, value.place), value.place)


def located(plain: Any, place: Place) -> Value:
    """A plain value as one that stands on a line, with all that is in it."""
    if isinstance(plain, dict):
        return Value({str(key): located(one, place) for key, one in plain.items()}, place)
    if isinstance(plain, list):
        return Value([located(one, place) for one in plain], place)
    return Value(plain, place)


def looked_up(name: str, scope: Scope, place: Place) -> Any:
    """What a dotted name such as `train.sizes[0]` stands for."""
    found: Any = scope
    for part in re.findall(r"[^.\[\]\s]+", name):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            fact = f"`{place}`: `${{{name}}}` stands for nothing that is known"
            raise ImportProblem(fact, f"say `{name.strip()}` in params.yaml, or below `vars:`")
    return found


def _text(text: str, scope: Scope, place: Place) -> str:
    def one(match: re.Match[str]) -> str:
        if match["escape"]:
            return match[0][1:]
        return _shown(looked_up(match["name"], scope, place))

    return _PLACE.sub(one, text)


def _shown(value: Any) -> str:
    """A value inside of a text: as DVC writes it into commands."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return " ".join(_options(value, ""))
    if isinstance(value, list):
        return " ".join(map(_shown, value))
    return "" if value is None else str(value)


def _options(value: Mapping[str, Any], before: str) -> Iterator[str]:
    for key, one in value.items():
        if isinstance(one, Mapping):
            yield from _options(one, f"{before}{key}.")
        elif one is True:
            yield f"--{before}{key}"
        elif one is not False and one is not None:
            yield f"--{before}{key} {_shown(one)}"


def expanded(name: str, stage: Value, scope: Scope) -> Iterator[tuple[str, Value, Scope]]:
    """The stages that one entry stands for, by name, each with what its `${…}` may name."""
    if stage.get("foreach"):
        for key, item in _entries(filled(stage.get("foreach"), scope)):
            yield f"{name}@{key}", Value(stage.get("do").content, stage.place), {**scope, "item": item, "key": key}
    elif stage.get("matrix"):
        axes = [(axis, _axis(axis, filled(one, scope))) for axis, one in stage.get("matrix").items]
        _limit(stage, axes)
        for chosen in product(*(entries for _, entries in axes)):
            key = "-".join(label for label, _ in chosen)
            item = {axis: value for (axis, _), (_, value) in zip(axes, chosen, strict=True)}
            yield f"{name}@{key}", stage, {**scope, "item": item, "key": key}
    else:
        yield name, stage, scope


def _limit(stage: Value, axes: list[tuple[str, list[tuple[str, Any]]]]) -> None:
    count = 1
    for _, entries in axes:
        count *= len(entries)
    if count > _MOST:
        fact = f"`{stage.place}`: the matrix stands for {count:,} stages"
        raise ImportProblem(fact, f"shorten its lists to {_MOST:,} stages at most, then import again")


def _entries(value: Value) -> list[tuple[str, Any]]:
    """What `foreach` runs over: the keys of a mapping, the elements of a list, or their numbers if they are more."""
    if value.is_mapping:
        return [(key, one.plain) for key, one in value.items]
    if any(one.is_mapping or one.is_list for one in value.elements):
        return [(str(number), one.plain) for number, one in enumerate(value.elements)]
    return [(str(one.plain), one.plain) for one in value.elements]


def _axis(axis: str, value: Value) -> list[tuple[str, Any]]:
    return [
        (f"{axis}{number}" if one.is_mapping or one.is_list else str(one.plain), one.plain)
        for number, one in enumerate(value.elements)
    ]
