"""However a spec is cut up, the compiler says something about it, at places inside it, and never fails itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace
from mlopsc.stdlib import registry

ROOT = Path(__file__).parents[2]
PROJECTS = {
    "bike": (ROOT / "examples" / "bike-demand", "pipeline.mlops"),
    "churn": (ROOT / "tests" / "golden" / "local" / "three-environments", "main.mlops"),
}
PIECES = [
    "",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "=",
    ":",
    "..",
    ",",
    "\n",
    "95%",
    "champion",
    "none",
    '"',
    "`",
    "x",
    "rides",
    "-",
]


@cache
def source(project: str) -> str:
    folder, main = PROJECTS[project]
    return (folder / main).read_text("utf-8")


def messages(project: str, text: str) -> tuple[Diagnostic, ...]:
    folder, main = PROJECTS[project]
    compilation = Compilation(MemoryWorkspace({main: text}, DiskWorkspace(folder)), registry(), main)
    compilation.emit(["local"])
    return compilation.diagnostics_for(["local"])


def hold(project: str, text: str) -> None:
    for found in messages(project, text):
        assert found.code.id != "E000", found.message + found.hint
        size = len(found.location.file.text)
        assert 0 <= found.location.span.start <= found.location.span.end <= size
        for fix in found.fixes:
            assert all(edit.location.span.end <= len(edit.location.file.text) for edit in fix.edits)


edits = st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES))


def edited(text: str, where: float, length: int, piece: str) -> str:
    start = int(where * len(text))
    return text[:start] + piece + text[start + length :]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PROJECTS)), st.lists(edits, min_size=1, max_size=3))
def test_edits_anywhere(project: str, found: list[tuple[float, int, str]]) -> None:
    text = source(project)
    for where, length, piece in found:
        text = edited(text, where, length, piece)
    hold(project, text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PROJECTS)), st.data())
def test_lines_that_are_lost_doubled_or_moved(project: str, data: st.DataObject) -> None:
    lines = source(project).splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    to = data.draw(st.integers(0, len(lines) - 1))
    kept = data.draw(st.booleans())
    line = lines[at] if kept else lines.pop(at)
    lines.insert(to, line)
    hold(project, "".join(lines))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
@example('use "pipeline.mlops"')
@example("\x00")
@example("a.b(")
def test_any_text_at_all(text: str) -> None:
    hold("bike", text)
