"""What the editor offers to add is sound: the spec stays without mistakes and in its layout, and lacks less."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsp_asking import Asking
from lsp_editor import Editor, apply
from lsp_project import SPEC, write_project
from lsprotocol import types

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.program import vocabulary_of
from mlopsc.compiler.syntax.formatter import format_file
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.text import SourceFile
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry

GATE = SPEC.index("test demand_gate")
BARE = SPEC[:GATE] + (
    "test demand_gate {\n  model = demand\n  require mae(test) <= limit at 95%\n}\n\n"
    "release api {\n  model  = demand\n  gate   = demand_gate\n  assign = season\n}\n"
)
CLASSES = (
    SPEC[:GATE]
    .replace("target = bikers", "target = rain")
    .replace("    bikers: int", "    rain:   bool")
    .replace("linear_model.Ridge", "linear_model.LogisticRegression")
    .replace("alpha = 0.5", "C = 0.5")
    .replace("minimize mae", "maximize roc_auc")
)


def offered(editor: Editor, name: str, text: str, line: str, kinds: list[str] | None = None) -> list[types.CodeAction]:
    """What is offered on the line that begins so."""
    row = next(number for number, one in enumerate(text.split("\n")) if one.startswith(line))
    context = types.CodeActionContext([], only=[types.CodeActionKind(one) for one in kinds] if kinds else None)
    range_ = types.Range(types.Position(row, 2), types.Position(row, 2))
    found = editor.ask(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionParams(editor.document(name), range_, context))
    return [one for one in found if one.kind == types.CodeActionKind.RefactorRewrite]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (SPEC[:GATE], ["require mae(test) <= ", "require mae(test) <= champion + 5% at 95%"]),
        (CLASSES, ["require roc_auc(test) >= 80% at 95%", "require roc_auc(test) >= champion * 95% at 95%"]),
    ],
)
def test_a_gate_is_added_to_a_model_without_one(editor: Editor, project: str, text: str, written: list[str]) -> None:
    name = f"{project}/pipeline.mlops"
    (editor.folder / project / "rides.csv").write_text(
        "at,hr,season,bikers,rain\n2011-01-01T00:00Z,0,winter,16,1\n2011-01-01T01:00Z,1,winter,90,0\n", "utf-8"
    )
    assert editor.open(name, text) == []
    action = next(one for one in offered(editor, name, text, "train demand") if "gate" in one.title)
    assert action.title == "Add a gate for `demand`"
    added = apply(text, action.edit.changes[editor.uri(name)])
    assert [one for one in written if one not in added] == []
    assert editor.set(name, added) == []
    assert not any("gate" in one.title for one in offered(editor, name, added, "train demand"))


def test_only_the_kind_that_is_asked_for_is_offered(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    assert editor.open(name, BARE) == []
    assert offered(editor, name, BARE, "release api", ["refactor"])
    assert offered(editor, name, BARE, "release api", ["quickfix"]) == []
    assert offered(editor, name, BARE, "limit", ["refactor"]) == []


def test_each_piece_covers_what_its_principle_lacks(tmp_path: Path) -> None:
    """All that is offered is taken, one after the other: each raises the score and makes no mistake."""
    folder = write_project(tmp_path)
    (folder / "tests").mkdir()
    asking = Asking(folder, "pipeline.mlops", BARE)
    text, titles = formatted(BARE), []
    for _ in range(40):
        asking.set(text)
        action = next(iter(everywhere(asking, text)), None)
        if action is None:
            break
        titles.append(action.title)
        before, text = earned(folder, text), apply(text, action.edit.changes[asking.uri])
        assert text == formatted(text), action.title
        assert earned(folder, text) > before, action.title
    assert len(titles) == len(set(titles)) >= 12, titles
    assert any("retrain(demand, refresh = rides" in one for one in titles)
    assert any("watch mae(feedback) <= limit" in one for one in titles)


def everywhere(asking: Asking, text: str) -> list[types.CodeAction]:
    """What is offered for the whole file."""
    end = types.Position(text.count("\n"), 0)
    context = types.CodeActionContext([], only=[types.CodeActionKind.Refactor])
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(asking.uri), types.Range(types.Position(0, 0), end), context
    )
    return list(asking.ask(types.TEXT_DOCUMENT_CODE_ACTION, params))


def earned(folder: Path, text: str) -> int:
    """How many rules of principles a spec follows; it has no mistake."""
    found = Compilation(DiskWorkspace(folder), registry()).edited("pipeline.mlops", text)
    assert [one.message for one in found.diagnostics if one.is_error] == []
    return sum(score.earned for score in found.principles)


def formatted(text: str) -> str:
    return format_file(parse(SourceFile("pipeline.mlops", text), vocabulary_of(registry())))
