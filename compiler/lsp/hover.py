"""Hover: what a name is, what its declaration says, and the value that it has in each environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.navigation import python_signature, symbol_at
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.syntax import around
from mlopsc.compiler.render.wording import default_of, signature, takes
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.semantics import estimators
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.syntax import ast

if TYPE_CHECKING:
    from mlopsc.compiler.semantics.model import StageModel


def hover(project: Project, path: str, params: lsp.HoverParams) -> lsp.Hover | None:
    """What there is to say about the name at a position."""
    symbol = symbol_at(project, path, params.position)
    file = project.file(path)
    if symbol is None or file is None:
        return None
    offset = project.lines(file.source).offset(params.position)
    parts = [_head(symbol), *_body(project, symbol), *_values(project, path, offset, symbol)]
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n".join(filter(None, parts))))


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
    return f"```mlops\n{shown}\n```"


def _body(project: Project, symbol: Symbol) -> Iterator[str]:
    yield symbol.documentation
    if symbol.namespace is Namespace.FUNCTION and symbol.declaration is not None:
        yield symbol.detail and f"A {symbol.detail}." if not symbol.documentation else ""
    parameter = _parameter(symbol)
    if parameter is not None:
        yield f"Takes {takes(parameter, project.compilation.registry)}."
        default = default_of(parameter)
        yield f"By default `{default}`." if default else "It must be written." if parameter.is_required else ""
    if symbol.namespace is Namespace.COLUMN:
        yield f"A column of `{symbol.owner}`."
    found = python_signature(project, symbol)
    if found is not None:
        yield f"`{found.path}`, line {found.line}"
    known = estimators.estimator(symbol.name) if symbol.namespace is Namespace.PYTHON else None
    if known is not None:
        words = ", ".join(f"`{name} = {one.default}`" for name, one in known.parameters.items())
        yield f"scikit-learn, {known.task}. Parameters: {words}"


def _parameter(symbol: Symbol) -> Parameter | None:
    """What a setting, parameter or clause takes."""
    wanted = (Namespace.SETTING, Namespace.PARAMETER, Namespace.CLAUSE)
    if symbol.declaration is None or symbol.namespace not in wanted:
        return None
    return symbol.declaration.accepts().get(symbol.name)


def _values(project: Project, path: str, offset: int, symbol: Symbol) -> Iterator[str]:
    """The value of a constant, of a setting in each environment where these differ, and what a stage reads."""
    model = project.compilation.model
    if symbol.namespace is Namespace.CONSTANT:
        constant = model.constants.get(symbol.name)
        written = constant.at.file.line(constant.at.position.line) if constant and not constant.is_secret else ""
        yield f"`{written.strip()}`" if written else ""
    if symbol.namespace is Namespace.STAGE:
        stage = next(
            (one.stages[symbol.name] for one in model.environments.values() if symbol.name in one.stages), None
        )
        if stage is not None and stage.inputs:
            yield "Reads " + ", ".join(f"`{name}`" for name in stage.inputs) + "."
    if symbol.namespace is Namespace.SETTING:
        found = dict(_of_setting(project, path, offset, symbol.name))
        if len(set(found.values())) > 1:
            yield "\n".join(f"- `{name}`: `{text}`" for name, text in found.items())


def _of_setting(project: Project, path: str, offset: int, setting: str) -> Iterator[tuple[str, str]]:
    """The text of a setting of the stage at an offset, by environment."""
    file = project.file(path)
    blocks = around(file, offset).blocks if file else ()
    name = next((one.label.text for one in reversed(blocks) if isinstance(one.label, ast.Ref)), "")
    for environment in project.compilation.environments:
        stage: StageModel | None = environment.stages.get(name)
        if stage is not None and setting in stage.settings:
            yield environment.name, stage.settings[setting].value_at.text
