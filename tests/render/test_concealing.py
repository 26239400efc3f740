"""A secret that stands in a spec is shown by nothing that speaks of the spec."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from render_samples import on_line

from mlopsc.compiler.cli.main import run
from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix, Label
from mlopsc.compiler.render.concealing import concealed, pieces
from mlopsc.compiler.render.github import render_github
from mlopsc.compiler.render.records import render_json
from mlopsc.compiler.render.sarif import render_sarif
from mlopsc.compiler.render.style import Style
from mlopsc.compiler.render.text import render_text

PASSWORD = "tr0ub4dor"
URL = f"https://reader:{PASSWORD}@example.com/rows.csv"


@pytest.mark.parametrize("columns", [None, 120, 60, 48])
def test_the_caret_stands_under_its_place_behind_a_secret(columns: int | None) -> None:
    shown = render_text([on_line(f'source = csv("{URL}", sparator = 1)', "sparator")], Style(columns=columns))
    assert PASSWORD not in shown
    source, below = shown.splitlines()[3:5]
    assert source.index("sparator") == below.index("^^^^^^^^")


@pytest.mark.parametrize("columns", [None, 44])
def test_a_caret_under_the_secret_itself_is_as_long_as_what_is_shown(columns: int | None) -> None:
    shown = render_text([on_line(f'csv("{URL}")', PASSWORD)], Style(columns=columns))
    source, below = shown.splitlines()[3:5]
    assert "reader:***@example" in source
    assert source.index("***") == below.index("^^^")
    assert "^^^^" not in below


def test_short_and_several_secrets() -> None:
    assert concealed("a://u:x@h b://u:long@h") == "a://u:***@h b://u:***@h"
    assert pieces("a://u:xy@h") == [*"a://u:", "***", "", *"@h"]
    assert concealed("nothing") == "nothing"


def spoken() -> Diagnostic:
    """A message that repeats the secret wherever it can."""
    place = on_line(f'csv("{URL}", sep = 1)', "sep").location
    return on_line(f'csv("{URL}", sep = 1)', "sep").changed(
        message=f"`{URL}` is wrong",
        label=f"not {URL}",
        hint=f"Write another than {URL}.",
        related=(Label(place, f"{URL} again"),),
        fixes=(Fix(f"Write `{URL}`", (Edit(place, "x"),)), Fix("Write it", (Edit(place, URL),))),
    )


def test_what_a_message_repeats_is_concealed_in_every_format() -> None:
    one = [spoken()]
    formats = render_text(one, Style()), render_github(one), render_json(one), render_sarif(one, "1")
    for shown in formats:
        assert PASSWORD not in shown
        assert "reader:***@example.com" in shown
    assert [fix["title"] for fix in json.loads(formats[2])["diagnostics"][0]["fixes"]] == [
        "Write `https://reader:***@example.com/rows.csv`"
    ]


SPEC = f"""pipeline secret {{ language = 1 }}
environment dev {{ platform = local() }}
data weather {{
  source  = csv("{URL}")
  refresh = pinned
  check rows >= 100
}}
"""


def test_a_diff_of_what_was_built_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pipeline.mlops").write_text(SPEC, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["build"]) == 0
    (tmp_path / "pipeline.mlops").write_text(SPEC.replace(PASSWORD, f"{PASSWORD}2"), "utf-8")
    capsys.readouterr()
    assert run(["build", "--check"]) == 1
    written = capsys.readouterr()
    assert "reader:***@example.com" in written.out + written.err
    assert PASSWORD not in written.out + written.err


@pytest.mark.parametrize("command", [["dev", "prod"], ["dev", "prod", "--json"], ["--since", "HEAD"]], ids=" ".join)
def test_what_differs_shows_no_secret(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = f'environment prod {{\n  follows = dev\n  override weather {{ source = csv("{URL}?a") }}\n}}\n'
    (tmp_path / "pipeline.mlops").write_text(SPEC + other, "utf-8")
    monkeypatch.chdir(tmp_path)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], check=True, capture_output=True)
    (tmp_path / "pipeline.mlops").write_text((SPEC + other).replace(PASSWORD, f"{PASSWORD}2"), "utf-8")
    assert run(["diff", *command]) == 0
    shown = capsys.readouterr().out
    assert "reader:***@example.com" in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize(
    "command",
    [
        *(["check", "--format", one] for one in ("text", "json", "sarif", "github")),
        *(["graph", "--format", one] for one in ("tree", "mermaid", "svg", "html")),
        ["principles"],
        ["principles", "--format", "json"],
    ],
    ids=" ".join,
)
def test_no_command_that_shows_a_spec_shows_its_secret(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pipeline.mlops").write_text(SPEC, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(command) == 0
    assert PASSWORD not in capsys.readouterr().out
