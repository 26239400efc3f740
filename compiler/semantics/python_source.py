"""What the user's functions and classes take, read from syntax trees: nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from posixpath import normpath
from typing import Literal

from mlopsc.compiler.python_modules import absolute_name, module_path
from mlopsc.compiler.semantics.project import Parameter, PythonProblem, PythonSignature
from mlopsc.compiler.workspace import SourceProblem, Workspace

Constructor = Callable[[str], tuple[Parameter, ...] | None]
"""What the constructor of a class of an installed package takes, by dotted name; None when that is not known."""

ANYTHING = (Parameter("args", "variadic"), Parameter("kwargs", "keywords"))
"""The parameters of what nobody can know without running it."""

_NO_CONSTRUCTOR = frozenset({"object", "ABC", "Generic", "Protocol", "BaseEstimator"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_LONGEST_CHAIN = 32


@dataclass(frozen=True)
class _Imported:
    """`from module import name as …`."""

    module: str
    name: str


@dataclass(frozen=True)
class _Module:
    """A parsed module of the project."""

    path: str
    tree: ast.Module

    @cached_property
    def names(self) -> Mapping[str, _Definition | ast.expr | _Imported]:
        """What the module defines, by name; the last definition counts, as it does when the module runs."""
        return dict(_defined(self.tree.body, self.path))

    @cached_property
    def stars(self) -> tuple[str, ...]:
        """The modules of which everything is imported."""
        return tuple(
            absolute_name(self.path, node.module or "", node.level)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        )


class PythonSource:
    """Signatures of a project's functions and classes; each file is parsed once."""

    def __init__(self, workspace: Workspace, constructor: Constructor) -> None:
        self._workspace = workspace
        self._constructor = constructor
        self._modules: dict[str, _Module | PythonProblem] = {}

    def signature(self, reference: str) -> PythonSignature | PythonProblem:
        """What `"file.py:name"` takes, or why that is not known."""
        file, _, name = reference.partition(":")
        path = normpath(file)
        if path.startswith(("../", "/")):
            return PythonProblem("outside", file)
        module = self._module(path)
        if isinstance(module, PythonProblem):
            return module
        return self._found(module, name, _LONGEST_CHAIN) or PythonProblem("no-name", path, _offered(module))

    def _module(self, path: str) -> _Module | PythonProblem:
        if path not in self._modules:
            self._modules[path] = _parsed(path, self._workspace)
        return self._modules[path]

    def _inside(self, name: str) -> _Module | None:
        """The module of the project of that dotted name, if there is one that can be parsed."""
        path = module_path(name, self._read)
        module = self._module(path) if path is not None else None
        return module if isinstance(module, _Module) else None

    def _read(self, path: str) -> str | None:
        try:
            return self._workspace.read(path)
        except SourceProblem:
            return None

    def _found(self, module: _Module, name: str, steps: int) -> PythonSignature | PythonProblem | None:
        """What a name of a module is; None when the module has no such name."""
        if steps == 0:
            return None
        match module.names.get(name):
            case None:
                return self._through_stars(module, name, steps)
            case ast.ClassDef() as node:
                return self._class(module, node, steps)
            case ast.FunctionDef() | ast.AsyncFunctionDef() as node:
                return _function(module.path, node)
            case _Imported() as origin:
                return self._imported(module, name, origin, steps)
            case ast.Name(id=other) if other != name and other in module.names:
                return _renamed(self._found(module, other, steps - 1), name)
            case expression:
                return _value(module.path, name, expression)

    def _imported(self, module: _Module, name: str, origin: _Imported, steps: int) -> PythonSignature | PythonProblem:
        inside = self._inside(origin.module)
        if inside is None:
            return self._foreign(module, name, origin)
        found = self._found(inside, origin.name, steps - 1)
        return _renamed(found, name) or PythonProblem("no-name", inside.path, _offered(inside))

    def _foreign(self, module: _Module, name: str, origin: _Imported) -> PythonSignature:
        """Something of an installed package: what it takes is known only of some classes."""
        known = self._constructor(f"{origin.module}.{origin.name}")
        is_class = known is not None or origin.name[:1].isupper()
        return PythonSignature(name, "class" if is_class else "function", known or ANYTHING, None, module.path, 1)

    def _through_stars(self, module: _Module, name: str, steps: int) -> PythonSignature | PythonProblem | None:
        modules = (self._inside(star) for star in module.stars)
        found = (self._found(inside, name, steps - 1) for inside in modules if inside is not None)
        return next((one for one in found if one is not None), None)

    def _class(self, module: _Module, node: ast.ClassDef, steps: int) -> PythonSignature:
        bases = [self._base(module, base, steps - 1) for base in node.bases]
        own = _functions(node.body)
        inherited = [method for base in bases if base for method in base.methods]
        return PythonSignature(
            name=node.name,
            kind="class",
            parameters=_constructed(node, own, bases),
            returns=None,
            path=module.path,
            line=node.lineno,
            methods=frozenset([*own, *inherited]),
            bases=tuple(ast.unparse(base) for base in node.bases),
        )

    def _base(self, module: _Module, base: ast.expr, steps: int) -> PythonSignature | None:
        """A base class; None for one that brings no constructor."""
        match base:
            case ast.Subscript(value=inner):
                return self._base(module, inner, steps)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _NO_CONSTRUCTOR or name.endswith("Mixin"):
                return None
            case ast.Name(id=name):
                found = self._found(module, name, steps)
                if isinstance(found, PythonSignature):
                    return found
        return PythonSignature(ast.unparse(base), "class", ANYTHING, None, module.path, base.lineno)


