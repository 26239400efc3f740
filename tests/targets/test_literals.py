"""What the local target writes into Python reads back as what the spec says, whatever it holds."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from mlopsc.targets.local.literals import WIDTH, literal, text_literal
from mlopsc.targets.local.target import _prose, function_names

HOSTILE = [
    '"""',
    "'''",
    "\\",
    '\\"',
    "\n",
    "{{ 7 * 7 }}",
    "${x}",
    "\u2028",
    "é",
    "🚲",
    "\x00",
    "%s",
    "'\"",
    '"; import os #',
]
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)


@given(values, st.integers(0, 40))
def test_any_value_reads_back(value: object, indent: int) -> None:
    assert ast.literal_eval(literal(value, indent)) == value


@given(texts)
def test_any_text_reads_back_from_a_docstring(text: str) -> None:
    module = ast.parse(f'"""{_prose(text)}."""')
    assert ast.get_docstring(module, clean=False) == f"{text}."


def test_hostile_texts_stay_data() -> None:
    for text in HOSTILE:
        assert ast.literal_eval(text_literal(text)) == text
        assert ast.literal_eval(literal({text: [text] * 40})) == {text: [text] * 40}


def test_lines_stay_within_the_width_where_they_can() -> None:
    value = {"function": "grid", "parameters": {"max_depth": list(range(40)), "learning_rate": [0.05, 0.1]}}
    assert max(len(line) for line in literal(value, 4, 7).splitlines()) <= WIDTH


@given(st.lists(texts.filter(bool), unique=True, max_size=8))
def test_every_stage_has_a_function_of_its_own(stages: list[str]) -> None:
    names = function_names(stages)
    assert len(set(names.values())) == len(stages)
    for name in names.values():
        ast.parse(f"def {name}(): ...")


def test_names_are_kept_where_they_can_be() -> None:
    assert function_names(["rides", "main", "class", "list", "my stage", "2nd", "größe"]) == {
        "rides": "rides",
        "main": "main_",
        "class": "class_",
        "list": "list_",
        "my stage": "my_stage",
        "2nd": "stage_2nd",
        "größe": "größe",
    }
