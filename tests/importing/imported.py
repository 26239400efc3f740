"""What an import left: its exit code, its words and its spec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlopsc.compiler.cli.main import run
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace
from mlopsc.stdlib import registry

PROJECTS = Path(__file__).parent / "projects"


@dataclass(frozen=True)
class Imported:
    """How the command ended, what it wrote, and the spec that is there now (empty where there is none)."""

    code: int
    out: str
    err: str
    spec: str
    folder: Path

    def compiled(self, spec: str | None = None, **files: str) -> Compilation:
        """The compilation of the spec, or of what became of it, with further files in the project."""
        texts = {"pipeline.mlops": self.spec if spec is None else spec, **files}
        return Compilation(MemoryWorkspace(texts, DiskWorkspace(self.folder)), registry())

    def errors(self, spec: str | None = None, **files: str) -> list[Diagnostic]:
        """What keeps the spec from being built."""
        return [one for one in self.compiled(spec, **files).diagnostics if one.is_error]


Import = Callable[..., Imported]
"""The fixture `imports`."""


def run_import(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Imported:
    """Run the command in this process."""
    capsys.readouterr()
    code = run(["import", *arguments])
    written = capsys.readouterr()
    spec = folder / "pipeline.mlops"
    return Imported(int(code), written.out, written.err, spec.read_text("utf-8") if spec.exists() else "", folder)
