"""Inlay hints and code lenses: what follows from a spec and is not written in it."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.semantics.model import StageModel
from mlopsc.compiler.text import Location


def inlay_hints(project: Project, path: str, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    """Behind the header of a stage, what it reads through others; in the lines that an editor shows."""
    file = project.file(path)
    if file is None:
        return []
    lines = project.lines(file.source)
    found = []
    for stage in _stages(project, path):
        position = lines.position(_end_of_line(stage.at))
        derived = [name for name in stage.inputs if name not in _written(stage)]
        if derived and params.range.start.line <= position.line <= params.range.end.line:
            label = f"reads {', '.join(derived)}"
            told = "What it reads besides the stages that its settings name."
            found.append(lsp.InlayHint(position, label, tooltip=told, padding_left=True))
    return found


def lenses(project: Project, path: str, _: lsp.CodeLensParams) -> list[lsp.CodeLens]:
    """Above a stage, who reads it."""
    file = project.file(path)
    found = []
    for stage in _stages(project, path) if file else ():
        readers = [one.name for one in _all(project) if stage.name in one.inputs]
        title = f"read by {', '.join(readers)}" if readers else "read by no stage"
        assert file is not None
        range_ = project.lines(file.source).range(stage.at.span)
        found.append(lsp.CodeLens(range_, command=lsp.Command(title, "")))
    return found


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
