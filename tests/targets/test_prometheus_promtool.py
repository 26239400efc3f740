"""Alert rules under Prometheus' own checker: what fires, when, and what does not."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from promtool import promtool
from test_prometheus_target import CASE, HOSTILE, at_most, documents, monitor, release, rule

from mlopsc.compiler.ir.model import Comparison, Limit, Rule, Stage
from mlopsc.targets.prometheus.promql import quoted

SERVICE = 'release="api",environment="prod"'
LIVE = {
    f'mlopsc_model_live{{{SERVICE},version="1",standing="champion"}}': "1x500",
    f'mlopsc_model_live{{{SERVICE},version="2",standing="candidate"}}': "1x500",
    f"mlopsc_heartbeat_timestamp_seconds{{{SERVICE}}}": "0+60x500",
    f"mlopsc_log_rows_lost_total{{{SERVICE}}}": "0x500",
}
"""A service that is well, for eight hours; two versions are in it."""


@pytest.fixture(scope="module")
def checker() -> Path:
    found = promtool()
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("there is no promtool: run `make promtool`")
    if found is None:
        pytest.skip("there is no promtool: run `make promtool`")
    return found


def calls(
    version: int | str, good: float, bad: float = 0.0, *, role: str = "served", status: str = "error"
) -> dict[str, str]:
    """Series of a version's requests that grow by so many good and bad ones a minute, for eight hours."""
    both = f'{SERVICE},version="{version}",role="{role}"'
    return {
        f'mlopsc_requests_total{{{both},status="ok"}}': f"0+{good}x500",
        f'mlopsc_requests_total{{{both},status="{status}"}}': f"0+{bad}x500",
    }


def seconds(version: int, le: str, within: float, all_: float) -> dict[str, str]:
    """Series of the time that a version took, so many a minute within a limit."""
    both = f'{SERVICE},version="{version}",role="served"'
    return {
        f'mlopsc_request_seconds_bucket{{{both},le="{le}"}}': f"0+{within}x500",
        f'mlopsc_request_seconds_bucket{{{both},le="+Inf"}}': f"0+{all_}x500",
        f"mlopsc_request_seconds_count{{{both}}}": f"0+{all_}x500",
    }


def relative(factor: float) -> Comparison:
    return Comparison(operator="<=", limit=Limit(baseline="champion", factor=factor))


def without(series: Mapping[str, str], word: str) -> dict[str, str]:
    return {one: values for one, values in series.items() if word not in one}


def firing(checker: Path, folder: Path, groups: Sequence[Any], series: Mapping[str, str], at: str) -> set[str]:
    """The alerts that fire at a time, with their window where they have one: promtool expects none, and tells."""
    names = dict.fromkeys(alert["alert"] for group in groups for alert in group["rules"])
    expected = [{"eval_time": at, "alertname": name, "exp_alerts": []} for name in names]
    said = outcome_of(checker, folder, groups, series, expected)
    labels = re.findall(r"Labels:\{([^\n]*)\}\n", said.stdout + said.stderr)
    found = {" ".join(re.findall(r'(?:alertname|window)="([^"]*)"', one)) for one in labels}
    assert bool(found) == (said.returncode != 0), said.stdout + said.stderr
    return found


