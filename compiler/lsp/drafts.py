"""Whole pieces of a spec to begin with: blocks with what they must say, calls with what they take, names for both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.additions import gate_for, monitor_for
from mlopsc.compiler.lsp.examples import examples
from mlopsc.compiler.lsp.files import csv_files
from mlopsc.compiler.lsp.offers import Offer, escaped
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.tables import table_of
from mlopsc.compiler.render.editors.snippets import snippets
from mlopsc.compiler.scaffold.spec import AIMS, ESTIMATORS, identifier
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Block, Function
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.semantics.model import SemanticModel, StageModel
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.workspace import Workspace

Blocks = Iterable[ast.Block]
_PLACE = re.compile(r"(\w+)( *) = \$\{(\d+):(\w+)\}")
_NAMES = {
    "environment": ("dev", "staging", "prod"),
    "data": ("rows",),
    "train": ("model",),
    "test": ("gate",),
    "release": ("api",),
    "monitor": ("live",),
    "score": ("nightly",),
    "metric": ("own_metric",),
}
_CHOSEN = "A name of your choice: what reads it calls it so."


def blocks_offered(project: Project, blocks: Blocks) -> Iterator[Offer]:
    """What a file may hold: blocks, constants, other files."""
    known, workspace = list(blocks), project.compilation.workspace
    registry = project.compilation.registry
    bodies = snippets(registry)
    for word, block in registry.blocks.items():
        own = _own_body(project, word, known)
        snippet = escaped(own) if own else _filled("\n".join(bodies[word]["body"]), block, known, workspace)
        yield Offer(word, lsp.CompletionItemKind.Class, "block", block.summary(), f"{word} ", snippet)
    doc = "A value with a name: a number, a text or a call that is written once and named where it is needed."
    yield Offer(
        "NAME = VALUE", lsp.CompletionItemKind.Constant, "constant", doc, "name = ", "${1:name} = ${2:45}", "name"
    )
    yield Offer("use", lsp.CompletionItemKind.Keyword, "", "Brings in the names of another file.", 'use "')


def _own_body(project: Project, word: str, blocks: Blocks) -> str:
    """A whole block for what this project has: a table, rows to learn from, a model to judge, a release to watch."""
    from mlopsc.compiler.lsp.beginnings import data_for

    model, workspace = project.compilation.model, project.compilation.workspace
    stages = {name: stage for one in model.environments.values() for name, stage in one.stages.items()}
    of_kind = {kind: [one for one in stages.values() if one.kind.word == kind] for kind in ("data", "train", "release")}
    name = next((one.name for one in names_for(word, blocks, workspace)), word)
    match word:
        case "data" if not of_kind["data"]:
            tables = (table_of(workspace, path) for path in csv_files(workspace)[:3])
            table = next((one for one in tables if one is not None and one.rows), None)
            return data_for(workspace, table) if table is not None else ""
        case "train" if of_kind["data"]:
            return _train(model, of_kind["data"][-1], name)
        case "test" if of_kind["train"]:
            return gate_for(project, of_kind["train"][-1]) or ""
        case "monitor" if of_kind["release"]:
            return monitor_for(of_kind["release"][-1].name)
    return ""


def _train(model: SemanticModel, data: StageModel, name: str) -> str:
    """A model for what a data stage predicts; nothing where that is not known."""
    column = data.column(str(data.value("target")))
    family = model.registry.column_types.get(str(column.type["function"])) if column is not None else None
    if family is None or family.task is None:
        return ""
    estimator, aim = f'sklearn("{ESTIMATORS[family.task]}", random_state = 7)', AIMS[family.task]
    return f"train {name} {{\n  data      = {data.name}\n  estimator = {estimator}\n  {aim}\n}}"


def names_for(kind: str, blocks: Blocks, workspace: Workspace) -> Iterator[Offer]:
    """Names that a new block could have; whatever is chosen will do."""
    taken = {label for block in blocks for label in (_label(block),) if label}
    if kind == "override":
        stages = (block for block in blocks if block.kind.text not in ("pipeline", "environment", "metric"))
        yield from (Offer(_label(one), lsp.CompletionItemKind.Class, one.kind.text) for one in stages if _label(one))
        return
    found = [name for name in _suggested(kind, blocks, workspace) if name not in taken]
    yield from (Offer(name, lsp.CompletionItemKind.Value, "a name", _CHOSEN) for name in dict.fromkeys(found))


def _suggested(kind: str, blocks: Blocks, workspace: Workspace) -> Iterator[str]:
    if kind == "pipeline":
        yield identifier(workspace.folder.name if workspace.folder else "", "pipeline")
    if kind == "data":
        yield from (identifier(path.rpartition("/")[2].split(".")[0], "rows") for path in csv_files(workspace)[:3])
    if kind == "test":
        yield from (f"{_label(block)}_gate" for block in blocks if block.kind.text == "train" and _label(block))
    yield from _NAMES.get(kind, ())


def _label(block: ast.Block) -> str:
    return block.label.text if block.label else ""


def _filled(body: str, block: type[Block], blocks: Blocks, workspace: Workspace) -> str:
    """A snippet with the names of this program in place of those that are only examples."""
    name = next((one.name for one in names_for(block.word, blocks, workspace)), "name")
    body = body.replace("${1:name}", f"${{1:{name}}}")
    csv = next(iter(csv_files(workspace)), None)
    if csv is not None:
        body = body.replace(":data/rows.csv}", f":{escaped(csv)}}}")

    def fill(match: re.Match[str]) -> str:
        word, gap, number, default = match.groups()
        parameter = block.accepts().get(word)
        kinds = _stage_kinds(types.type_of(parameter)) if parameter else ()
        labels = [_label(one) for one in blocks if one.kind.text in kinds and _label(one)]
        return f"{word}{gap} = ${{{number}:{labels[-1] if labels else default}}}"

    return _PLACE.sub(fill, body)


def _stage_kinds(type_: types.Type) -> tuple[str, ...]:
    return type_.kinds if isinstance(type_, types.StageRef) else ()


def call_of(function: type[Function], names: Callable[[types.Type], str]) -> str:
    """A snippet of a call, with what must be given; `names` is the first name that would do for a type, or nothing."""
    accepted = function.accepts()
    if not accepted:
        return function.word
    rest = types.rest_of(accepted.items())
    shown = [
        one
        for word, one in accepted.items()
        if (
            one.is_required
            or (
                function.makes_splits
                and isinstance(types.type_of(one), types.Plain)
                and "share" in str(types.type_of(one))
            )
        )
        and not (rest and word == rest[0] and rest[1].of != "positional")
    ]
    if not shown:
        return f"{function.word}(${{1}})"
    alone = len(shown) == 1 or not _is_plain(shown[0])
    parts = [_argument(one, number, names, positional=number == 1 and alone) for number, one in enumerate(shown, 1)]
    return f"{function.word}({', '.join(parts)})"


def _is_plain(parameter: Parameter) -> bool:
    return isinstance(types.type_of(parameter), types.Plain | types.ListOf)


def _argument(parameter: Parameter, number: int, names: Callable[[types.Type], str], *, positional: bool) -> str:
    type_ = types.type_of(parameter)
    before = "" if positional else f"{parameter.word} = "
    if isinstance(type_, types.FilePath | types.PythonName | types.EstimatorName | types.SecretName):
        return f'{before}"${{{number}}}"'
    example = next(examples(parameter), None)
    text = names(type_) or (example.text if example else "")
    if text.startswith('"'):
        return f'{before}"${{{number}:{escaped(text[1:-1])}}}"'
    return f"{before}${{{number}:{escaped(text)}}}" if text else f"{before}${{{number}}}"


def first_spec(workspace: Workspace) -> Iterator[Offer]:
    """For an empty file: a spec for a table of the project, with data, a model and a gate."""
    for path in csv_files(workspace)[:3]:
        table = table_of(workspace, path)
        if table is None or not table.rows:
            continue
        doc = f"Data, a model and a gate for `{path}`: types were guessed from its first {table.rows:,} rows."
        from mlopsc.compiler.lsp.beginnings import spec_for

        yield Offer(
            f"a spec for {path}", lsp.CompletionItemKind.Snippet, "a whole first spec", doc, spec_for(workspace, table)
        )
