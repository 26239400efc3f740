"""Runs as plain lines and as JSON lines."""

from __future__ import annotations

import io
import json

from engine_project import Project

from mlopsc.stdlib.runtime.engine.events import Progress
from mlopsc.stdlib.runtime.engine.listeners import JsonLines, PlainLines
from mlopsc.stdlib.runtime.engine.runner import run


def lines_of(project: Project) -> list[str]:
    """What plain lines show of a run, without durations."""
    stream = io.StringIO()
    run(project.request(jobs=1), PlainLines(stream))
    return [line.rpartition(" in ")[0] if line.endswith(" s") else line for line in stream.getvalue().splitlines()]


def test_plain_lines_tell_what_happens(chain: Project) -> None:
    chain.calling(
        "demand", "def work(context):\n    print('hr')\n    context.log('6 candidates')\n    1 / 0\n", "rides"
    )
    lines = lines_of(chain)
    told = {line.strip() for line in lines}
    assert lines[0] == "run 1: bike in dev, 3 stages"
    assert lines[1:3] == ["rides: starts (it has not run here before)", "rides: done"]
    assert "demand: 6 candidates" in lines
    assert "the stage `demand` raised ZeroDivisionError: division by zero" in told
    assert {"next: the traceback shows where", "the last lines it printed:", "hr"} <= told
    assert f"log: {chain.folder.resolve() / '.mlops/runs/1/logs/demand.log'}" in told
    assert "gate: skipped, because `demand` did not finish" in lines
    assert lines[-1] == "run 1: 1 done, 1 did not finish, 1 skipped"


def test_plain_lines_of_a_gate_show_its_messages(chain: Project) -> None:
    chain.stage("gate", "demand", kind="test", do="judge", verdict="fail")
    lines_of(chain)
    assert lines_of(chain)[1:] == [
        "rides: cached",
        "demand: cached",
        "gate: failed (cached)",
        "  40 <= 45",
        "run 2: 2 cached, 1 failed",
    ]


def test_progress_is_told_seldom() -> None:
    stream, now = io.StringIO(), [0.0]
    show = PlainLines(stream, lambda: now[0])
    for second in range(12):
        now[0] = float(second)
        show(Progress("demand", second, 12, "candidates"))
    show(Progress("gate", 0.5))
    assert stream.getvalue().splitlines() == [
        "demand: 1 of 12 candidates",
        "demand: 6 of 12 candidates",
        "demand: 11 of 12 candidates",
        "gate: 0.5",
    ]


def test_json_lines_hold_every_event(chain: Project) -> None:
    chain.stage("demand", "rides", kind="train", do="refuse")
    stream = io.StringIO()
    run(chain.request(), JsonLines(stream))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events][:3] == ["RunStarted", "StageStarted", "StageFinished"]
    failed = next(e["summary"] for e in events if e["event"] == "StageFinished" and e["summary"]["stage"] == "demand")
    assert (failed["outcome"], failed["failure"]["rule"]) == ("error", "missing(hr)")
    assert events[-1]["event"] == "RunFinished"
    assert events[-1]["exit_code"] == 1
