"""What a project's Python rests on: the modules that it imports, read from syntax trees, and where a lock may be.

Nothing is imported or run. The project's folder is the first place that its modules are looked for, as it is when its
code runs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

LOCKS = ("pylock.toml", "uv.lock", "requirements.lock", "requirements.txt")
"""Where a project's dependencies are pinned: the first of these that exists."""

Read = Callable[[str], str | None]
"""The text of a file of the project by its path; None when there is no such file, or it is no text."""


def imported_modules(path: str, read: Read) -> tuple[str, ...]:
    """The paths of all modules of the project that running `path` can import, itself first, the others sorted.

    Imports inside functions and conditions count. A module with a syntax error counts, but what it imports does not.
    """

    def imports_of(path: str) -> tuple[str, ...] | None:
        text = read(path)
        return None if text is None else imports(path, text)

    return reachable(path, imports_of)


def reachable(path: str, imports_of: Callable[[str], tuple[str, ...] | None]) -> tuple[str, ...]:
    """As `imported_modules`, where the dotted names that each file imports are known; None: there is no such file."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in found or (names := imports_of(current)) is None:
            continue
        found[current] = None
        waiting += [known for name in names for known in (module_path(name, imports_of),) if known]
        waiting += [package for package in _packages(current) if package not in found]
    rest = sorted(found.keys() - {path})
    return (path, *rest) if path in found else ()


def imports(path: str, text: str) -> tuple[str, ...]:
    """The dotted names that a module imports, relative ones made absolute; `from a import b` gives `a` and `a.b`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _names(node, path)))


def module_path(name: str, read: Callable[[str], object | None]) -> str | None:
    """The file of a module of the project by its dotted name, if it is one; `read` gives None where no file is."""
    base = name.replace(".", "/")
    return next((path for path in (f"{base}/__init__.py", f"{base}.py") if read(path) is not None), None)


def absolute_name(path: str, module: str, level: int) -> str:
    """The dotted name that `from ..module import x` means in the file `path`; `level` counts the dots."""
    if level == 0:
        return module
    package = PurePosixPath(path).parts[:-1]
    kept = package[: len(package) - (level - 1)]
    return ".".join([*kept, *([module] if module else [])])


def _names(node: ast.AST, path: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            parts = alias.name.split(".")
            yield from (".".join(parts[: length + 1]) for length in range(len(parts)))
    elif isinstance(node, ast.ImportFrom):
        base = absolute_name(path, node.module or "", node.level)
        yield base
        yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)


def _packages(path: str) -> Iterator[str]:
    """The `__init__.py` files that importing a module runs first."""
    for folder in PurePosixPath(path).parents:
        if folder.parts:
            yield f"{folder}/__init__.py"
