"""What editors show beside the text: meaning by colour, signatures, hints and lenses."""

from __future__ import annotations

import random

import pytest
from lsp_asking import Asking
from lsp_editor import Editor
from lsp_project import SPEC
from lsprotocol import types
from test_lsp_completion import EXAMPLES, broken

from mlopsc.compiler.lsp.tokens import LEGEND

EVERYWHERE = types.Range(types.Position(0, 0), types.Position(10_000, 0))


@pytest.fixture
def opened(editor: Editor, project: str) -> str:
    name = f"{project}/pipeline.mlops"
    assert editor.open(name) == []
    return name


def decoded(data: list[int], text: str) -> dict[str, tuple[str, int]]:
    """The type and the modifiers of each name."""
    found, line, column = {}, 0, 0
    lines = text.split("\n")
    for index in range(0, len(data), 5):
        down, across, length, kind, modifiers = data[index : index + 5]
        line, column = line + down, across + (0 if down else column)
        found[lines[line][column : column + length]] = (LEGEND.token_types[kind], modifiers)
    return found


def test_names_have_the_colour_of_what_they_mean(editor: Editor, opened: str) -> None:
    params = types.SemanticTokensParams(editor.document(opened))
    found = decoded(list(editor.ask(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, params).data), SPEC)
    assert found["demand_gate"] == ("class", 1)
    assert found["require"] == ("keyword", 2)
    assert found["season"][0] == "property"
    assert found["mae"] == ("function", 2)
    assert found["validation"][0] in ("enumMember", "parameter")


def test_a_call_says_what_it_takes(editor: Editor, opened: str) -> None:
    line = next(number for number, text in enumerate(SPEC.split("\n")) if "by_time" in text)
    column = SPEC.split("\n")[line].index("validation") + 3
    params = types.SignatureHelpParams(editor.document(opened), types.Position(line, column))
    found = editor.ask(types.TEXT_DOCUMENT_SIGNATURE_HELP, params)
    (one,) = found.signatures
    assert one.label.startswith("by_time(")
    assert one.parameters[one.active_parameter].label == "validation"
    outside = types.SignatureHelpParams(editor.document(opened), types.Position(line, 3))
    assert editor.ask(types.TEXT_DOCUMENT_SIGNATURE_HELP, outside) is None


def test_what_is_derived_is_shown(editor: Editor, opened: str) -> None:
    hints = editor.ask(types.TEXT_DOCUMENT_INLAY_HINT, types.InlayHintParams(editor.document(opened), EVERYWHERE))
    assert [one.label for one in hints] == ["reads rides"]
    lenses = editor.ask(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensParams(editor.document(opened)))
    assert [one.command.title for one in lenses] == [
        "read by demand, demand_gate",
        "read by demand_gate",
        "read by no stage",
    ]


@pytest.mark.parametrize("example", ["bike-demand", "flight-delays"])
@pytest.mark.parametrize("seed", [None, 5, 6])
def test_nothing_shown_of_an_example_is_too_much(example: str, seed: int | None) -> None:
    text = (EXAMPLES / example / "pipeline.mlops").read_text("utf-8")
    text = text if seed is None else broken(text, seed)
    asking = Asking(EXAMPLES / example, "pipeline.mlops", text)
    document = types.TextDocumentIdentifier(asking.uri)
    asking.ask(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(document))
    asking.ask(types.TEXT_DOCUMENT_INLAY_HINT, types.InlayHintParams(document, EVERYWHERE))
    asking.ask(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensParams(document))
    for offset in random.Random(example).sample(range(len(text) + 1), 120):
        asking.at(types.TEXT_DOCUMENT_SIGNATURE_HELP, offset)