def outcome_of(
    checker: Path, folder: Path, groups: Sequence[Any], series: Mapping[str, str], expected: Sequence[Any]
) -> subprocess.CompletedProcess[str]:
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [*groups]}, allow_unicode=True), encoding="utf-8")
    test = {
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "alert_rule_test": [*expected],
    }
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    command = [checker, "test", "rules", "test.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_checker_accepts_the_golden_file(checker: Path) -> None:
    command = [checker, "check", "rules", CASE.parent / "rules.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 rules found" in done.stdout


RELEASE = release(
    rule("guard", {"function": "error_rate"}, at_most(0.02)),
    rule("guard", {"function": "latency", "percentile": "p95"}, at_most(0.2)),
)
RELATIVE = release(rule("guard", {"function": "error_rate"}, relative(2.0)))
WATCHED = monitor(
    rule("watch", {"function": "uptime"}, at_most(0.999, ">="), over="30d"),
    rule("watch", {"function": "error_rate"}, at_most(0.01), over="1h"),
    rule("watch", {"function": "latency", "percentile": "p95"}, at_most(0.15), over="1h"),
    rule("watch", {"function": "age", "data": "rides"}, at_most(3_600)),
    rule("watch", {"function": "mae", "on": "feedback"}, at_most(45), over="2h", lag="1h"),
    rule("watch", {"function": "stable", "what": "features"}, over="1h"),
)
LOOKED = 'monitor="live",environment="prod"'
WELL = {
    f"mlopsc_monitor_look_timestamp_seconds{{{LOOKED}}}": "0+60x500",
    f'mlopsc_monitor_events_total{{{LOOKED},watch="watch stable",category="drift"}}': "0x500",
    f'mlopsc_monitor_events_total{{{LOOKED},watch="watch mae",category="quality"}}': "0x500",
    'mlopsc_data_newest_timestamp_seconds{data="rides",environment="prod"}': "0+60x500",
    f"mlopsc_feedback_total{{{SERVICE}}}": "0+10x500",
    **calls(1, 10),
    **seconds(1, "0.15", 10, 10),
}
"""What a monitored service tells that is well, beside LIVE."""

CASES: dict[str, tuple[list[Stage], dict[str, str], str, set[str]]] = {
    "nothing is wrong with a release": ([RELEASE], {**calls(1, 90, 0.1), **calls(2, 10, 0.1)}, "4h", set()),
    "nothing is wrong with a service": ([release(), WATCHED], WELL, "6h", set()),
    "the candidate fails 5% of its requests": (
        [RELEASE],
        {**calls(1, 90), **calls(2, 9.5, 0.5)},
        "4h",
        {"MlopscCandidateErrors"},
    ),
    "the champion fails, and the guard is about the candidate": (
        [RELEASE],
        {**calls(1, 50, 50), **calls(2, 10, 0.1)},
        "4h",
        set(),
    ),
    "so few requests that they tell nothing": ([RELEASE], {**calls(1, 90), **calls(2, 0.5, 0.5)}, "4h", set()),
    "it fails in shadow": (
        [RELEASE],
        {**calls(1, 90), **calls(2, 80, 10, role="shadow", status="timeout")},
        "4h",
        {"MlopscCandidateErrors"},
    ),
    "both fail alike, as a shared outage": ([RELATIVE], {**calls(1, 45, 45), **calls(2, 5, 5)}, "4h", set()),
    "the candidate fails thrice as often": (
        [RELATIVE],
        {**calls(1, 98, 2), **calls(2, 9.4, 0.6)},
        "4h",
        {"MlopscCandidateErrors"},
    ),
    "it fails where the champion never does": (
        [RELATIVE],
        {**calls(1, 100), **calls(2, 9.7, 0.3)},
        "4h",
        {"MlopscCandidateErrors"},
    ),
    "the candidate is slow": (
        [RELEASE],
        {**calls(2, 10), **seconds(2, "0.2", 9, 10)},
        "4h",
        {"MlopscCandidateSlow"},
    ),
    "the candidate is quick enough": ([RELEASE], {**calls(2, 10), **seconds(2, "0.2", 9.6, 10)}, "4h", set()),
    "a router that has no bucket at the limit": ([RELEASE], {**calls(2, 10), **seconds(2, "0.25", 1, 10)}, "4h", set()),
    "no router is scraped": ([RELEASE], dict.fromkeys(LIVE, "_x500"), "1h", {"MlopscServiceSilent"}),
    "the store is out of reach": (
        [RELEASE],
        {f"mlopsc_heartbeat_timestamp_seconds{{{SERVICE}}}": "0+60x100 6000+0x400"},
        "3h",
        {"MlopscServiceSilent"},
    ),
    "a router without a model": ([RELEASE], {one: "_x500" for one in LIVE if "live" in one}, "1h", {"MlopscNoModel"}),
    "models that are loaded and not ready": (
        [RELEASE],
        {one: "0x500" for one in LIVE if "live" in one},
        "1h",
        {"MlopscNoModel"},
    ),
    "rows of the log are lost": (
        [RELEASE],
        {f"mlopsc_log_rows_lost_total{{{SERVICE}}}": "0x60 5x440"},
        "90m",
        {"MlopscLogRowsLost"},
    ),
    "2% of all requests fail": (
        [release(), WATCHED],
        {**WELL, **calls(1, 9.8, 0.2)},
        "6h30m",
        {"MlopscUptimeBurn 1h", "MlopscUptimeBurn 6h", "MlopscErrors"},
    ),
    "0.8% of all requests fail": (
        [release(), WATCHED],
        {**WELL, **calls(1, 9.92, 0.08)},
        "6h30m",
        {"MlopscUptimeBurn 6h"},
    ),
    "nobody answers, as there is no model": (
        [release(), WATCHED],
        {**WELL, **calls("", 0, 3, status="no_model")},
        "6h30m",
        {"MlopscUptimeBurn 1h", "MlopscUptimeBurn 6h", "MlopscErrors"},
    ),
    "an outage that is over": (
        [release(), WATCHED],
        {**WELL, f'mlopsc_requests_total{{{SERVICE},version="1",role="served",status="error"}}': "0+5x60 300x440"},
        "1h40m",
        {"MlopscErrors"},
    ),
    "shadow requests fail, which no user sees": (
        [release(), WATCHED],
        {**WELL, **calls(2, 5, 5, role="shadow")},
        "6h30m",
        set(),
    ),
    "answers are slow": ([release(), WATCHED], {**WELL, **seconds(1, "0.15", 9, 10)}, "4h", {"MlopscSlow"}),
    "no new rows": (
        [release(), WATCHED],
        {'mlopsc_data_newest_timestamp_seconds{data="rides",environment="prod"}': "0x500", **without(WELL, "newest")},
        "4h",
        {"MlopscDataOld"},
    ),
    "half of the labels come": (
        [release(), WATCHED],
        {**WELL, f"mlopsc_feedback_total{{{SERVICE}}}": "0+5x500"},
        "4h",
        {"MlopscLabelsLate"},
    ),
    "no label has ever come": ([release(), WATCHED], without(WELL, "feedback"), "4h", {"MlopscLabelsLate"}),
    "the monitor finds drift": (
        [release(), WATCHED],
        {**WELL, f'mlopsc_monitor_events_total{{{LOOKED},watch="watch stable",category="drift"}}': "0x220 1x280"},
        "4h",
        {"MlopscEvent"},
    ),
    "the monitor does not look": (
        [WATCHED],
        {f"mlopsc_monitor_look_timestamp_seconds{{{LOOKED}}}": "0x1600"},
        "26h",
        {"MlopscMonitorSilent"},
    ),
    "nobody scrapes what the monitor finds": ([WATCHED], {}, "2h", {"MlopscMonitorSilent"}),
    "the monitor looks once in a while": (
        [WATCHED],
        {f"mlopsc_monitor_look_timestamp_seconds{{{LOOKED}}}": "0x1300"},
        "21h",
        set(),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_fires_is_what_is_wrong(checker: Path, tmp_path: Path, case: str) -> None:
    stages, series, at, expected = CASES[case]
    assert firing(checker, tmp_path, documents(*stages), {**LIVE, **series}, at) == expected


def test_prometheus_shows_any_text_as_it_stands_in_the_spec(checker: Path, tmp_path: Path) -> None:
    subject = {"function": "stable", "what": "features"}
    words = HOSTILE.replace("\x00", "").replace("\ufeff", "").replace("\x85", "").strip()
    watch = Rule(id=words, verb="watch", text=words, subject=subject, clauses={"over": "1h"})
    groups = documents(monitor(watch, name=words, of="api"), name=words, environment=words)
    event = quoted(words)
    found = f'mlopsc_monitor_events_total{{monitor={event},environment={event},watch={event},category="drift"}}'
    labels = dict.fromkeys(("rule", "pipeline", "environment", "monitor"), words)
    expected = {
        "exp_labels": {"severity": "ticket", "category": "drift", **labels},
        "exp_annotations": {
            "summary": f"The monitor has found that `{words}` does not hold",
            "spec": words,
            "runbook": "`mlopsc monitor events` tells what it saw, and what it did about it.",
        },
    }
    tests = [{"eval_time": "2h", "alertname": "MlopscEvent", "exp_alerts": [expected]}]
    said = outcome_of(checker, tmp_path, groups, {found: "0x100 1x80"}, tests)
    assert said.returncode == 0, said.stdout + said.stderr
