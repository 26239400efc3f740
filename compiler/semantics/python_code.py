"""Text that names something outside the spec: the user's Python, files, estimators, secrets."""

from __future__ import annotations

import re

from mlopsc.compiler.schema import types
from mlopsc.compiler.semantics import messages_code as messages
from mlopsc.compiler.semantics import messages_types
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.describing import describe
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.literals import value_of
from mlopsc.compiler.semantics.project import PythonProblem, PythonSignature
from mlopsc.compiler.semantics.slots import Slot, wrong_type
from mlopsc.compiler.semantics.spelling import text_of
from mlopsc.compiler.syntax import ast

REFERENCE = re.compile(r"(?P<path>[^:]+\.py):(?P<name>[^\W\d]\w*)")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
GLOB = re.compile(r"[*?\[]")
_PATH = re.compile(r"[\w.~-]*(?:/[\w.~-]+)+")
"""A path without quotes, which reads as a division."""

BARE_BASES = frozenset({"object", "BaseEstimator", "TransformerMixin", "OneToOneFeatureMixin", "ABC"})


def evaluate_text(node: ast.Expr, type_: types.Type, slot: Slot, context: Context) -> str:
    """A text that names something; raises Refused after a message when there is no such thing."""
    if isinstance(node, ast.Arithmetic) and _PATH.fullmatch(context.at(node).text):
        expected, meant = describe(type_, context.program.registry), f'"{context.at(node).text}"'
        raise context.refused(
            messages_types.wrong_type(context.at(node), slot.name, expected, "a calculation", meant, "", safe=True)
        )
    value = value_of(node, context)
    if value.is_secret:
        raise context.refused(messages_types.exposed_secret(context.at(node), slot.name, value.dimension == "call"))
    if value.dimension != "text":
        raise wrong_type(node, type_, slot, context, meant=_inside(node), safe=False)
    slot.hold(value, node, context)
    text: str = value.content
    match type_:
        case types.PythonName():
            _hold_python(text, node, type_, slot, context)
        case types.FilePath():
            hold_file(text, node, context)
        case types.EstimatorName():
            _hold_estimator(text, node, context)
        case types.SecretName():
            if not VARIABLE.fullmatch(text):
                raise context.refused(messages_types.secret_name(context.at(node), text))
    return text


def _inside(node: ast.Expr) -> str:
    """The text that a call was probably not needed for: `python("metrics.py:rmsle")`."""
    match node:
        case ast.Call(arguments=(ast.Argument(name=None, value=ast.Text() as text),)):
            return text_of(text)
    return ""


def hold_file(path: str, node: ast.Expr, context: Context) -> None:
    """Raises Refused after a message if there is no such file; URLs and globs are not looked up."""
    if context.is_output:
        return
    is_looked_up = "://" not in path and not GLOB.search(path)
    if is_looked_up and not context.program.project.exists(path):
        siblings = context.program.project.siblings(path.rstrip("/"))
        raise context.refused(messages.missing_file(context.at(node), path, siblings))
    context.use(node, Symbol(Namespace.FILE, path))
    context.trace.files.append(path)


def _hold_python(text: str, node: ast.Expr, type_: types.PythonName, slot: Slot, context: Context) -> None:
    at = context.at(node)
    match = REFERENCE.fullmatch(text)
    if match is None:
        raise context.refused(messages.malformed_reference(at, text))
    found = context.program.project.signature(text)
    if isinstance(found, PythonProblem):
        raise _problem(found, match, node, context)
    detail = f"{found.kind} {found.name}({', '.join(one.name for one in found.parameters)})"
    context.use(node, Symbol(Namespace.PYTHON, text, detail=detail))
    context.trace.files.append(match["path"])
    if not _is_unknown(found):
        _hold_kind(found, node, type_, slot, context)
        _hold_arity(found, node, type_, context)
        _hold_methods(found, node, type_, context)


def _problem(found: PythonProblem, match: re.Match[str], node: ast.Expr, context: Context) -> Refused:
    at, path, name = context.at(node), match["path"], match["name"]
    match found.reason:
        case "no-file":
            return context.refused(messages.missing_file(at, path, context.program.project.siblings(path)))
        case "no-name":
            return context.refused(messages.unknown_python_name(at, name, path, found.names))
        case "syntax":
            return context.refused(messages.python_syntax(at, found.path, found.line, found.detail))
        case "outside":
            return context.refused(messages.python_outside(at, path))
    return context.refused(messages.not_callable(at, name, path))


def _is_unknown(found: PythonSignature) -> bool:
    """Whether only running the file would tell what is called: something that another call returned."""
    kinds = [one.kind for one in found.parameters]
    return found.kind == "function" and kinds == ["variadic", "keywords"] and found.parameters[0].name == "args"


def _hold_kind(found: PythonSignature, node: ast.Expr, type_: types.PythonName, slot: Slot, context: Context) -> None:
    at = context.at(node)
    if found.kind == "coroutine":
        raise context.refused(messages.coroutine(at, found.name, found.path, found.line))
    if type_.kind != "either" and found.kind != type_.kind:
        raise context.refused(messages.wrong_python_kind(at, slot.name, found, type_.kind))


def _hold_arity(found: PythonSignature, node: ast.Expr, type_: types.PythonName, context: Context) -> None:
    """Whether it can be called with as many positional arguments as it will get."""
    takes = type_.takes
    if takes is None or found.kind == "class":
        return
    if type_.one_per and context.view is not None and type_.one_per in context.view.settings:
        several = context.view.settings[type_.one_per].value
        takes = len(several) if isinstance(several, list) else takes
    positional = [one for one in found.parameters if one.kind == "positional"]
    fewest = sum(one.default is None for one in positional)
    most = takes if any(one.kind == "variadic" for one in found.parameters) else len(positional)
    lacking = [one.name for one in found.parameters if one.kind == "keyword" and one.default is None]
    if not fewest <= takes <= most or lacking:
        raise context.refused(messages.wrong_arity(context.at(node), found, takes, lacking, type_.one_per))


def _hold_methods(found: PythonSignature, node: ast.Expr, type_: types.PythonName, context: Context) -> None:
    """Whether a class has the methods that will be called; bases of other packages may bring any."""
    lacking = [name for name in type_.methods if name not in found.methods]
    known = all(base.rpartition(".")[2] in BARE_BASES for base in found.bases)
    if found.kind == "class" and lacking and known:
        raise context.refused(messages.missing_methods(context.at(node), found, lacking))


def _hold_estimator(name: str, node: ast.Expr, context: Context) -> None:
    project, at = context.program.project, context.at(node)
    info = project.estimator(name)
    if info is None:
        raise context.refused(messages.unknown_estimator(at, name, project.estimators()))
    if info.task == "other":
        raise context.refused(messages.no_predictor(at, name))
    context.use(node, Symbol(Namespace.PYTHON, name, "sklearn", None, None, info.task))
