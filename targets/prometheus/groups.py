"""The groups of a rule file: one for each release and each monitor that has something to alert about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlopsc.compiler.ir.model import Pipeline, Stage
from mlopsc.stdlib.monitor import Monitor
from mlopsc.stdlib.release import Guard, Release
from mlopsc.targets import Build
from mlopsc.targets.prometheus.alerts import Alert
from mlopsc.targets.prometheus.monitor import watch_alerts
from mlopsc.targets.prometheus.promql import selector
from mlopsc.targets.prometheus.release import guard_alerts, life_alerts
from mlopsc.targets.prometheus.writing import yaml_text


def rule_file(build: Build) -> str:
    """The text of the rule file of a build; empty where there is nothing to alert about."""
    groups = [_group(build.pipeline, stage, alerts) for stage, alerts in _alerts(build.pipeline)]
    if not groups:
        return ""
    spec = build.spec.encode("unicode_escape").decode()
    return f"# Written by `mlopsc build` from {spec}: edit that. Check with: promtool check rules\n{yaml_text(groups)}"


def _alerts(pipeline: Pipeline) -> Iterator[tuple[Stage, list[Alert]]]:
    """The alerts of each release and each monitor that have any, in the order of the stages."""
    environment = pipeline.environment.name
    watched = {stage.settings["release"] for stage in pipeline.stages if stage.kind == Monitor.word}
    for stage in pipeline.stages:
        if stage.kind == Release.word:
            service = selector(release=stage.name, environment=environment)
            guarded = any(rule.verb == Guard.word for rule in stage.rules)
            if guarded or stage.name in watched:
                yield stage, [*guard_alerts(stage, service), *life_alerts(stage, service)]
        elif stage.kind == Monitor.word:
            service = selector(release=str(stage.settings["release"]), environment=environment)
            monitor = selector(monitor=stage.name, environment=environment)
            found = [*watch_alerts(stage, service, monitor, selector(environment=environment))]
            if found:
                yield stage, found


def _group(pipeline: Pipeline, stage: Stage, alerts: Sequence[Alert]) -> dict[str, Any]:
    environment = pipeline.environment.name
    common = {"pipeline": pipeline.name, "environment": environment, stage.kind: stage.name}
    return {
        "name": f"{pipeline.name}/{environment}/{stage.name}",
        "interval": "1m",
        "rules": [alert.document(common) for alert in alerts],
    }
