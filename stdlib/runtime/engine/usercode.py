"""Calling the user's own functions, and telling where they fail."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from mlopsc.stdlib.runtime.engine.outcome import StageFailure

_INSTALLED = frozenset({"site-packages", "dist-packages", "__pycache__", "node_modules"})


def is_project_file(project: Path, path: PurePath) -> bool:
    """Whether a file belongs to the user's project: below its root, neither hidden nor installed there."""
    try:
        parts = path.relative_to(project).parts
    except ValueError:
        return False
    return not any(part in _INSTALLED or part.startswith(".") for part in parts)


def load_callable(project: Path, reference: str) -> Any:
    """The function or class that `"file.py:name"` names, with paths relative to the project.

    Raises StageFailure when the file, the name or something that the file imports is missing, or when importing it
    fails.
    """
    file, _, name = reference.partition(":")
    path = (project / file).resolve()
    if not path.is_file():
        raise StageFailure(f"there is no file `{file}`", f"write it, or correct the path in `{reference}`")
    module = _import(project, path, file)
    found = getattr(module, name, None)
    if found is None:
        raise StageFailure(f"`{file}` has no `{name}`", f"it defines {_names(module)}")
    return found


def _import(project: Path, path: Path, file: str) -> ModuleType:
    name = ".".join(PurePath(file).with_suffix("").parts)
    root = str(project.resolve())
    if root not in sys.path:
        sys.path.insert(0, root)
    try:
        module = importlib.import_module(name)
    except Exception as error:
        details = user_traceback(error, project)
        raise StageFailure(f"`{file}` cannot be imported: {_told(error)}", "correct it", details=details) from error
    if Path(getattr(module, "__file__", None) or "").resolve() != path:
        raise StageFailure(f"`{file}` has the name of another module, `{name}`", "give the file another name")
    return module


def _names(module: ModuleType) -> str:
    names = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return ", ".join(f"`{name}`" for name in names[:8]) or "nothing"


def _told(error: BaseException) -> str:
    text = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def user_traceback(error: BaseException, project: Path) -> str:
    """The traceback of an error without the frames of libraries; the whole of it when none is in the project."""
    own = _own_frames(traceback.TracebackException.from_exception(error), project.resolve())
    return "".join((own or traceback.TracebackException.from_exception(error)).format()).rstrip()


def _own_frames(told: traceback.TracebackException, root: Path) -> traceback.TracebackException | None:
    """The error, and those that led to it, with the frames of the project alone; None when there is none."""
    own = [frame for frame in told.stack if is_project_file(root, PurePath(frame.filename))]
    told.stack = traceback.StackSummary.from_list(own)
    told.__cause__ = told.__cause__ and _own_frames(told.__cause__, root)
    told.__context__ = told.__context__ and _own_frames(told.__context__, root)
    return told if own or told.__cause__ or told.__context__ else None


def failure_of(error: BaseException, project: Path, what: str) -> StageFailure:
    """What to tell the user when their code (`what`, such as "`prep.py:add`") raised an error or ended the process."""
    details = user_traceback(error, project)
    if isinstance(error, SystemExit):
        return StageFailure(
            f"{what} called `sys.exit({error.code!r})`", "return instead: other stages still run", details=details
        )
    return StageFailure(f"{what} raised {_told(error)}", "the traceback shows where", details=details)


def forget_project_modules(project: Path, before: Iterable[str]) -> None:
    """Unload what was imported from the project since `before`, so that no global state reaches the next task."""
    root = project.resolve()
    for name in set(sys.modules).difference(before):
        file = getattr(sys.modules[name], "__file__", None)
        if file and is_project_file(root, PurePath(file)) and not name.startswith("mlopsc."):
            del sys.modules[name]