def _parsed(path: str, workspace: Workspace) -> _Module | PythonProblem:
    try:
        return _Module(path, ast.parse(workspace.read(path)))
    except SourceProblem as problem:
        return PythonProblem("no-file" if problem.trouble == "missing" else "syntax", path, (), problem.message)
    except SyntaxError as error:
        return PythonProblem("syntax", path, detail=error.msg, line=error.lineno or 1)
    except (ValueError, RecursionError, MemoryError) as error:
        return PythonProblem("syntax", path, detail=str(error) or type(error).__name__)


def _defined(body: list[ast.stmt], path: str) -> Iterator[tuple[str, _Definition | ast.expr | _Imported]]:
    """The names that statements define, in order, those in the branches of conditions included."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case ast.ImportFrom(module=module, names=aliases, level=level):
                base = absolute_name(path, module or "", level)
                yield from ((alias.asname or alias.name, _Imported(base, alias.name)) for alias in aliases)
            case ast.Import(names=aliases):
                yield from (_module_alias(alias) for alias in aliases)
            case ast.Assign(targets=targets, value=value):
                yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While():
                for branch in _branches(node):
                    yield from _defined(branch, path)


def _module_alias(alias: ast.alias) -> tuple[str, ast.expr]:
    """A module is a value that cannot be called."""
    return alias.asname or alias.name.split(".")[0], ast.Constant(alias.name)


def _branches(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The bodies of a compound statement; the branch that normally runs comes last, so that it wins."""
    yield from (handler.body for handler in getattr(node, "handlers", []))
    yield from (getattr(node, part) for part in ("orelse", "body", "finalbody") if hasattr(node, part))


def _offered(module: _Module) -> tuple[str, ...]:
    """The names that a reference to the module could have meant: those that can be called."""
    callable_names = (name for name, what in module.names.items() if isinstance(what, _DEFINITIONS))
    return tuple(name for name in callable_names if not name.startswith("_"))


def _renamed(found: PythonSignature | PythonProblem | None, name: str) -> PythonSignature | PythonProblem | None:
    return found.changed(name=name) if isinstance(found, PythonSignature) else found


def _function(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> PythonSignature:
    kind: Literal["coroutine", "function"] = "coroutine" if isinstance(node, ast.AsyncFunctionDef) else "function"
    return PythonSignature(node.name, kind, _parameters(node.args), _text(node.returns), path, node.lineno)


def _value(path: str, name: str, expression: object) -> PythonSignature | PythonProblem:
    match expression:
        case ast.Lambda(args=arguments, lineno=line):
            return PythonSignature(name, "function", _parameters(arguments), None, path, line)
        case ast.Call(lineno=line) | ast.Attribute(lineno=line) | ast.Name(lineno=line) | ast.Subscript(lineno=line):
            return PythonSignature(name, "function", ANYTHING, None, path, line)
    return PythonProblem("not-callable", path)


def _functions(body: list[ast.stmt]) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _constructed(
    node: ast.ClassDef,
    own: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef],
    bases: list[PythonSignature | None],
) -> tuple[Parameter, ...]:
    """What the constructor takes: its own, a dataclass's fields, or that of the first base that has one."""
    if constructor := own.get("__init__") or own.get("__new__"):
        return _parameters(constructor.args)[1:]
    inherited = next((base.parameters for base in bases if base), ())
    if any(_last_name(decorator) == "dataclass" for decorator in node.decorator_list):
        return _merged(inherited, tuple(_fields(node.body)))
    return inherited


def _merged(inherited: tuple[Parameter, ...], fields: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Fields after those of the base, in whose place a field of the same name stands."""
    return tuple({parameter.name: parameter for parameter in (*inherited, *fields)}.values())


def _fields(body: list[ast.stmt]) -> Iterator[Parameter]:
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotation = ast.unparse(node.annotation)
            if not annotation.startswith(("ClassVar", "typing.ClassVar")) and not _left_out(node.value):
                yield Parameter(node.target.id, "positional", _text(node.value), annotation)


def _left_out(value: ast.expr | None) -> bool:
    """Whether a dataclass's field is no parameter: `field(init=False)`."""
    if not isinstance(value, ast.Call) or _last_name(value) != "field":
        return False
    return any(keyword.arg == "init" and _text(keyword.value) == "False" for keyword in value.keywords)


def _last_name(expression: ast.expr) -> str:
    match expression:
        case ast.Call(func=function):
            return _last_name(function)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _parameters(arguments: ast.arguments) -> tuple[Parameter, ...]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    found = [_parameter(one, "positional", default) for one, default in zip(positional, defaults, strict=True)]
    if arguments.vararg:
        found.append(Parameter(arguments.vararg.arg, "variadic", None, _text(arguments.vararg.annotation)))
    keyword_only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found += [_parameter(one, "keyword", default) for one, default in keyword_only]
    if arguments.kwarg:
        found.append(Parameter(arguments.kwarg.arg, "keywords", None, _text(arguments.kwarg.annotation)))
    return tuple(found)


def _parameter(argument: ast.arg, kind: Literal["positional", "keyword"], default: ast.expr | None) -> Parameter:
    return Parameter(argument.arg, kind, _text(default), _text(argument.annotation))


def _text(expression: ast.expr | None) -> str | None:
    return ast.unparse(expression) if expression is not None else None
