"""The Prometheus target: which alerts there are, and that no text of a spec can change what a rule file says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden import Golden
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.ir.model import Comparison, Environment, Limit, Pipeline, Rule, Stage
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry
from mlopsc.stdlib.runtime.service.metrics_names import MONITOR_METRICS, ROUTER_METRICS, bucket_label, seconds_buckets
from mlopsc.targets import Build
from mlopsc.targets.prometheus import target
from mlopsc.targets.prometheus.promql import duration, number, quoted

CASE = Path(__file__).parents[1] / "golden" / "prometheus" / "bike" / "main.mlops"
HOSTILE = 'a "b" \\ {{ .Labels }} {{{x}}} \' # : - | > %s ${y} \n\t\x00\x85\u2028\ufeff é 🚲'


def at_most(limit: float, operator: str = "<=", **more: Any) -> Comparison:
    return Comparison(operator=operator, limit=Limit(offset=limit, **more))


def rule(verb: str, subject: dict[str, Any], *comparisons: Comparison, **clauses: str) -> Rule:
    text = f"{verb} {subject['function']}"
    return Rule(id=text, verb=verb, text=text, subject=subject, comparisons=comparisons, clauses=dict(clauses))


def documents(*stages: Stage, name: str = "shop", environment: str = "prod") -> list[dict[str, Any]]:
    """The groups of the rule file of a pipeline with these stages; none where there is no file."""
    pipeline = Pipeline(name=name, environment=Environment(name=environment), stages=stages)
    files = target.emit([Build(pipeline, {}, "pipeline.mlops", {})])
    return [group for file in files for group in yaml.safe_load(file.text)["groups"]]


def release(*rules: Rule, name: str = "api") -> Stage:
    return Stage(name=name, kind="release", rules=rules, settings={"model": "m", "gate": "g"})


def monitor(*rules: Rule, name: str = "live", of: str = "api") -> Stage:
    return Stage(name=name, kind="monitor", rules=rules, settings={"release": of})


def alerts(groups: list[dict[str, Any]]) -> list[str]:
    return [alert["alert"] for group in groups for alert in group["rules"]]


def test_the_committed_file_is_what_is_emitted(golden: Golden) -> None:
    compilation = Compilation(DiskWorkspace(CASE.parent), registry(), "main.mlops")
    assert [one.message for one in compilation.diagnostics_for(["prometheus"]) if one.is_error] == []
    emitted = {file.path: file.text for file in compilation.emit(["prometheus"])}
    assert sorted(emitted) == [f"deploy/rides/{name}/prometheus/rules.yml" for name in ("dev", "prod")]
    golden(CASE.parent / "rules.yml", emitted["deploy/rides/prod/prometheus/rules.yml"])


def test_every_alert_names_its_rule_its_line_and_what_to_do() -> None:
    groups = yaml.safe_load((CASE.parent / "rules.yml").read_text("utf-8"))["groups"]
    for alert in (alert for group in groups for alert in group["rules"]):
        assert alert["labels"]["rule"]
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["runbook"].endswith(".")
        written = alert["labels"]["rule"] not in ("heartbeat", "no_model", "log", "monitor")
        assert ("spec" in alert["annotations"]) == written


def test_only_metrics_that_somebody_tells_are_asked_for() -> None:
    text = (CASE.parent / "rules.yml").read_text("utf-8")
    told = {one.name for one in (*ROUTER_METRICS, *MONITOR_METRICS)}
    asked = {re.sub(r"_(bucket|count)$", "", name) for name in re.findall(r"mlopsc_\w+(?=\{)", text)}
    assert asked <= told
    labels = {one.name: {*one.labels, "le"} for one in (*ROUTER_METRICS, *MONITOR_METRICS)}
    for name, inner in re.findall(r"(mlopsc_\w+)\{([^{}]*)\}", text):
        matched = set(re.findall(r'(\w+)(?:=~|!=|=)"', inner))
        assert matched <= labels[re.sub(r"_(bucket|count)$", "", name)], name


def test_without_a_guard_or_a_monitor_there_is_no_file() -> None:
    assert documents(release()) == []
    assert documents(release(rule("require", {"function": "mae", "on": "feedback"}, at_most(3)))) == []


def test_a_release_that_is_watched_needs_no_guard_to_be_alive() -> None:
    watched = documents(release(), monitor(rule("watch", {"function": "uptime"}, at_most(0.99, ">="))))
    assert alerts(watched) == [
        "MlopscServiceSilent",
        "MlopscNoModel",
        "MlopscLogRowsLost",
        "MlopscUptimeBurn",
        "MlopscUptimeBurn",
    ]


def test_a_guard_on_a_metric_is_left_to_the_release() -> None:
    groups = documents(release(rule("guard", {"function": "mae", "on": "feedback"}, at_most(3))))
    assert alerts(groups) == ["MlopscServiceSilent", "MlopscNoModel", "MlopscLogRowsLost"]


def test_burn_rates_that_no_outage_could_reach_are_left_out() -> None:
    groups = documents(monitor(rule("watch", {"function": "uptime"}, at_most(0.9, ">="))))
    (burn,) = [alert for group in groups for alert in group["rules"]]
    assert burn["labels"]["window"] == "6h"
    assert ">= 0.6\n" in burn["expr"]


def test_the_limit_of_a_latency_is_the_bound_of_a_bucket() -> None:
    groups = documents(release(rule("guard", {"function": "latency", "percentile": "p95"}, at_most(0.123))))
    assert f'le="{bucket_label(0.123)}"' in groups[0]["rules"][0]["expr"]
    assert 0.123 in seconds_buckets([0.123])
    assert list(seconds_buckets([0.123, 0.5])) == sorted(seconds_buckets([0.123, 0.5]))


@pytest.mark.parametrize(("percentile", "slow"), [("p95", "0.05"), ("p999", "0.001")])
def test_so_many_calls_may_be_slower(percentile: str, slow: str) -> None:
    groups = documents(release(rule("guard", {"function": "latency", "percentile": percentile}, at_most(0.2))))
    assert f"> {slow}" in groups[0]["rules"][0]["expr"]


TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40) | st.just(HOSTILE)


@settings(deadline=None)
@given(name=TEXT, environment=TEXT, words=TEXT, stage=TEXT)
def test_any_text_is_read_back_as_it_was(name: str, environment: str, words: str, stage: str) -> None:
    subject = {"function": "stable", "what": "features"}
    watch = Rule(id=words, verb="watch", text=words, subject=subject, clauses={"over": "7d"})
    groups = documents(release(name=stage), monitor(watch, of=stage, name=stage), name=name, environment=environment)
    assert groups[1]["name"] == f"{name}/{environment}/{stage}"
    event = groups[1]["rules"][0]
    rendered = {**event["labels"], **event["annotations"]}
    assert rendered_by_go(rendered["rule"]) == words
    assert rendered_by_go(rendered["spec"]) == words
    assert rendered_by_go(rendered["environment"]) == environment
    assert rendered_by_go(rendered["pipeline"]) == name
    assert string_in(event["expr"], "watch") == words
    assert string_in(event["expr"], "monitor") == stage


def rendered_by_go(text: str) -> str:
    """What a Go template makes of a text, if all its actions are the literal brace pair."""
    assert re.sub(r'\{\{ "\{\{" \}\}', "", text).count("{{") == 0
    return text.replace('{{ "{{" }}', "{{")


def string_in(expression: str, label: str) -> str:
    """The value of a label in a selector, unescaped as PromQL does."""
    found = re.search(rf'{label}="((?:[^"\\]|\\.)*)"', expression)
    assert found
    return re.sub(
        r"\\(?:U([0-9a-f]{8})|(.))",
        lambda one: chr(int(one[1], 16)) if one[1] else {"n": "\n"}.get(one[2], one[2]),
        found[1],
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(604_800, "7d"), (3_600, "1h"), (90, "90s"), (300, "5m"), (0.2, "1s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0144, "0.0144"), (5.0, "5"), (1e-7, "0.0000001"), (172_800.0, "172800"), (1 - 0.95, "0.05")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_strings() -> None:
    assert quoted('a"b\\c\nd\x00🚲') == '"a\\"b\\\\c\\nd\\U00000000🚲"'
