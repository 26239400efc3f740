"""The user's modules as they were when a model was fitted, kept inside the model and imported under a private name.

Two models with different versions of `features.py` can so live in one process, and a model needs no file beside it.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from mlopsc.compiler.python_modules import imported_modules
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.usercode import user_traceback

PRIVATE = "mlopsc_model_"
"""What the private package of every snapshot begins with."""


@dataclass(frozen=True)
class Snapshot:
    """Texts of modules by path (`features.py`, `lib/__init__.py`); `root` is where they lie, for tracebacks."""

    files: Mapping[str, str]
    root: Path | None = None

    @cached_property
    def sha256(self) -> str:
        """The hash of all paths and texts."""
        digest = hashlib.sha256()
        for path, text in sorted(self.files.items()):
            for part in (path.encode(), text.encode()):
                digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()

    @property
    def digests(self) -> dict[str, str]:
        """The hash of each text, by path."""
        return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sorted(self.files.items())}

    @property
    def package(self) -> str:
        """The private package that its modules are imported in."""
        return f"{PRIVATE}{self.sha256[:20]}"

    def load(self, reference: str) -> Any:
        """The class or function that `"file.py:name"` names; raises StageFailure when it cannot be imported."""
        file, _, name = reference.partition(":")
        _install(self)
        try:
            module = importlib.import_module(f"{self.package}.{_dotted(file)}")
        except Exception as error:
            details = user_traceback(error, self.root or Path(self.package))
            told = f"{type(error).__name__}: {error}"
            raise StageFailure(f"`{file}` cannot be imported: {told}", "correct it", details=details) from error
        if not hasattr(module, name):
            raise StageFailure(f"`{file}` has no `{name}`", f"define it there, or correct the name in `{reference}`")
        return getattr(module, name)

    def install(self) -> None:
        """Make the private package importable in this process."""
        _install(self)


def take_snapshot(project: Path, references: Sequence[str]) -> Snapshot:
    """The modules that `"file.py:name"` references name, and the project's modules that they import.

    Raises StageFailure when a file that is named is missing or no UTF-8 text.
    """

    def read(path: str) -> str | None:
        try:
            return (project / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    files: dict[str, str] = {}
    for reference in references:
        file = reference.partition(":")[0]
        paths = imported_modules(file, read)
        if not paths:
            raise StageFailure(f"there is no module `{file}`", f"write it, or correct the path in `{reference}`")
        files |= {path: read(path) or "" for path in paths}
    return Snapshot(files, project)


def _dotted(path: str) -> str:
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


_installed: dict[str, _Importer] = {}


def _install(snapshot: Snapshot) -> None:
    """One importer a private package; later snapshots of the same content share the first."""
    if snapshot.package not in _installed:
        _installed[snapshot.package] = _Importer(snapshot)
        sys.meta_path.append(_installed[snapshot.package])


class _Importer(MetaPathFinder, InspectLoader):
    """Finds and runs the modules of one snapshot below its private package."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._paths = {f"{snapshot.package}.{_dotted(path)}": path for path in snapshot.files}
        packages = {name for name, path in self._paths.items() if path.endswith("__init__.py")} | {snapshot.package}
        for name in self._paths:
            while name := name.rpartition(".")[0]:
                packages.add(name)
        self._packages = packages
        self._tops = {name.split(".")[1] for name in self._paths}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname not in self._paths and fullname not in self._packages:
            return None
        spec = ModuleSpec(fullname, self, origin=self._origin(fullname), is_package=fullname in self._packages)
        spec.has_location = fullname in self._paths
        return spec

    def get_source(self, fullname: str) -> str:
        return self._snapshot.files[self._paths[fullname]] if fullname in self._paths else ""

    def exec_module(self, module: ModuleType) -> None:
        # An import statement asks the builtins of its own module: there the snapshot comes before the project.
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import}
        exec(compile(self.get_source(module.__name__), self._origin(module.__name__), "exec"), vars(module))

    def _origin(self, fullname: str) -> str:
        path = self._paths.get(fullname, "")
        return str(self._snapshot.root / path) if self._snapshot.root else f"{self._snapshot.package}/{path}"

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        if level or name.partition(".")[0] not in self._tops:
            return builtins.__import__(name, globals, locals, fromlist, level)
        private = f"{self._snapshot.package}.{name}"
        if fromlist:
            return builtins.__import__(private, globals, locals, fromlist, 0)
        importlib.import_module(private)
        return sys.modules[f"{self._snapshot.package}.{name.partition('.')[0]}"]
