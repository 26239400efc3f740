"""What editors show beside the text: meaning by colour, signatures, hints and lenses."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lsp_asking import Asking
from lsp_editor import Editor
from lsp_project import SPEC, write_project
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


def hints(editor: Editor, name: str) -> list[str]:
    params = types.InlayHintParams(editor.document(name), EVERYWHERE)
    return [one.label for one in editor.ask(types.TEXT_DOCUMENT_INLAY_HINT, params)]


def lenses(editor: Editor, name: str) -> list[types.Command]:
    params = types.CodeLensParams(editor.document(name))
    return [one.command for one in editor.ask(types.TEXT_DOCUMENT_CODE_LENS, params)]


def test_what_is_derived_is_shown(editor: Editor, opened: str) -> None:
    assert hints(editor, opened) == ["reads rides", "about 51 rows"]
    assert [one.title for one in lenses(editor, opened)] == [
        *("Run", "Why", "read by demand, demand_gate"),
        *("Run", "Why", "read by demand_gate"),
        *("Run", "Why", "read by no stage"),
    ]


def test_rows_days_and_lengths_of_time_are_shown(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    lock = "[bikes.dev.rides]\nrows = 8645\nsplits = { test = 1729, train = 6027, validation = 841 }\n"
    (editor.folder / project / "mlops.lock").write_text(lock, "utf-8")
    served = (
        "release api {\n  model = demand\n  gate = demand_gate\n"
        "  strategy = canary(steps = [50%, 100%], every = 336h)\n"
        "  assign = season\n  require mae(feedback) <= champion + 5% at 95% within 28d\n}\n\n"
        "monitor live {\n  release = api\n  watch stable(features) over 7d\n}\n"
    )
    assert editor.open(name, f"{SPEC}\n{served}") == []
    assert hints(editor, name) == [
        *("6,027 rows", "841 rows", "1,729 rows", "reads rides", "about 51 rows of 1,729"),
        *("2 weeks", "7 days or more", "learns for 140 days"),
    ]


def test_the_user_switches_hints_and_lenses_off_and_on(editor: Editor, opened: str) -> None:
    def configure(**settings: bool) -> None:
        editor.settings = dict(settings)
        before = len(editor.refreshed)
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        assert editor.until(lambda: len(editor.refreshed) == before + 2)

    assert types.WORKSPACE_DID_CHANGE_CONFIGURATION in editor.registered
    configure(hints=False, lenses=False)
    assert (hints(editor, opened), lenses(editor, opened)) == ([], [])
    configure(hints=True, lenses=True)
    assert hints(editor, opened)
    assert lenses(editor, opened)


def test_settings_count_from_the_beginning_and_nonsense_does_not(tmp_path: Path) -> None:
    write_project(tmp_path)
    editor = Editor(tmp_path)
    editor.settings = {"hints": "often", "lenses": False}
    editor.start()
    editor.open("pipeline.mlops")
    assert hints(editor, "pipeline.mlops")
    assert lenses(editor, "pipeline.mlops") == []
    editor.stop()


def test_a_lens_runs_a_stage_and_tells_what_came_of_it(editor: Editor, opened: str) -> None:
    run = lenses(editor, opened)[0]
    done, shown = len(editor.refreshed), len(editor.shown)
    editor.progress.clear()
    assert editor.ask(types.WORKSPACE_EXECUTE_COMMAND, types.ExecuteCommandParams(run.command, run.arguments)) is None
    assert editor.until(lambda: len(editor.refreshed) > done, 60)
    (told,) = editor.shown[shown:]
    assert told.type is types.MessageType.Warning
    assert told.message.startswith("`rides` has failed")
    assert "check rows >= 10" in told.message
    assert editor.progress[:2] == ["create", "begin"]
    assert editor.progress[-1] == "end"
    assert lenses(editor, opened)[2].title.startswith("fail in run 1 (dev, ")


def test_a_lens_says_why(editor: Editor, opened: str) -> None:
    why = lenses(editor, opened)[1]
    shown = len(editor.shown)
    editor.ask(types.WORKSPACE_EXECUTE_COMMAND, types.ExecuteCommandParams(why.command, why.arguments))
    assert editor.until(lambda: len(editor.shown) > shown)
    assert editor.shown[-1].type is types.MessageType.Info
    assert editor.shown[-1].message.startswith("rides data would run")


def test_one_run_of_a_spec_goes_on_at_a_time(editor: Editor, opened: str) -> None:
    run = lenses(editor, opened)[0]
    shown, done = len(editor.shown), len(editor.refreshed)
    for _ in range(2):
        editor.ask(types.WORKSPACE_EXECUTE_COMMAND, types.ExecuteCommandParams(run.command, run.arguments))
    assert editor.until(lambda: len(editor.refreshed) > done, 60)
    assert [one.message.partition("\n")[0] for one in editor.shown[shown:]] == [
        "`pipeline.mlops` is running already",
        "`rides` has failed",
    ]


@pytest.mark.parametrize("arguments", [None, [], ["file:///no/where.mlops", "rides"], [4, {}], ["untitled:x", "rides"]])
def test_a_command_about_nothing_harms_nothing(editor: Editor, opened: str, arguments: list[object] | None) -> None:
    editor.ask(types.WORKSPACE_EXECUTE_COMMAND, types.ExecuteCommandParams("mlops.run", arguments))
    assert hints(editor, opened)


def test_what_is_not_saved_is_not_run(editor: Editor, opened: str) -> None:
    run = lenses(editor, opened)[0]
    editor.set(opened, SPEC + "\nunsaved = 1\n")
    shown = len(editor.shown)
    editor.ask(types.WORKSPACE_EXECUTE_COMMAND, types.ExecuteCommandParams(run.command, run.arguments))
    assert editor.until(lambda: len(editor.shown) > shown)
    assert "save the spec first" in editor.shown[-1].message


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
