"""`[tool.mlopsc]` of a pyproject.toml: severities, rules that are switched off, and mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from demand import SPEC, changed, found

from mlopsc.compiler.cli.main import run
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.diagnostics import Diagnostic, Severity, apply_edits
from mlopsc.compiler.lint.options import off_without_reason, unknown_option, unreadable_options
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace
from mlopsc.stdlib import registry

UNUSED = changed("limit = 45")
PAGES = (unknown_option, off_without_reason, unreadable_options)


def said(toml: str, spec: str = UNUSED) -> list[Diagnostic]:
    return found(spec, **{"pyproject.toml": toml})


def titles(diagnostics: list[Diagnostic]) -> list[str]:
    return [one.code.title for one in diagnostics]


def test_a_severity_is_what_the_project_says() -> None:
    (one,) = said('[tool.mlopsc.severity]\nunused-constant = "error"\n')
    assert one.severity is Severity.ERROR
    (one,) = said('[tool.mlopsc.severity]\nunused-constant = "info"\n')
    assert one.severity is Severity.INFO


def test_a_rule_that_is_off_with_a_reason_says_nothing() -> None:
    assert said('[tool.mlopsc.off]\nunused-constant = "a dashboard reads them"\n') == []
    assert said('[tool.mlopsc]\noff = { unused-constant = "a dashboard reads them" }\n') == []


def test_a_comment_that_allows_what_is_off_is_no_mistake() -> None:
    allowed = changed("limit = 45  # mlopsc: allow unused-constant -- a dashboard reads it")
    assert said('[tool.mlopsc.off]\nunused-constant = "a dashboard reads them"\n', allowed) == []


@pytest.mark.parametrize(
    ("toml", "title", "place", "offered"),
    [
        ('[tool.mlopsc.severity]\nunused-constnat = "error"\n', "unknown-option", "unused-constnat", "unused-constant"),
        (
            '[tool.mlopsc.severity]\n"unused-constnat" = "error"\n',
            "unknown-option",
            '"unused-constnat"',
            '"unused-constant"',
        ),
        ('[tool.mlopsc.severity]\nunused-stage = "eror"  # why\n', "unknown-option", '"eror"', '"error"'),
        ('[tool.mlopsc.severty]\nunused-stage = "error"\n', "unknown-option", "severty", "severity"),
        ("[tool.mlopsc]\nseverty.unused-stage = 'error'\n", "unknown-option", "severty", "severity"),
        ("[tool.mlopsc]\nstrict = true\n", "unknown-option", "strict", ""),
        ("[tool.mlopsc.severity]\nunused-stage = 3\n", "unknown-option", "3", ""),
        ('[tool.mlopsc.off]\nunused-constant = ""\n', "off-without-reason", "unused-constant", ""),
        ("[tool.mlopsc.off]\nunused-constant = true\n", "off-without-reason", "unused-constant", ""),
        ("[tool.mlopsc]\noff = true\n", "unreadable-options", "off", ""),
        ("[tool]\nmlopsc = 5\n", "unreadable-options", "mlopsc", ""),
        ("[tool.mlopsc.off]\nunused-constant = a pilot\n", "unreadable-options", "unused-constant = a pilot", ""),
    ],
)
def test_a_mistake_is_an_error_at_its_place_with_the_nearest_name(
    toml: str, title: str, place: str, offered: str
) -> None:
    mistakes = [one for one in said(toml) if one.location.file.path == "pyproject.toml"]
    assert titles(mistakes) == [title]
    assert mistakes[0].is_error
    assert mistakes[0].location.text == place
    fixes = [fix for one in mistakes for fix in one.fixes]
    assert [edit.text for fix in fixes for edit in fix.edits] == ([offered] if offered else [])
    for fix in fixes:
        assert "unknown-option" not in titles(said(apply_edits(toml, fix.edits)))


def test_mistakes_in_it_keep_the_linter_speaking() -> None:
    assert "unused-constant" in titles(said("[tool.mlopsc]\nstrict = true\n"))


@pytest.mark.parametrize(
    "toml", ["", "[project]\nname = 'x'\n", "# mlopsc\n[project\n", "[tool.ruff]\n", 'x = "mlopsc"\n']
)
def test_other_files_are_no_matter(toml: str) -> None:
    assert titles(said(toml)) == ["unused-constant"]


def test_it_is_found_above_the_spec_and_the_nearest_counts(tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "models" / "demand"
    folder.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.mlopsc.off]\nunused-constant = "outside"\n', encoding="utf-8")
    (tmp_path / "repository" / ".git").mkdir()

    def names() -> list[str]:
        files = MemoryWorkspace({"pipeline.mlops": "limit = 45\npipeline x { language = 1 }\n"}, DiskWorkspace(folder))
        return titles(list(Compilation(files, registry()).diagnostics))

    assert names() == ["unused-constant"]  # what is above the repository is somebody else's
    top = tmp_path / "repository" / "pyproject.toml"
    top.write_text('[tool.mlopsc.off]\nunused-constant = "here"\n', encoding="utf-8")
    assert names() == []
    (folder / "pyproject.toml").write_text("[project]\nname = 'demand'\n", encoding="utf-8")
    assert names() == []  # a file without the table says nothing
    (folder / "pyproject.toml").write_text("[tool.mlopsc]\n", encoding="utf-8")
    assert names() == ["unused-constant"]


def test_check_shows_a_mistake_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pipeline.mlops").write_text("pipeline x { language = 1 }\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.mlopsc.off]\nunused-stge = "why"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["check"]) == 1
    shown = capsys.readouterr().out
    assert "pyproject.toml:2:1" in shown
    assert "did you mean `unused-stage`?" in shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.code.title)
def test_the_examples_of_its_pages_do_what_they_say(page: object) -> None:
    text = page.page  # type: ignore[attr-defined]
    wrong, right = (part.split("```toml\n")[1].split("```")[0] for part in text.split("wrong:")[1].split("right:"))
    assert titles(said(wrong, SPEC)) == [page.code.title]  # type: ignore[attr-defined]
    assert said(right, SPEC) == []
