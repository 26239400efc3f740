"""What newcomers type, and what they are told: one fact, and the next step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Type = Callable[[str], tuple[int, str, str]]

MISTYPED = [
    ("mlopsc graph -o drawing.pdf", 2, "no format ends in `.pdf`: use `.svg`, `.html`"),
    ("mlopsc check flowers.csv", 2, "`flowers.csv` is no spec: their names end in `.mlops`"),
    ("mlopsc run -e prod", 2, "help: there is `dev`"),
    ("mlopsc add env prod", 2, "there is no command `env`: did you mean `environment`?"),
    ("mlopsc add metric", 2, "there is no command `metric`: `mlopsc add --help` lists all"),
    ("mlopsc runs compar 1 2", 2, "there is no command `compar`: did you mean `compare`?"),
    ("mlopsc data lst", 2, "there is no command `lst`: did you mean `list`?"),
    ("mlopsc add environment dev", 2, "there is a block `dev` already"),
    ("mlopsc add release --name gate", 2, "give another name: mlopsc add release --name NAME"),
    ("mlopsc add environment 'my env'", 2, "`my env` cannot be the name of a block"),
    ("mlopsc explain overide", 2, "did you mean `override`?"),
]


@pytest.mark.parametrize(("line", "code", "told"), MISTYPED, ids=[line for line, _, _ in MISTYPED])
def test_a_mistyped_command_is_told_what_is_meant(
    line: str, code: int, told: str, project: Path, type_it: Type
) -> None:
    spec = (project / "pipeline.mlops").read_bytes()
    ended, out, err = type_it(line)
    assert (ended, out) == (code, "")
    assert told in err
    assert (project / "pipeline.mlops").read_bytes() == spec
    assert not (project / "drawing.pdf").exists()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("use", 'use "shared.mlops" as shared'),
        ("schema", "Others are dropped."),
        ("extends", "extends = base"),
        ("abstract", "abstract = true"),
        ("override", "changes one stage there"),
        ("waive", "because"),
        ("champion", "the model in service"),
        ("feedback", "rows of production"),
    ],
)
def test_words_that_are_no_declarations_are_explained(word: str, told: str, type_it: Type) -> None:
    code, out, _ = type_it(f"mlopsc explain {word}")
    assert code == 0
    assert out.startswith(f"{word}  word of the language\n")
    assert told in " ".join(out.split())


def test_all_specs_of_a_folder_are_offered(project: Path, type_it: Type) -> None:
    (project / "pipeline.mlops").rename(project / "a.mlops")
    (project / "b.mlops").write_text("pipeline b {}\n", encoding="utf-8")
    code, _, err = type_it("mlopsc check")
    assert code == 4
    assert "help: name the spec: `a.mlops` or `b.mlops`" in err


def test_fixes_that_are_not_certain_are_left_to_the_user(project: Path, type_it: Type) -> None:
    spec = project / "pipeline.mlops"
    text = spec.read_text(encoding="utf-8").replace("check rows", "chek rows")
    spec.write_text(text, encoding="utf-8")
    code, out, _ = type_it("mlopsc check --fix")
    assert code == 1
    assert out.endswith("1 error in 1 file; `--fix` makes only fixes that are certain: choose the others yourself\n")
    assert spec.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("line", ["mlopsc --help", "mlopsc add --help", "mlopsc data --help", "mlopsc runs --help"])
def test_no_help_of_a_command_is_cut_off(line: str, type_it: Type) -> None:
    code, out, _ = type_it(line)
    assert code == 0
    assert "..." not in out.replace("]...", "")
