"""Hover: what a name is, what its declaration says, what a rule means, and what is known from earlier runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.examples import said
from mlopsc.compiler.lsp.judged import counted, rule_at, share
from mlopsc.compiler.lsp.known import endings, rows_of
from mlopsc.compiler.lsp.meaning import meaning
from mlopsc.compiler.lsp.navigation import python_signature
from mlopsc.compiler.lsp.places import Given, given_at, words_of
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.service import raising
from mlopsc.compiler.lsp.syntax import Around, around, comment_at
from mlopsc.compiler.lsp.tables import definitions, table_of
from mlopsc.compiler.render.wording import default_of, signature, takes
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.semantics import estimators
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.syntax import ast

if TYPE_CHECKING:
    from mlopsc.compiler.semantics.model import StageModel

_SPLITS = {
    "train": "The rows that candidates learn from.",
    "validation": "The rows that candidates are compared on.",
    "test": "The rows that only the gate sees.",
    "feedback": "What came back from production: answers beside what was true in the end.",
}
_LITERALS = (ast.Quantity, ast.Text, ast.Boolean, ast.Date, ast.Time, ast.Nothing)
_RANGE = "Every value must lie in the range behind `in`, or in the list: a run stops at others."
_SCHEMA = "The columns and their types; what is not declared here is dropped and listed."


def hover(project: Project, path: str, params: lsp.HoverParams) -> lsp.Hover | None:
    """What there is to say about the name, the value or the rule at a position."""
    file = project.file(path)
    if file is None:
        return None
    offset = project.lines(file.source).offset(params.position)
    if not file.chunks or comment_at(file, offset) is not None:
        return None
    there = around(file, offset)
    symbol = project.compilation.model.symbol_at(path, offset)
    given = given_at(there, project.compilation.model)
    if symbol is not None:
        parts = [_head(symbol), *_body(project, symbol, given), *_values(project, there, symbol)]
    else:
        parts = [*_of_value(project, there, given), *_of_field(project, path, there)]
    if _is_about_rule(there, symbol, parts):
        parts = [*parts[:1], *_rule(project, path, offset), *parts[1:]]
    told = "\n\n".join(filter(None, parts))
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, told)) if told else None


def _is_about_rule(there: Around, symbol: Symbol | None, parts: list[str]) -> bool:
    """Whether the place stands for the rule around it: its verb, its limit, and what is no name and no value."""
    if not isinstance(there.nearest(ast.Rule, ast.Block), ast.Rule):
        return False
    return symbol.namespace is Namespace.VERB or symbol.name == "champion" if symbol is not None else not parts


def _rule(project: Project, path: str, offset: int) -> Iterator[str]:
    judged = rule_at(project, path, offset)
    if judged is not None:
        yield f"```mlops\n{' '.join(judged.rule.at.text.split())}\n```"
        yield from meaning(judged)


def _head(symbol: Symbol) -> str:
    """The declaration in a line of code."""
    declaration = symbol.declaration
    shown = f"{symbol.namespace} {symbol.name}"
    if symbol.namespace is Namespace.COLUMN:
        shown = f"{symbol.name}: {symbol.detail}"
    elif symbol.namespace is Namespace.STAGE:
        shown = f"{symbol.detail} {symbol.name}"
    elif symbol.namespace is Namespace.FUNCTION and declaration and issubclass(declaration, Function):
        shown = signature(declaration)
    elif symbol.namespace is Namespace.PYTHON:
        shown = symbol.detail or symbol.name
    elif symbol.namespace is Namespace.VERB:
        return ""
    return f"```mlops\n{shown}\n```"


def _body(project: Project, symbol: Symbol, given: Given | None) -> Iterator[str]:
    yield symbol.documentation
    if symbol.namespace is Namespace.FUNCTION and symbol.declaration is not None:
        yield symbol.detail and f"A {symbol.detail}." if not symbol.documentation else ""
    if symbol.namespace is Namespace.SYMBOL and given is not None and not symbol.documentation:
        word = words_of(given.owner).get(symbol.name)
        yield f"`{symbol.name}` {word}" if word else given.parameter.description
    if symbol.namespace is Namespace.KIND and symbol.name == "schema":
        yield _SCHEMA
    parameter = _parameter(symbol)
    if parameter is not None:
        yield from _of_parameter(project, parameter)
    if symbol.namespace is Namespace.COLUMN:
        yield from _of_column(project, symbol)
    if symbol.namespace is Namespace.PYTHON:
        yield from _of_python(project, symbol)
    if symbol.namespace is Namespace.FILE:
        yield _of_file(project, symbol)
    if symbol.namespace is Namespace.EVENT:
        yield from _of_event(project, symbol)


def _of_parameter(project: Project, parameter: Parameter) -> Iterator[str]:
    yield f"Takes {takes(parameter, project.compilation.registry)}."
    default = default_of(parameter)
    yield f"By default `{default}`." if default else "It must be written." if parameter.is_required else ""


def _of_column(project: Project, symbol: Symbol) -> Iterator[str]:
    yield f"A column of `{symbol.owner}`."
    stage = _stage(project, symbol.owner)
    column = stage.column(symbol.name) if stage else None
    if column is not None and column.role:
        told = words_of(project.compilation.registry.schema_field).get(column.role, "")
        yield f"Its role: `{column.role}` {told}"


def _of_python(project: Project, symbol: Symbol) -> Iterator[str]:
    found = python_signature(project, symbol)
    if found is not None:
        from ast import get_docstring

        yield f"`{found.path}`, line {found.line}"
        name = symbol.name.rpartition(":")[2]
        nodes = definitions(project.compilation.workspace, found.path)
        yield next((get_docstring(node) or "" for node in nodes if node.name == name), "")
    known = estimators.estimator(symbol.name)
    if known is not None:
        words = ", ".join(f"`{name} = {one.default}`" for name, one in known.parameters.items())
        yield f"scikit-learn, {known.task}. Parameters: {words}"


def _of_file(project: Project, symbol: Symbol) -> str:
    table = table_of(project.compilation.workspace, symbol.name)
    if table is None:
        return ""
    seen = f"{counted(table.rows, 'row')} and" if table.is_whole else ""
    columns = ", ".join(f"`{one.name}`" for one in table.columns)
    return f"{seen} {counted(len(table.columns), 'column')}: {columns}.".strip()


def _of_event(project: Project, symbol: Symbol) -> Iterator[str]:
    raised = raising(project, symbol.name)
    if raised:
        yield "Raised by " + ", ".join(f"`{one}`" for one in raised) + "."


def _parameter(symbol: Symbol) -> Parameter | None:
    """What a setting, parameter or clause takes."""
    wanted = (Namespace.SETTING, Namespace.PARAMETER, Namespace.CLAUSE)
    if symbol.declaration is None or symbol.namespace not in wanted:
        return None
    return symbol.declaration.accepts().get(symbol.name)


def _of_value(project: Project, there: Around, given: Given | None) -> Iterator[str]:
    """What a number, a text or another value is given to."""
    value = there.nodes[-1] if there.nodes else None
    if not isinstance(value, _LITERALS):
        return
    argument = there.nearest(ast.Argument, ast.Clause, ast.Setting)
    if given is None and isinstance(argument, ast.Argument) and argument.name is not None:
        yield f"```mlops\n{argument.name.text} = {' '.join(there.origin.at(value).text.split())}\n```"
        yield from _of_estimator(project, there, argument.name.text)
    if given is None:
        return
    word = given.parameter.word
    yield f"```mlops\n{word} = {' '.join(there.origin.at(value).text.split())}\n```"
    other = said(value.text) if isinstance(value, ast.Quantity) else ""
    yield f"`{value.text}` is {other}." if isinstance(value, ast.Quantity) and other else ""
    yield given.parameter.description
    yield from _of_parameter(project, given.parameter)


def _of_field(project: Project, path: str, there: Around) -> Iterator[str]:
    """What there is to say of a column, where its range or a word between stands."""
    field = there.nearest(ast.Field, ast.Clause)
    if isinstance(field, ast.Field):
        at = there.origin.at(field.name)
        symbol = project.compilation.model.symbol_at(path, at.span.start)
        if symbol is not None and there.offset > at.span.end:
            yield from (_head(symbol), *_of_column(project, symbol), _RANGE if field.within is not None else "")


def _values(project: Project, there: Around, symbol: Symbol) -> Iterator[str]:
    """The value of a constant, of a setting in each environment where these differ, and what a stage reads."""
    model = project.compilation.model
    match symbol.namespace:
        case Namespace.CONSTANT:
            constant = model.constants.get(symbol.name)
            written = constant.at.file.line(constant.at.position.line) if constant and not constant.is_secret else ""
            yield f"`{written.strip()}`" if written else ""
        case Namespace.STAGE:
            yield from _of_stage(project, symbol.name)
        case Namespace.SPLIT:
            yield from _of_split(project, there, symbol)
        case Namespace.PARAMETER:
            is_declared = symbol.declaration is not None and symbol.name in symbol.declaration.accepts()
            yield from () if is_declared else _of_estimator(project, there, symbol.name)
        case Namespace.SETTING:
            found = dict(_of_setting(project, there, symbol.name))
            if len(set(found.values())) > 1:
                yield "\n".join(f"- `{name}`: `{text}`" for name, text in found.items())


def _of_stage(project: Project, name: str) -> Iterator[str]:
    stage = _stage(project, name)
    if stage is None:
        return
    if stage.inputs:
        yield "Reads " + ", ".join(f"`{one}`" for one in stage.inputs) + "."
    rows = rows_of(project, name)
    if rows is not None:
        splits = ", ".join(f"{word} {count:,}" for word, count in rows.splits.items())
        yield f"{rows.rows:,} rows when last read{f': {splits}' if splits else ''}."
    ending = endings(project).get(name)
    if ending is not None:
        yield f"Last result: {ending.told}."


def _of_split(project: Project, there: Around, symbol: Symbol) -> Iterator[str]:
    """What the rows of a split are for, their share, and how many there were."""
    yield _SPLITS.get(symbol.name, "")
    label = next((block.label.text for block in reversed(there.blocks) if block.label), "")
    stage = _stage(project, label)
    for setting in stage.kind.data_through if stage else ():
        stage = _stage(project, str(stage.value(setting))) if stage else None
    match stage.value("split") if stage else None:
        case {"function": str() as how, **shares} if stage is not None:
            part = shares.get(symbol.name)
            rows = rows_of(project, stage.name)
            count = rows.splits.get(symbol.name) if rows else None
            there_are = f", {count:,} rows when last read" if count is not None else ""
            if isinstance(part, int | float):
                yield f"{share(part)} of `{stage.name}` by `{how}`{there_are}."


def _of_estimator(project: Project, there: Around, parameter: str) -> Iterator[str]:
    """What is known of a parameter of an estimator, where it is given and where values of it are tried."""
    label = next((block.label.text for block in reversed(there.blocks) if block.label), "")
    stage = _stage(project, label)
    match stage.value("estimator") if stage else None:
        case {"function": "sklearn", "name": str() as name}:
            known = estimators.estimator(name)
            found = known.parameters.get(parameter) if known else None
            if found is not None:
                yield f"A parameter of `{name}`. Takes {found.type}, by default `{found.default}`."


def _of_setting(project: Project, there: Around, setting: str) -> Iterator[tuple[str, str]]:
    """The text of a setting of the stage around a place, by environment."""
    name = next((one.label.text for one in reversed(there.blocks) if isinstance(one.label, ast.Ref)), "")
    for environment in project.compilation.environments:
        stage: StageModel | None = environment.stages.get(name)
        if stage is not None and setting in stage.settings:
            yield environment.name, stage.settings[setting].value_at.text


def _stage(project: Project, name: str) -> StageModel | None:
    """A stage as it is in the first environment that has it."""
    found = (one.stages[name] for one in project.compilation.environments if name in one.stages)
    return next(found, None)
