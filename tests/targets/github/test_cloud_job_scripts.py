"""What jobs that wait for cloud jobs make of how `mlopsc job` ends, and which stages they leave to hosted machines."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from emitted_workflows import GOLDEN
from workflow_graphs import Jobs, jobs_of

STUB = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$2" in
  status) printf '%s' "$STATUS"; exit 75 ;;
  wait) exit "$CODE" ;;
esac
"""


def jobs(word: str) -> Jobs:
    return jobs_of((GOLDEN / "jobs" / f"shop-{word}.yml").read_text("utf-8"))


def ended(folder: Path, job: Mapping[str, Any], code: int, status: str = "") -> tuple[int, str, list[str]]:
    """How the script of a job ends, its output, and what it asked of mlopsc."""
    (folder / "mlopsc").write_text(STUB, encoding="utf-8")
    (folder / "mlopsc").chmod(0o755)
    calls, output = folder / "calls", folder / "output"
    for path in (calls, output):
        path.write_text("", encoding="utf-8")
    step = next(one for one in job["steps"] if one["id"] == "wait")
    outside = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "RUNNER_TEMP": str(folder)}
    outside |= {"GITHUB_OUTPUT": str(output), "CALLS": str(calls), "CODE": str(code), "STATUS": status, **step["env"]}
    done = subprocess.run(["bash", "-e", "-c", step["run"]], env=outside, capture_output=True, check=False)
    asked = [line.split()[1] for line in calls.read_text("utf-8").splitlines()]
    return done.returncode, output.read_text("utf-8").strip(), asked


@pytest.mark.parametrize(("code", "said"), [(0, (0, "done=true")), (75, (0, "done=false")), (1, (1, "")), (4, (4, ""))])
def test_a_delivery_goes_on_only_with_what_is_done(code: int, said: tuple[int, str], tmp_path: Path) -> None:
    assert ended(tmp_path, jobs("cd")["jobs-prod"], code) == (*said, ["wait"])


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ('{"jobs": [], "left": false}', (0, "done=false", ["status"])),
        ('{"jobs": [], "left": true}', (0, "done=true", ["status", "wait"])),
        ("", (1, "", ["status"])),
        ("error: no store", (1, "", ["status"])),
    ],
)
def test_the_clock_comes_back_only_to_what_was_left(
    status: str, said: tuple[int, str, list[str]], tmp_path: Path
) -> None:
    code, output, asked = ended(tmp_path, jobs("monitor")["resume-prod"], 0, status)
    assert (bool(code), output, asked) == (bool(said[0]), *said[1:])


def stages(found: Jobs) -> set[str]:
    steps = (step for job in found.values() for step in job["steps"])
    return {str(step["env"]["STAGE"]) for step in steps if "STAGE" in step.get("env", {})}


def test_hosted_machines_run_what_has_nothing_to_do_with_the_job() -> None:
    assert stages(jobs("cd")) == {"visits"}
    assert stages(jobs("ci")) == {"orders", "visits", "price", "price_gate"}, "a change is tried here"


@pytest.mark.parametrize(("word", "before"), [("cd", "jobs-prod"), ("monitor", "resume-prod")])
def test_nothing_is_proved_before_jobs_are_done(word: str, before: str) -> None:
    proves = jobs(word)["prove-prod"]
    assert before in proves["needs"]
    assert f"needs.{before}.outputs.done == 'true'" in proves["if"]


def test_terraform_is_told_the_image_that_was_built() -> None:
    found = jobs("cd")
    assert "image" in found["plan-prod"]["needs"]
    steps = {(name, step["id"]): step.get("env", {}) for name in found for step in found[name]["steps"]}
    assert steps["plan-prod", "plan"]["TF_VAR_image"] == "${{ needs.image.outputs.image }}"
    assert steps["apply-prod", "verify"]["TF_VAR_image"] == "${{ needs.plan-prod.outputs.image }}"
