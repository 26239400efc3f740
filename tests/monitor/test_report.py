"""The commands, and the page: what they show of a service that had trouble."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from monitored import BEGIN, DAY, Service

from mlopsc.compiler.cli.commands import program

MakeService = Callable[..., Service]
RULES = """
watch stable(features) over 7d, alarms <= 1 / 90d
watch mae(feedback) <= 40 over 7d lag 1d, alarms <= 1 / 90d
watch age(hours) <= 2d
on drift do notify("true")
"""


@pytest.fixture
def troubled(make_service: MakeService, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service whose features have moved in its second week."""
    service = make_service(RULES)
    service.serve(BEGIN, BEGIN + 7 * DAY)
    service.serve(BEGIN + 7 * DAY, BEGIN + 14 * DAY, change=lambda rows: rows.assign(temp=rows["temp"] + 8))
    monkeypatch.chdir(service.project)
    return service


def called(*arguments: str) -> tuple[int, str]:
    """How a command ended, and what it wrote."""
    result = CliRunner().invoke(program, ["monitor", *arguments], standalone_mode=False)
    assert result.exception is None, result.exception
    return int(result.return_value), result.stdout


def test_look_says_what_began_and_ends_with_1(troubled: Service) -> None:
    troubled.go_to(BEGIN + 7 * DAY)
    assert called("look", "-e", "prod")[0] == 1  # the data is old
    troubled.go_to(BEGIN + 15 * DAY)
    code, text = called("look", "-e", "prod", "--json")
    told = json.loads(text)
    assert code == 1
    assert {one["category"] for one in told["events"]} == {"drift", "quality"}
    assert [one["state"] for one in told["actions"]] == ["claimed", "done"]
    assert called("look") == (0, "nothing new\n")


def test_events_are_listed_with_their_lines_and_actions(troubled: Service) -> None:
    assert called("events") == (0, "no event so far\n")
    troubled.look(BEGIN + 15 * DAY)
    _, text = called("events", "pipeline.mlops", "--monitor", "live")
    assert "drift  watch stable(features)  pipeline.mlops:" in text
    assert "notify(true) done: `true` ended with 0" in text
    _, text = called("events", "--json", "-n", "1")
    (event,) = json.loads(text)["events"]
    assert event["goes_on"] is True


class Tags(HTMLParser):
    """Holds that every tag is closed, and notes what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)
        self.loaded += [
            str(value) for name, value in attrs if name in ("src", "href") and not str(value).startswith("#")
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing to close."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_shows_each_window_and_needs_nothing_else(troubled: Service, tmp_path: Path) -> None:
    for day in (7, 8, 14, 15):
        troubled.look(BEGIN + day * DAY)
    page_path = tmp_path / "out" / "report.html"
    assert called("report", "-o", str(page_path)) == (0, f"wrote {page_path}\n")
    page = page_path.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.loaded == []
    assert "prefers-color-scheme: dark" in page
    assert re.search(r"pipeline\.mlops:\d+:3", page)
    assert "moved: <code>temp</code> by 0." in page
    assert 'class="moved"' in page  # the distributions of the column that moved
    assert page.count("<svg") >= 6
    stored = sorted((troubled.project / ".mlops/store/reports/live/prod").glob("*/report.html"))
    assert len(stored) == 3  # one beside each look that found events: age, drift, quality


def test_an_empty_monitor_has_a_page_too(troubled: Service) -> None:
    code, text = called("report", "--json")
    path = troubled.project / json.loads(text)["report"]
    assert code == 0
    assert "not looked at yet" in path.read_text(encoding="utf-8")


def test_names_of_the_spec_are_text_and_never_markup(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service('watch age(hours) <= 2d\non freshness do notify("<script>alert(1)</script>")')
    service.look(BEGIN + 3 * DAY)
    monkeypatch.chdir(service.project)
    _, text = called("report", "--json")
    assert "<script>" not in (service.project / json.loads(text)["report"]).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["look", "events", "report"])
def test_every_command_has_help_with_examples(command: str) -> None:
    result = CliRunner().invoke(program, ["monitor", command, "--help"])
    assert result.exit_code == 0
    assert "Examples:" in result.output


def test_an_unknown_monitor_is_told_those_there_are(troubled: Service) -> None:
    result = CliRunner().invoke(program, ["monitor", "look", "--monitor", "alive"], standalone_mode=False)
    assert str(result.exception) == "there is no monitor `alive`: there is `live`"
    assert troubled.records() == []
