"""What the page shows beside the editor, of one state of a spec: drawings, plans, files and the score."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.render.cards import Line, cards, one_line

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.semantics.model import EnvironmentModel, StageModel
    from mlopsc.compiler.text import Location
    from mlopsc.targets import OutputFile

Uris = Callable[[str], str]
"""The URI by which the page knows a file of the program."""
Json = dict[str, Any]

_STATES = {"cached": "done", "runs": "would run", "depends": "may run", "skipped": "skipped"}


def view(compilation: Compilation, uri: Uris) -> Json:
    """The drawing and the plan of each environment, and the score; without them where the spec has errors."""
    errors = sum(one.is_error for one in compilation.diagnostics)
    pipeline = compilation.model.pipeline
    found: Json = {
        "errors": errors,
        "files": [{"uri": uri(file.source.path), "path": file.source.path} for file in compilation.files],
        "pipeline": pipeline.name if pipeline else "",
    }
    if errors or not compilation.pipelines:
        return {**found, "errors": max(errors, 1)}
    return {
        **found,
        "environments": [_environment(compilation, one, uri) for one in compilation.environments],
        "score": _score(compilation, uri),
    }


def _environment(compilation: Compilation, environment: EnvironmentModel, uri: Uris) -> Json:
    from mlopsc.compiler.ir.graph import levels
    from mlopsc.compiler.render.svg import render_svg

    waves = levels(compilation.pipelines[environment.name])
    shown = cards(environment, waves)
    title = f"{compilation.pipelines[environment.name].name} in {environment.name}"
    return {
        "name": environment.name,
        "at": _place(environment.at, uri),
        "settings": [_line(Line(name, one_line(one.value_at.text))) for name, one in environment.settings.items()],
        "svg": render_svg(title, shown, links=True),
        "stages": [
            {
                "name": card.name,
                "kind": card.kind,
                "level": card.level,
                "summary": card.summary,
                "runs": card.runs,
                "reads": card.inputs,
                "settings": [_line(one) for one in card.settings],
                "changed": [*environment.stages[card.name].overridden],
                "columns": len(card.columns),
                "rules": list(_rules(environment.stages[card.name], uri)),
                "waived": [_line(one) for one in card.waived],
                "at": _place(environment.stages[card.name].at, uri),
            }
            for card in shown
        ],
    }


def _rules(stage: StageModel, uri: Uris) -> Iterator[Json]:
    for rule in stage.rules:
        text = one_line(rule.text)
        yield {"verb": rule.verb, "text": text.removeprefix(rule.verb).strip(), "at": _place(rule.at, uri)}


def _score(compilation: Compilation, uri: Uris) -> Json:
    from mlopsc.compiler.render.principles import render_principles_json

    pipeline = compilation.model.pipeline
    found: Json = json.loads(render_principles_json(pipeline.name if pipeline else "", compilation.principles, uri))
    return found


def emitted(compilation: Compilation, targets: Sequence[str]) -> tuple[list[OutputFile], list[Json]]:
    """The files that each target makes, and what keeps those from it that make none."""
    files: list[OutputFile] = []
    refused: list[Json] = []
    for name in targets:
        files += compilation.emit((name,))
        errors = [one for one in compilation.diagnostics_for((name,)) if one.is_error]
        refused += [{"target": name, "message": one.message, "hint": one.hint} for one in errors[:1]]
    return files, refused


def listing(files: Sequence[OutputFile], compilation: Compilation) -> list[Json]:
    """What the page lists of files before it asks for one."""
    places = _folders(compilation)
    return [
        {
            "path": file.path,
            "target": file.target,
            "environment": next((name for folder, name in places.items() if file.path.startswith(folder)), ""),
            "committed": file.committed,
            "lines": file.text.count("\n"),
            "digest": sha256(file.text.encode("utf-8", "surrogatepass")).hexdigest()[:12],
        }
        for file in files
    ]


def _folders(compilation: Compilation) -> Mapping[str, str]:
    from mlopsc.targets import folder_name

    return {f"deploy/{folder_name(one.name)}/{folder_name(name)}/": name for name, one in compilation.pipelines.items()}


def forecast_of(compilation: Compilation, environment: str, folder: Path) -> Json:
    """What a run of the spec as it is typed would do with each stage of an environment, and why."""
    pipeline = compilation.pipelines.get(environment)
    if pipeline is None:
        return {"note": "", "stages": {}}
    from mlopsc.compiler.ir.schema import document
    from mlopsc.stdlib.runtime.extras import missing_of
    from mlopsc.stdlib.runtime.store.opening import environment_place, is_elsewhere

    found = document(pipeline)
    settings = found["environment"]["settings"]
    if is_elsewhere(settings) or "://" in (environment_place(settings) or ""):
        return {"note": f"It runs elsewhere: `mlopsc why -e {environment}` asks what is done there.", "stages": {}}
    if missing_of("run"):
        return {"note": 'With `pip install "mlopsc[run]"`, this says what a run would do.', "stages": {}}
    return _foreseen(found, folder, compilation.registry.runtimes)


def _foreseen(document: Json, folder: Path, functions: Mapping[str, str]) -> Json:
    from mlopsc.stdlib.runtime.engine.forecast import forecast
    from mlopsc.stdlib.runtime.engine.prepared import Request
    from mlopsc.stdlib.runtime.store.faults import OperationError

    try:
        told = forecast(Request(document, folder, functions))
    except OperationError as error:
        return {"note": f"{error.message}: {error.hint}", "stages": {}}
    return {"note": "", "stages": {one.stage: {"state": _STATES[one.status], "why": [*one.causes]} for one in told}}


def explained(topic: str) -> Json | None:
    """The page of a message."""
    from mlopsc.compiler.catalogue import page

    found = page(topic)
    return None if found is None else {"code": found.code.id, "title": found.code.title, "text": found.text}


def _line(line: Line) -> Json:
    return {"word": line.word, "text": line.text}


def _place(at: Location, uri: Uris) -> Json:
    return {"uri": uri(at.file.path), "line": at.position.line}
