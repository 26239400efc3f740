"""`[tool.mlopsc]` counts in the editor as it does for `mlopsc check`."""

from __future__ import annotations

import pytest
from lsp_editor import Editor
from lsp_project import SPEC
from lsprotocol import types

UNUSED = f"{SPEC}\nlimit_of_nobody = 45\n"


@pytest.mark.parametrize(
    ("toml", "expected"),
    [("", []), ('[tool.mlopsc.severity]\nunused-constant = "error"\n', ["L004"])],
)
def test_a_severity_of_the_project_counts(editor: Editor, project: str, toml: str, expected: list[str]) -> None:
    (editor.folder / project / "pyproject.toml").write_text(toml, "utf-8")
    found = editor.open(f"{project}/pipeline.mlops", UNUSED)
    assert {one.code for one in found} == {*expected}
    for one in found:
        assert one.code_description is not None
        assert one.code_description.href.endswith("docs/lint.md#l004")


def test_a_mistake_in_it_is_told_where_it_stands(editor: Editor, project: str) -> None:
    (editor.folder / project / "pyproject.toml").write_text('[tool.mlopsc.off]\nunused-constnat = "why"\n', "utf-8")
    (found,) = editor.after(f"{project}/pyproject.toml", lambda: editor.open(f"{project}/pipeline.mlops"))
    assert (found.code, found.range.start) == ("L904", types.Position(1, 0))
