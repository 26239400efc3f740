"""How YAML is read: as version 1.2 has it, by either parser, however it was meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mlopsc.compiler.importing import yaml_values
from mlopsc.compiler.importing.model import ImportProblem
from mlopsc.compiler.importing.yaml_values import Value, read_yaml
from mlopsc.compiler.workspace import MemoryWorkspace


@pytest.fixture(params=["C", "Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the two parsers; that in C is where PyYAML was built with it."""
    if request.param == "Python":
        monkeypatch.setattr(yaml_values, "_PARSER", yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML has no parser in C here")
    yaml_values._values.cache_clear()


def read(text: str) -> Value:
    return read_yaml(MemoryWorkspace({"a.yaml": text}), "a.yaml")[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1_000", -1000),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.inf", float("-inf")),
        ("true", True),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("no", "no"),
        ("on", "on"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ('""', ""),
        ("!!str 1", "1"),
        ("2024-01-05", "2024-01-05"),
        ("1:30", "1:30"),
        ("0xZZ", "0xZZ"),
        ("0o9", "0o9"),
        (".", "."),
        ("=", "="),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_what_a_scalar_stands_for(text: str, value: Any) -> None:
    found = read(f"k: {text}").get("k").content
    assert (type(found), found) == (type(value), value)


def test_places_are_lines_and_keys_have_those_of_their_own() -> None:
    found = read("a:\n  b: 1\n  c:\n    - 2\n    - d: 3\n")
    assert [one.place.line for _, one in found.get("a").items] == [2, 3]
    assert [one.place.line for one in found.get("a").get("c").elements] == [4, 5]


def test_anchors_and_merges() -> None:
    found = read(
        "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [*x, {c: 4}]}\nn: &n none\n*n : 5\n? [q]\n: 6\n'<<': 7\n"
    )
    assert found.get("y").plain == {"a": 1, "b": 3}
    assert found.get("z").plain == {"a": 1, "b": 2, "c": 4}
    assert (found.get("none").plain, found.get("6").plain, found.get("<<").plain) == (5, 6, 7)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("a: [1", "`a.yaml:1` is not YAML"),
        ("a: 1\nb: [1\n\n", "`a.yaml:3` is not YAML"),
        ("a: b: c", "`a.yaml:1` is not YAML"),
        ("a: *b", "`*b` stands for nothing above it"),
        ("a: &a [*a]", "`*a` stands for nothing above it"),
        ("a: 1\na: 2", "`a` stands twice"),
        ("[" * 5_000, "nested too deeply"),
        ("- " * 5_000, "nested too deeply"),
        (
            "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)),
            "aliases (`*`) make it too long",
        ),
        ("a: \x00", "is not YAML"),
        ("%YAML 9.1\n---\na: 1", "is not YAML"),
    ],
)
def test_what_cannot_be_read(text: str, fact: str) -> None:
    with pytest.raises(ImportProblem) as problem:
        read(text)
    assert fact in problem.value.message
    assert problem.value.hint
