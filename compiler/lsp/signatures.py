"""Signature help: what the call takes that is being written."""

from __future__ import annotations

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.syntax import around
from mlopsc.compiler.render.wording import signature, takes
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.syntax import ast


def signature_help(project: Project, path: str, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
    """The functions of the name that is called at a position, and which parameter is being written."""
    file = project.file(path)
    if file is None:
        return None
    offset = project.lines(file.source).offset(params.position)
    there = around(file, offset)
    call = there.nearest(ast.Call)
    at = offset - there.origin.start
    if not isinstance(call, ast.Call) or at <= call.callee.span.end:
        return None
    registry = project.compilation.registry
    known = [one for one in registry.functions if one.word == call.callee.text.removeprefix("function.")]
    metric = project.compilation.model.metrics.get(call.callee.text)
    if not known and metric is None:
        return None
    told = [_signature(one, registry, _active(call, at, one)) for one in known]
    return lsp.SignatureHelp(told, active_signature=0) if told else None


def _active(call: ast.Call, at: int, function: type[Function]) -> int | None:
    """The number of the parameter that the place is in: by its name, else by how many come before it."""
    words = list(function.accepts())
    here = next((one for one in call.arguments if one.span.start <= at <= one.span.end), None)
    if here is not None and here.name is not None:
        return words.index(here.name.text) if here.name.text in words else None
    before = sum(one.span.end < at for one in call.arguments)
    return before if before < len(words) else None


def _signature(function: type[Function], registry: Registry, active: int | None) -> lsp.SignatureInformation:
    parameters = [
        lsp.ParameterInformation(word, f"{one.description} Takes {takes(one, registry)}.")
        for word, one in function.accepts().items()
    ]
    return lsp.SignatureInformation(signature(function), function.summary(), parameters, active)
