"""The workflows that the tests judge: of the examples, and of a spec whose names and strings are hostile."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "github"
CASES = {
    "bike-demand": ROOT / "examples" / "bike-demand" / "pipeline.mlops",
    "flight-delays": ROOT / "examples" / "flight-delays" / "pipeline.mlops",
    "hostile": GOLDEN / "hostile" / "main.mlops",
    "jobs": GOLDEN / "jobs" / "main.mlops",
}
"""The spec of each folder of golden files."""


def emitted(spec: Path) -> dict[str, str]:
    """The workflows of a spec, by the names of their files."""
    compilation = Compilation(DiskWorkspace(spec.parent), registry(), spec.name)
    assert [one.message for one in compilation.diagnostics_for(["github"]) if one.is_error] == []
    files = ((PurePosixPath(file.path), file.text) for file in compilation.emit(["github"]))
    return {path.name: text for path, text in files if path.parts[-3:-1] == (".github", "workflows")}


def golden_workflows() -> list[Path]:
    """The committed workflows of all cases."""
    return sorted(GOLDEN.glob("*/*.yml"))
