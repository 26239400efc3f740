"""Two environments of a program, side by side: what is there in both, and otherwise in one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mlopsc.compiler.semantics.model import EnvironmentModel, SettingModel, StageModel

NONE = "-"
"""Stands for what is not there."""
_ACCESS = ("access", "approvers")
_CAPACITY = ("traffic", "budget", "executor", "serve")
_ORDER = ("follows",)
_GATES = ("test", "release")


@dataclass(frozen=True)
class Row:
    """Something that differs: what it is, and how it is in each of the two, as the spec says it."""

    what: str
    first: str
    second: str


Chosen = Callable[[StageModel], bool]
Sections = Mapping[str, tuple[Row, ...]]


def compared(first: EnvironmentModel, second: EnvironmentModel) -> Sections:
    """What differs between two environments, by section; a section in which nothing does is empty."""
    data = ("data",)
    return {
        "place": tuple(_settings("", *_except(first, second, (*_ACCESS, *_CAPACITY, *_ORDER)))),
        "data": tuple(_stages(first, second, lambda stage: stage.kind.word in data)),
        "access": tuple(_settings("", *_only(first, second, _ACCESS))),
        "gates": tuple(_rules(first, second, lambda stage: stage.kind.word in _GATES)),
        "capacity": tuple(_settings("", *_only(first, second, _CAPACITY))),
        "stages": tuple(_others(first, second)),
    }


def compared_settings(first: Mapping[str, SettingModel], second: Mapping[str, SettingModel]) -> tuple[Row, ...]:
    """Settings that are otherwise, or in one of them only."""
    return tuple(_settings("", first, second))


def _others(first: EnvironmentModel, second: EnvironmentModel) -> Iterator[Row]:
    yield from _stages(first, second, lambda stage: stage.kind.word != "data", with_rules=False)
    yield from _rules(first, second, lambda stage: stage.kind.word not in ("data", *_GATES))


def _stages(
    first: EnvironmentModel, second: EnvironmentModel, chosen: Chosen, *, with_rules: bool = True
) -> Iterator[Row]:
    for name in dict.fromkeys([*first.stages, *second.stages]):
        one, other = first.stages.get(name), second.stages.get(name)
        if not any(stage is not None and chosen(stage) for stage in (one, other)):
            continue
        if one is None or other is None:
            yield Row(name, *(stage.kind.word if stage else NONE for stage in (one, other)))
            continue
        yield from _settings(f"{name}.", one.settings, other.settings)
        yield from _columns(one, other)
    if with_rules:
        yield from _rules(first, second, chosen)


def _columns(first: StageModel, second: StageModel) -> Iterator[Row]:
    for name in dict.fromkeys(column.name for column in (*first.columns, *second.columns)):
        one, other = first.column(name), second.column(name)
        sides = [_flat(column.at.text) if column else NONE for column in (one, other)]
        if sides[0] != sides[1]:
            yield Row(f"{first.name}.schema.{name}", *sides)


def _rules(first: EnvironmentModel, second: EnvironmentModel, chosen: Chosen) -> Iterator[Row]:
    """Rules that are otherwise or in one of them only, and those that one waives, with its reason."""
    for name in dict.fromkeys([*first.stages, *second.stages]):
        one, other = first.stages.get(name), second.stages.get(name)
        if one is None or other is None or not chosen(one):
            continue
        texts = [{rule.id: rule.text for rule in stage.rules} for stage in (one, other)]
        waived = [{waiver.rule: f"waived: {waiver.reason}" for waiver in stage.waived} for stage in (one, other)]
        for rule in dict.fromkeys(identity for side in (*texts, *waived) for identity in side):
            sides = [rules.get(rule) or gone.get(rule) or NONE for rules, gone in zip(texts, waived, strict=True)]
            if sides[0] != sides[1]:
                yield Row(f"{name}: {rule}", *map(_flat, sides))


def _settings(prefix: str, first: Mapping[str, SettingModel], second: Mapping[str, SettingModel]) -> Iterator[Row]:
    for name in dict.fromkeys([*first, *second]):
        one, other = first.get(name), second.get(name)
        if (one.value if one else None) != (other.value if other else None):
            yield Row(f"{prefix}{name}", _written(one), _written(other))


def _written(setting: SettingModel | None) -> str:
    return _flat(setting.value_at.text) if setting else NONE


def _flat(text: str) -> str:
    """Text of a spec on one line, without comments at its ends."""
    lines = [line if '"' in line else line.partition("#")[0] for line in text.splitlines()]
    return " ".join(" ".join(lines).split())


def _only(
    first: EnvironmentModel, second: EnvironmentModel, names: tuple[str, ...]
) -> Iterator[Mapping[str, SettingModel]]:
    for one in (first, second):
        yield {name: one.settings[name] for name in names if name in one.settings}


def _except(
    first: EnvironmentModel, second: EnvironmentModel, names: tuple[str, ...]
) -> Iterator[Mapping[str, SettingModel]]:
    for one in (first, second):
        yield {name: found for name, found in one.settings.items() if name not in names}
