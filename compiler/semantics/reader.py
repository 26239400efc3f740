"""The project around a spec, as the checker asks for it: read from a workspace, and from the table of estimators."""

from __future__ import annotations

from collections.abc import Collection

from mlopsc.compiler.semantics import estimators
from mlopsc.compiler.semantics.project import EstimatorInfo, PythonProblem, PythonSignature
from mlopsc.compiler.semantics.python_source import PythonSource
from mlopsc.compiler.workspace import Workspace


class WorkspaceReader:
    """A `ProjectReader` over a workspace; what it has read once it does not read again."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._there: dict[str, bool] = {}
        self._python = PythonSource(workspace, estimators.constructor)

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder at the path."""
        found = self._there.get(path)
        if found is None:
            found = self._there[path] = self._workspace.exists(path)
        return found

    def siblings(self, path: str) -> tuple[str, ...]:
        """The files in the folder that the path would be in, as paths of the same form."""
        folder, slash, _ = path.rpartition("/")
        return tuple(f"{folder}{slash}{name}" for name in self._workspace.list(folder or "."))

    def signature(self, reference: str) -> PythonSignature | PythonProblem:
        """What `"file.py:name"` takes, or why that is not known."""
        return self._python.signature(reference)

    def estimator(self, name: str) -> EstimatorInfo | None:
        """The estimator of that name below `sklearn.`, if there is one."""
        return estimators.estimator(name)

    def estimators(self) -> Collection[str]:
        """The names of all estimators that are known."""
        return estimators.names()

    def accepts(self, estimator: str, parameter: str, value: object) -> bool:
        """Whether a parameter of an estimator may have a value; what is not known may be anything."""
        return estimators.accepts(estimator, parameter, value)
