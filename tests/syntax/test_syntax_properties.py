"""What holds for every text: no crash, spans inside the text, and the same tree however it was come by."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden import cases, read_case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spec_texts import BIKE, FRAGMENTS, edited, untidy
from spec_words import parsed

from mlopsc.compiler.diagnostics import Diagnostic, apply_edits
from mlopsc.compiler.syntax.ast import File, Node, children
from mlopsc.compiler.syntax.formatter import format_file
from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.text import Span

RANDOM = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def shape(value: object) -> object:
    """A tree without its places."""
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple):
        return tuple(shape(part) for part in value)
    if isinstance(value, Node):
        return type(value).__name__, *(shape(getattr(value, name)) for name in value.fields)
    return value


def _check_places(file: File) -> None:
    """Every span lies inside its parent's, and every message inside the file."""
    assert "".join(chunk.text for chunk in file.chunks) == file.source.text
    for chunk in file.chunks:
        for node in (*chunk.items, *chunk.comments):
            assert 0 <= node.span.start <= node.span.end <= len(chunk.text)
            _check_inside(node)
    for diagnostic in syntax_diagnostics(file):
        locations = [diagnostic.location, *(label.location for label in diagnostic.related)]
        locations += [edit.location for fix in diagnostic.fixes for edit in fix.edits]
        for location in locations:
            assert 0 <= location.span.start <= location.span.end <= len(file.source.text)
        assert diagnostic.message


def _check_inside(node: Node) -> None:
    for child in children(node):
        assert node.span.start <= child.span.start <= child.span.end <= node.span.end
        _check_inside(child)


@RANDOM
@given(edited())
def test_no_edit_crashes_the_parser(text: str) -> None:
    _check_places(parsed(text))


@RANDOM
@given(st.text(alphabet=st.sampled_from("".join(sorted(set("".join(FRAGMENTS))))), max_size=60))
def test_no_text_crashes_the_parser(text: str) -> None:
    _check_places(parsed(text))


@RANDOM
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join))
def test_no_row_of_fragments_crashes_the_parser(text: str) -> None:
    _check_places(parsed(text))


@RANDOM
@given(edited(), edited())
def test_a_tree_does_not_depend_on_the_one_before(before: str, text: str) -> None:
    assert parsed(text, parsed(before)) == parsed(text)


@RANDOM
@given(st.data())
def test_edit_after_edit_gives_the_tree_of_the_last_text(data: st.DataObject) -> None:
    text = BIKE
    file = parsed(text)
    for _ in range(3):
        text = data.draw(edited(text))
        file = parsed(text, file)
    assert file == parsed(text)


@RANDOM
@given(untidy())
def test_formatting_keeps_the_tree_and_the_comments_and_is_done_after_once(text: str) -> None:
    file = parsed(text)
    assert syntax_diagnostics(file) == [] or not any(chunk.items for chunk in file.chunks)
    formatted = format_file(file)
    again = parsed(formatted)
    assert shape(_items(again)) == shape(_items(file))
    assert _comments(again) == _comments(file)
    assert format_file(again) == formatted
    assert "\r" not in formatted


def _items(file: File) -> tuple[Node, ...]:
    return tuple(item for chunk in file.chunks for item in chunk.items)


def _comments(file: File) -> list[str]:
    return [comment.text for chunk in file.chunks for comment in chunk.comments]


@pytest.mark.parametrize("folder", cases("syntax"), ids=lambda folder: folder.name)
def test_safe_fixes_come_to_an_end_and_mend_what_they_are_for(folder: Path) -> None:
    text = read_case(folder).text
    for _ in range(12):
        edits = [edit for diagnostic in _safe(text) for fix in diagnostic.fixes if fix.safe for edit in fix.edits]
        if not edits:
            break
        text = apply_edits(text, edits)
    assert _safe(text) == []


def _safe(text: str) -> list[Diagnostic]:
    return [one for one in syntax_diagnostics(parsed(text)) if any(fix.safe for fix in one.fixes)]
