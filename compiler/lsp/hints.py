"""Inlay hints and code lenses: what follows from a spec, and from its last runs, and is not written in it."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.commands import RUN, WHY
from mlopsc.compiler.lsp.evidence import error_rate, rows_needed, rows_there
from mlopsc.compiler.lsp.examples import said
from mlopsc.compiler.lsp.judged import Judged, rule_at
from mlopsc.compiler.lsp.known import endings, judgement_of, rows_of
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.service import days_to_learn, fewest_days
from mlopsc.compiler.semantics.model import StageModel
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location

_SHORT_UNITS = ("h", "min", "s")
"""Lengths of time in these units are said in longer ones where they are whole."""


def inlay_hints(project: Project, path: str, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    """What is derived, in the lines that an editor shows, unless the user wants none."""
    file = project.file(path)
    if file is None or not project.wishes.hints:
        return []
    lines, found = project.lines(file.source), []
    shown = lines.span(params.range)
    hints = [*_of_stages(project, path), *_of_rules(project, path), *_of_lengths(file)]
    for offset, label, told in sorted(hints):
        if shown.start <= offset <= shown.end:
            found.append(lsp.InlayHint(lines.position(offset), label, tooltip=told, padding_left=True))
    return found


def lenses(project: Project, path: str, _: lsp.CodeLensParams) -> list[lsp.CodeLens]:
    """Above a stage: run it, why it would run, how it ended last, and who reads it."""
    file = project.file(path)
    if file is None or not project.wishes.lenses:
        return []
    found, ended = [], endings(project)
    for stage in _stages(project, path):
        range_ = project.lines(file.source).range(stage.at.span)
        readers = [one.name for one in _all(project) if stage.name in one.inputs]
        commands = []
        if stage.kind.runtime and project.folder is not None:
            arguments = [project.uri(project.main), stage.name]
            commands += [lsp.Command("Run", RUN, arguments=arguments), lsp.Command("Why", WHY, arguments=arguments)]
        if stage.name in ended:
            commands.append(lsp.Command(ended[stage.name].told, ""))
        commands.append(lsp.Command(f"read by {', '.join(readers)}" if readers else "read by no stage", ""))
        found += [lsp.CodeLens(range_, command=command) for command in commands]
    return found


Hint = tuple[int, str, str]
"""Where it stands, what it says, and what a hover on it says."""


def _of_stages(project: Project, path: str) -> Iterator[Hint]:
    """Behind headers what stages read through others; behind shares of a split how many rows these were."""
    for stage in _stages(project, path):
        derived = [name for name in stage.inputs if name not in _written(stage)]
        if derived:
            told = "What it reads besides the stages that its settings name."
            yield _end_of_line(stage.at), f"reads {', '.join(derived)}", told
        split = stage.settings.get("split")
        rows = rows_of(project, stage.name) if split is not None else None
        if rows is not None and split is not None and split.value_at.file.path == path:
            told = f"When last read, of {rows.rows:,} in all (`{rows.environment}`)."
            places = ((_share_of(split.value_at, name), count) for name, count in rows.splits.items())
            yield from ((place, f"{count:,} rows", told) for place, count in places if place is not None)


def _share_of(split: Location, name: str) -> int | None:
    """Where the share of a split ends in the text of its call."""
    at = split.text.find(f"{name} ")
    end = split.text.find("%", at)
    return split.span.start + end + 1 if at >= 0 and end >= 0 else None


def _of_rules(project: Project, path: str) -> Iterator[Hint]:
    """Behind rules what it takes to decide them."""
    for stage in _stages(project, path):
        for rule in stage.rules:
            judged = rule_at(project, path, rule.at.span.start) if rule.at.file.path == path else None
            label = _needed(judged) if judged is not None else ""
            if label:
                yield rule.at.span.end, label, "What it takes to decide this rule; a hover on the rule says more."


def _needed(judged: Judged) -> str:
    match judged.rule.verb, judged.stage.kind.word:
        case "require", "test":
            level = judged.level
            last = judgement_of(judged.project, judged.stage.name, judged.rule.id)
            needed = rows_needed(judged, error_rate(judged, level), last) if level is not None else None
            there = rows_there(judged)
            return f"about {needed:,} rows{f' of {there:,}' if there is not None else ''}" if needed else ""
        case "require", "release":
            return fewest_days(judged)
        case "watch", _:
            return days_to_learn(judged)
    return ""


def _of_lengths(file: ast.File) -> Iterator[Hint]:
    """Lengths of time in longer units: behind `168h`, a week."""
    for chunk, start in zip(file.chunks, file.starts, strict=True):
        nodes: list[ast.Node] = list(chunk.items)
        while nodes:
            node = nodes.pop()
            if isinstance(node, ast.Quantity):
                other = said(node.text) if node.unit in _SHORT_UNITS else ""
                if other:
                    yield node.span.end + start, other, f"`{node.text}` in other words."
            else:
                nodes += ast.children(node)


def _all(project: Project) -> list[StageModel]:
    """The stages as they are in the first environment that has them."""
    found: dict[str, StageModel] = {}
    for environment in project.compilation.environments:
        for name, stage in environment.stages.items():
            found.setdefault(name, stage)
    return list(found.values())


def _stages(project: Project, path: str) -> Iterator[StageModel]:
    return (one for one in _all(project) if one.at.file.path == path)


def _written(stage: StageModel) -> set[str]:
    """The stages that settings name."""
    values = [one.value for one in stage.settings.values()]
    names = {value for value in values if isinstance(value, str)}
    return names | {str(one) for value in values if isinstance(value, list) for one in value}


def _end_of_line(at: Location) -> int:
    end = at.file.text.find("\n", at.span.end)
    return end if end >= 0 else len(at.file.text)
