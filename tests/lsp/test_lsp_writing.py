"""Whoever has never seen a spec writes that of the bikes from an empty file, by what completion offers alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from lsp_editor import Editor, apply
from lsp_project import write_project
from lsprotocol import types
from test_lsp_completion import EXAMPLES

TOKEN = re.compile(r'"[^"\n]*"|#.*|\d[\w.%]*|[^\W\d]\w*|<=|>=|\.\.|[^\s\w]')
CLOSING = {"{": "\n}", "(": ")", "[": "]"}
CHOSEN = {"analysts", "rides", "demand"}
"""Names that everybody chooses for himself."""


def steps(text: str) -> Iterator[tuple[str, str, str]]:
    """Before each word, text and number: what is written so far, what comes, and what closes all that is open."""
    open_: list[str] = []
    for match in TOKEN.finditer(text):
        token = match.group()
        if token in CLOSING:
            open_.append(CLOSING[token])
        elif token in ("}", ")", "]"):
            open_.pop()
        elif re.match(r'["\w]', token):
            quote = token[0] if token[0] == '"' else ""
            yield text[: match.start()] + quote, token, f"{quote}{''.join(reversed(open_))}\n"


def complete(editor: Editor, name: str, text: str, offset: int) -> list[types.CompletionItem]:
    editor.send_edit(name, types.TextDocumentContentChangeWholeDocument(text))
    line = text.count("\n", 0, offset)
    position = types.Position(line, offset - text.rfind("\n", 0, offset) - 1)
    found = editor.ask(types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(editor.document(name), position))
    return list(found.items) if found else []


def mistakes(editor: Editor, name: str, text: str) -> list[types.Diagnostic]:
    """What is wrong with a text, once what was said of those before it has passed."""
    found = editor.set(name, text)
    while editor.published[editor.uri(name)][-1].version != editor.versions[name]:
        found = editor.after(name, lambda: None)
    return found


def test_the_spec_of_the_bikes_is_written_by_what_is_offered(editor: Editor) -> None:
    project = editor.folder / "bike_demand"
    shutil.copytree(EXAMPLES / "bike-demand", project, ignore=shutil.ignore_patterns("deploy", ".mlops", "mlops.lock"))
    name = "bike_demand/pipeline.mlops"
    spec = (project / "pipeline.mlops").read_text("utf-8")
    (project / "pipeline.mlops").unlink()
    editor.open(name, "")
    unknown, untold = [], []
    for before, token, after in steps(spec):
        items = complete(editor, name, before + after, len(before))
        wanted = token.strip('"')
        chosen = next((one for one in items if one.label == wanted), None)
        is_free = token[0] == '"' or token[0].isdigit() or token in CHOSEN
        if chosen is None and is_free:
            kinds = (types.CompletionItemKind.Value, types.CompletionItemKind.Constant)
            chosen = next((one for one in items if one.kind in kinds), None)
        if chosen is None:
            unknown.append((before.rpartition("\n")[2], token, [one.label for one in items][:5]))
        elif not chosen.documentation and not chosen.detail:
            untold.append((before.rpartition("\n")[2], token))
    assert unknown == []
    assert untold == []


def test_an_empty_file_becomes_a_spec_without_mistakes(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    assert [one.code for one in editor.open(name, "")] == ["E102"]
    (first, *others) = complete(editor, name, "", 0)
    assert first.label == "a spec for rides.csv"
    assert {"pipeline", "data", "train", "test"} <= {one.label for one in others}
    assert first.text_edit is not None
    assert mistakes(editor, name, apply("", [first.text_edit])) == []


def accepted(item: types.CompletionItem) -> str:
    """What stands there once somebody has accepted an item and all that its snippet suggests."""
    assert item.text_edit is not None
    text = re.sub(r"(?<!\\)\$\{\d+:((?:[^{}]|\{[^}]*\})*)\}", r"\1", item.text_edit.new_text)
    text = re.sub(r"(?<!\\)\$\{\d+\|([^,|]*)[^}]*\}", r"\1", text)
    return re.sub(r"\\([$}\\])", r"\1", text.replace("$0", ""))


def test_blocks_that_are_accepted_one_after_the_other_are_a_spec(editor: Editor) -> None:
    shutil.copytree(EXAMPLES / "bike-demand/data", editor.folder / "drafted/data")
    name, text = "drafted/pipeline.mlops", ""
    (editor.folder / name).write_text("", "utf-8")
    editor.open(name)
    for word in ("pipeline", "environment", "data", "train", "test", "release", "monitor"):
        item = next(one for one in complete(editor, name, text, len(text)) if one.label == word)
        text += f"{accepted(item)}\n\n"
    assert mistakes(editor, name, text) == []
    for said in ("pipeline drafted", "bikers:     int in 0..", "minimize mae(validation)", "watch stable(features)"):
        assert said in text


def test_a_block_is_offered_with_what_it_must_say(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    editor.open(name)
    text = (editor.folder / name).read_text("utf-8")
    items = {one.label: one for one in complete(editor, name, text + "\n", len(text) + 1)}
    release = items["release"]
    assert release.insert_text_format is types.InsertTextFormat.Snippet
    written = accepted(release)
    assert "model = demand" in written
    assert "gate  = demand_gate" in written
    assert mistakes(editor, name, f"{text}\n{written}\n") == []


@pytest.mark.parametrize(
    ("before", "label", "written"),
    [
        ("  gap_ = 7|", "7d", None),
        ("data other {\n  source = |", "csv", 'csv("")'),
        ("data other {\n  split = |", "by_time", "by_time(train = 70%, validation = 10%, test = 20%)"),
        ('data other {\n  source = csv("rides.csv")\n  schema {\n    |', "season", "season: category"),
        ('data other {\n  source = csv("rides.csv")\n  schema {\n    hr: int |', "in", "in 0.."),
        ('data other {\n  source = csv("rides.csv")\n  target = |', "season", "season"),
        ("test other {\n  model = demand\n  require mae(test) |", "<=", "<= "),
        ("test other {\n  model = demand\n  require mae(test) <= |", "champion + 5%", "champion + 5%"),
        ("test other {\n  model = demand\n  require mae(test) <= 4 at 9|", "95%", "95%"),
        ("test other {\n  timeout = 9|", "9min", "9min"),
        ("environment prod {\n  budget = 400USD / |", "1mo", "1mo"),
        ("environment |", "prod", "prod"),
    ],
)
def test_what_an_item_writes(editor: Editor, project: str, before: str, label: str, written: str | None) -> None:
    name = f"{project}/pipeline.mlops"
    editor.open(name)
    text = (editor.folder / name).read_text("utf-8") + "\n" + before.replace("|", "")
    after = "".join("\n}" for _ in range(before.count("{")))
    items = {one.label: one for one in complete(editor, name, text + after + "\n", len(text))}
    if written is None:
        assert label not in items
        return
    edit = items[label].text_edit
    assert edit is not None
    assert re.sub(r"\$\{\d+(?::([^}]*))?\}", lambda match: match[1] or "", edit.new_text) == written


@pytest.mark.parametrize(
    ("marked", "label", "after"),
    [
        ("data x {\n  ta|get = bikers\n}", "target", "data x {\n  target = bikers\n}"),
        ('data x {\n  source = cs|("a.csv")\n}', "csv", 'data x {\n  source = csv("a.csv")\n}'),
        ("tes|t gate {\n}", "test", "test gate {\n}"),
        ('train x {\n  estimator = sklearn("linear_model.Ridge", al| = 2)\n}', "alpha", None),
    ],
)
def test_what_is_there_already_is_not_written_twice(
    editor: Editor, project: str, marked: str, label: str, after: str | None
) -> None:
    name, text = f"{project}/pipeline.mlops", marked.replace("|", "")
    editor.open(name)
    item = next(one for one in complete(editor, name, text, marked.index("|")) if one.label == label)
    assert item.text_edit is not None
    assert apply(text, [item.text_edit]) == (after or text.replace("al = 2", "alpha = 2"))


def test_an_allowed_rule_is_offered_where_it_speaks(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    editor.open(name)
    text = (editor.folder / name).read_text("utf-8") + "\nunread = 4  # mlopsc: allow "
    items = complete(editor, name, text + "\n", len(text))
    assert items[0].label == "unused-constant"
    assert items[0].detail == "says something here"
    assert "unread" in str(items[0].documentation)
    assert items[0].text_edit is not None
    assert items[0].text_edit.new_text.startswith("unused-constant -- ")


def test_columns_are_read_from_what_is_there(editor: Editor, project: str) -> None:
    folder = write_project(editor.folder / project)
    (folder / "rides.csv").write_text("day;who\n2024-01-01;ann\n2024-01-02;bob\n", "utf-8")
    (folder / "prep.py").write_text("def widen(rows):\n    rows['b'] = 1\n    return rows.assign(a=2)\n", "utf-8")
    name = f"{project}/pipeline.mlops"
    source = 'source = csv("rides.csv", separator = ";")\n  transform = python("prep.py:widen")'
    before = f"data x {{\n  {source}\n  schema {{\n    "
    editor.open(name, "")
    labels = [one.label for one in complete(editor, name, before + "\n  }\n}\n", len(before))]
    assert labels[0] == "all columns"
    assert sorted(labels[1:]) == ["a", "b", "day", "who"]
