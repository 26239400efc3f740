"""One source of words: the files of the editor packages are those of the declarations."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace

import pytest
from editor_tools import EDITORS, EXTENSION, ROOT
from spec_roles import words

from mlopsc.compiler.program import vocabulary_of
from mlopsc.compiler.render.editors.files import editor_files
from mlopsc.compiler.render.editors.snippets import snippets
from mlopsc.compiler.render.editors.words import words_of
from mlopsc.compiler.schema.declarations import StageKind
from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.text import SourceFile
from mlopsc.stdlib import registry


class Explain(StageKind, word="explain"):
    """A stage kind that no editor has heard of."""


def drifted(**changed: object) -> list[str]:
    """The files that are not those of the declarations, or of others."""
    found = editor_files(replace(registry(), **changed))  # type: ignore[arg-type]
    return [path for path, text in found.items() if (EDITORS / path).read_text("utf-8") != text]


def test_the_editor_packages_have_the_words_of_the_declarations() -> None:
    assert drifted() == [], "the words have changed: run `make docs`"


def test_a_new_stage_kind_changes_every_file() -> None:
    assert drifted(blocks={**registry().blocks, "explain": Explain}) == list(editor_files(registry()))


def test_every_word_of_the_layout_is_there() -> None:
    vocabulary = vocabulary_of(registry())
    assert set(words().kinds) == vocabulary.kinds
    assert set(words().verbs) == vocabulary.verbs
    assert set(words().clauses) == vocabulary.clauses
    assert vocabulary.units <= set(words().units) | {"kB"}
    assert {"champion", "feedback"} <= set(words().symbols)
    assert {"drift", "quality", "no_model"} <= set(words().events)


def test_words_follow_the_declarations() -> None:
    assert "explain" in words_of(replace(registry(), blocks={"explain": Explain})).kinds


@pytest.mark.parametrize(("name", "snippet"), snippets(registry()).items(), ids=snippets(registry()))
def test_a_snippet_is_written_right(name: str, snippet: dict[str, list[str]]) -> None:
    text = "\n".join(snippet["body"])
    for _ in range(2):  # placeholders stand in others
        text = re.sub(
            r"\$\{\d+:([^${}]*)\}|\$\{\d+\|([^,|]*)[^}]*\}|\$0", lambda match: match[1] or match[2] or "", text
        )
    assert "$" not in text
    assert name in snippet["prefix"]
    assert snippet["description"]
    whole = text if name in registry().blocks else f"data x {{\n{text}\n}}\n"
    assert syntax_diagnostics(parse(SourceFile("snippet.mlops", whole), vocabulary_of(registry()))) == []


def test_every_block_and_every_verb_of_a_stage_has_a_snippet() -> None:
    assert {*registry().blocks, *(verb.word for verb in registry().verbs)} <= set(snippets(registry()))


def test_the_extension_has_the_version_of_the_program() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert json.loads((EXTENSION / "package.json").read_text("utf-8"))["version"] == version
    assert f";; Version: {version}\n" in (EDITORS / "emacs" / "mlops-mode.el").read_text("utf-8")


def test_configurations_are_read() -> None:
    helix = tomllib.loads((EDITORS / "helix" / "languages.toml").read_text("utf-8"))
    assert helix["language-server"]["mlopsc"] == {"command": "mlopsc", "args": ["lsp"]}
    assert helix["language"][0]["language-servers"] == ["mlopsc"]
    page = (ROOT / "docs" / "editors-setup.md").read_text("utf-8")
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert tomllib.loads(shown) == helix
    json.loads((EXTENSION / "language-configuration.json").read_text("utf-8"))
