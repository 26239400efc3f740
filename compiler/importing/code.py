"""What a step's Python says about it, read from its syntax tree: nothing of it is imported or run."""

from __future__ import annotations

import ast
import shlex
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from posixpath import join, normpath
from typing import Any

from mlopsc.compiler.importing.model import Tried
from mlopsc.compiler.workspace import SourceProblem, Workspace

_PYTHON = ("python", "python3", "python.exe", "py")
_RUNNERS = ("poetry", "uv", "pipenv", "conda", "pdm", "hatch", "run", "exec")
_TARGETS = frozenset({"target", "target_column", "target_col", "target_name", "label", "label_column", "label_col"})
_OUTCOMES = frozenset({"y", "y_train", "target", "targets", "label", "labels"})


@dataclass(frozen=True)
class Estimator:
    """An estimator of scikit-learn that a program makes, and its arguments by name; those computed are left out.

    `used` are the parameters of the step that its arguments are taken from.
    """

    name: str
    arguments: Mapping[str, Any]
    computed: tuple[str, ...]
    used: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """What is known of a program: its functions by how many values they need, estimators, and its target column."""

    functions: Mapping[str, int]
    estimators: tuple[Estimator, ...] = ()
    target: str = ""


NOTHING = Facts({})


def script_of(command: str, folder: str = "") -> str:
    """The Python file that a command line runs, relative to the project; empty where it runs none."""
    try:
        parts = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=";&|")
        parts.whitespace_split = True
        words = list(parts)
    except ValueError:
        return ""
    scripts: list[str] = []
    while words:
        end = next((at for at, word in enumerate(words) if word and not word.strip(";&|")), len(words))
        if words[0] == "cd" and end == len(("cd", "FOLDER")):
            folder = normpath(join(folder, words[1]))
        scripts.append(_script(words[:end], folder))
        words = words[end + 1 :]
    return next(filter(None, reversed(scripts)), "")


def _script(words: list[str], folder: str) -> str:
    """The Python file that one command runs."""
    while words and (words[0] in _RUNNERS or "=" in words[0].partition("/")[0]):
        words = words[1:]
    program = words[0].rpartition("/")[2] if words else ""
    if program not in _PYTHON and not program.startswith("python3."):
        return normpath(join(folder, words[0])) if program.endswith(".py") else ""
    rest = iter(words[1:])
    for word in rest:
        if word == "-m":
            module = next(rest, "")
            return (
                normpath(join(folder, f"{module.replace('.', '/')}.py"))
                if module.replace(".", "").isidentifier()
                else ""
            )
        if not word.startswith("-"):
            return normpath(join(folder, word)) if word.endswith(".py") else ""
    return ""


def text_of(workspace: Workspace, path: str) -> str | None:
    """The text of a program; None where it cannot be read."""
    try:
        return workspace.read(path)
    except SourceProblem:
        return None


def facts_of(source: str | None, parameters: Mapping[str, Any]) -> Facts:
    """What a program's text says, given the parameters of its step; nothing where it is no Python."""
    if source is None:
        return NOTHING
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NOTHING
    functions = {one.name: _needs(one) for one in tree.body if isinstance(one, ast.FunctionDef)}
    known = {**_flat(parameters)}
    return Facts(functions, tuple(_estimators(tree, known)), _told(known) or _target(tree))


def _needs(function: ast.FunctionDef) -> int:
    taken = [*function.args.posonlyargs, *function.args.args]
    return len(taken) - len(function.args.defaults)


def _flat(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by the last part of their names."""
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        found |= _flat(value) if isinstance(value, dict) else {name.rpartition(".")[2]: value}
    return found


def _told(parameters: Mapping[str, Any]) -> str:
    return next((value for name, value in parameters.items() if name in _TARGETS and isinstance(value, str)), "")


def _target(tree: ast.Module) -> str:
    """The column that a program takes as what is predicted: `y = rows["price"]`, or a constant named so."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                if name.lower() in _TARGETS:
                    return text
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if name in _OUTCOMES and (column := _column(value)):
                    return column
    return ""


def _column(value: ast.expr) -> str:
    match value:
        case ast.Subscript(slice=ast.Constant(value=str(text))):
            return text
        case ast.Call(func=ast.Attribute(attr="pop"), args=[ast.Constant(value=str(text))]):
            return text
    return ""


def _estimators(tree: ast.Module, parameters: Mapping[str, Any]) -> Iterator[Estimator]:
    from mlopsc.compiler.semantics.estimators import estimator

    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func, names).removeprefix("sklearn.")
        info = estimator(name)
        if info is None or info.task == "other":
            continue
        arguments, computed, used = {}, [], set()
        for keyword in node.keywords:
            try:
                arguments[keyword.arg or ""], parameter = _argument(keyword.value, parameters)
                used.add(parameter)
            except ValueError:
                computed.append(keyword.arg or "**")
        known = {word: value for word, value in arguments.items() if word in info.parameters}
        yield Estimator(name, known, tuple(computed), frozenset(used))


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What names of modules and what is in them stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)
        elif isinstance(node, ast.Import):
            yield from ((one.asname, one.name) for one in node.names if one.asname)


def _dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return names.get(name, name)
        case ast.Attribute(value=value, attr=attr):
            before = _dotted(value, names)
            return f"{before}.{attr}" if before else ""
    return ""


def _is_literal(value: Any) -> bool:
    """Whether the language has a value for it: numbers, texts, lists of such, and what is tried."""
    if isinstance(value, list):
        return all(_is_literal(one) for one in value)
    if isinstance(value, Tried):
        return all(map(_is_literal, (*value.values, *(value.ends or ()))))
    return isfinite(value) if isinstance(value, float) else isinstance(value, int | str | bool | None)


def _argument(node: ast.expr, parameters: Mapping[str, Any]) -> tuple[Any, str]:
    """The value of an argument, and the parameter that it is, if any; raises ValueError where it is computed."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            if name in parameters and _is_literal(parameters[name]):
                return parameters[name], name
            raise ValueError
        case ast.Call(func=ast.Name(id="int" | "float" | "str"), args=[inner]):
            return _argument(inner, parameters)
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError from error
    if isinstance(value, list) or not _is_literal(value):
        raise ValueError
    return value, ""
