"""What a drawing shows of each stage, in words, as it was written in the spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlopsc.compiler.render.concealing import concealed
from mlopsc.compiler.semantics.model import ColumnModel, EnvironmentModel, RuleModel, StageModel

_COMMENT = re.compile(r"#[^\n\"']*$", re.MULTILINE)


@dataclass(frozen=True)
class Line:
    """A setting or rule: the word that it begins with, and the rest of it."""

    word: str
    text: str


@dataclass(frozen=True)
class Card:
    """A stage: what it reads, its settings, columns and rules, its place in the spec, and how deep in the graph it is.

    `level` counts from 0: stages of one level could run side by side.
    """

    name: str
    kind: str
    level: int
    inputs: tuple[str, ...]
    settings: tuple[Line, ...]
    columns: tuple[Line, ...]
    rules: tuple[Line, ...]
    waived: tuple[Line, ...]
    place: str
    summary: str
    runs: bool


def cards(environment: EnvironmentModel, levels: Sequence[Sequence[str]]) -> tuple[Card, ...]:
    """A card for each stage of an environment, in its order."""
    depth = {name: number for number, level in enumerate(levels) for name in level}
    return tuple(_card(stage, depth[stage.name]) for stage in environment.stages.values())


def _card(stage: StageModel, level: int) -> Card:
    return Card(
        stage.name,
        stage.kind.word,
        level,
        stage.inputs,
        tuple(Line(name, one_line(setting.value_at.text)) for name, setting in stage.settings.items()),
        tuple(Line(column.name, _column(column)) for column in stage.columns),
        tuple(_rule(rule) for rule in stage.rules),
        tuple(Line(waiver.rule, waiver.reason) for waiver in stage.waived),
        str(stage.at),
        stage.kind.summary(),
        bool(stage.kind.runtime),
    )


def one_line(text: str) -> str:
    """Source text without its line breaks, the comments before them, and what is secret in it."""
    return concealed(" ".join(_COMMENT.sub("", text).split()) if "\n" in text else text.strip())


def _column(column: ColumnModel) -> str:
    return one_line(column.at.text).partition(":")[2].strip() or str(column.type.get("function", ""))


def _rule(rule: RuleModel) -> Line:
    return Line(rule.verb, concealed(rule.text.removeprefix(rule.verb).strip()))


def readers(all_cards: Iterable[Card]) -> Mapping[str, tuple[str, ...]]:
    """For each stage the stages that read it, in their order."""
    found: dict[str, list[str]] = {}
    for card in all_cards:
        found.setdefault(card.name, [])
        for source in card.inputs:
            found.setdefault(source, []).append(card.name)
    return {name: tuple(names) for name, names in found.items()}
