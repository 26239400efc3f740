"""What an owner lays over workflows survives every build, and says where it cannot be followed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from emitted_workflows import CASES
from workflow_graphs import jobs_of

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry

SPEC = CASES["bike-demand"].read_text("utf-8")
CD = "bike_demand-cd"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIN = f'someone/scan:\n  release: v3.1.0\n  commit: "{COMMIT}"\n'
OVERLAY = f"""\
{CD}:
  env:
    TEAM: yes
  jobs:
    train-demand:
      runs-on: [self-hosted, big]
      timeout-minutes: 120
      env: {{OMP_NUM_THREADS: 4}}
      services:
        db: {{image: "x@sha256:1"}}
      steps:
        wheels:
          before: install
          name: Get wheels
          run: |
            ls
            ls wheels
        scan:
          after: keep
          uses: someone/scan
          with: {{level: 1e3}}
        run:
          env: {{STAGE_LOG: "on"}}
someone-elses:
  jobs: {{}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source = CASES["bike-demand"].parent
    (tmp_path / "pipeline.mlops").write_text(SPEC, encoding="utf-8")
    for path in source.iterdir():
        if path.name not in ("pipeline.mlops", "deploy", ".github", ".mlops"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "someone-elses.yml").write_text("on: push\n", encoding="utf-8")
    return tmp_path


def texts(project: Path) -> tuple[dict[str, str], list[str]]:
    """The workflows by name, and what is said where none can be written."""
    compilation = Compilation(DiskWorkspace(project), registry())
    files = {Path(one.path).stem: one.text for one in compilation.emit(["github"])}
    found = compilation.diagnostics_for(["github"])
    return files, [f"{one.code.id} {one.message} | {one.hint}" for one in found if one.is_error]


def lay(project: Path, overlay: str, pins: str = PIN) -> None:
    (project / ".github" / "mlopsc-overlays.yml").write_text(overlay, encoding="utf-8")
    (project / ".github" / "mlopsc-pins.yml").write_text(pins, encoding="utf-8")


def job(text: str, name: str) -> Mapping[str, Any]:
    return jobs_of(text)[name]


def test_jobs_and_steps_are_changed_by_their_ids_and_the_rest_stays(project: Path) -> None:
    plain, _ = texts(project)
    lay(project, OVERLAY)
    changed, said = texts(project)
    assert said == []
    assert {name for name in plain if plain[name] != changed[name]} == {CD}
    assert changed[CD].startswith("# Written by `mlopsc build` from pipeline.mlops and .github/mlopsc-overlays.yml:")
    before, after = job(plain[CD], "train-demand"), job(changed[CD], "train-demand")
    assert after["runs-on"] == ["self-hosted", "big"]
    assert (after["timeout-minutes"], after["env"]) == (120, {"OMP_NUM_THREADS": 4})
    assert after["services"] == {"db": {"image": "x@sha256:1"}}
    ids = [step["id"] for step in before["steps"]]
    ids.insert(ids.index("install"), "wheels")
    ids.insert(ids.index("keep") + 1, "scan")
    assert [step["id"] for step in after["steps"]] == ids
    steps = {step["id"]: step for step in after["steps"]}
    assert steps["wheels"] == {"id": "wheels", "name": "Get wheels", "run": "ls\nls wheels\n"}
    assert steps["scan"]["uses"] == f"someone/scan@{COMMIT}"
    assert f"someone/scan@{COMMIT}  # v3.1.0" in changed[CD]
    assert steps["run"]["env"].items() >= {"STAGE_LOG": "on", "STAGE": "demand"}.items()
    assert 'TEAM: "yes"' in changed[CD]
    assert [*jobs_of(changed[CD])] == [*jobs_of(plain[CD])]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (CD, "bike_demand-cdd", ":1`: there is no workflow `bike_demand-cdd` | did you mean `bike_demand-cd`?"),
        ("train-demand:", "train-demnad:", ":5`: there is no job `train-demnad` | did you mean `train-demand`?"),
        ("        run:\n", "        runn:\n", ":22`: there is no step of `train-demand` `runn` | did you mean `run`?"),
        ("before: install", "before: instal", ":12`: there is no step of `train-demand` `instal` | did you mean"),
        ("before: install", "before: install\n          after: run", "is to be both before and after"),
        ("before: install", "", ":14`: `name` cannot be laid over `wheels` | there are `env`, `with`"),
        ("wheels:", "python:", "`train-demand` has a step `python` already | give the new one another id"),
        ("uses: someone/scan", "run: ls\n          uses: someone/scan", "must either `run` a script or use an action"),
        (
            "timeout-minutes",
            "permissions",
            ":7`: `permissions` cannot be laid over `train-demand` | there are `runs-on`",
        ),
        ("timeout-minutes", "timeout-minute", "did you mean `timeout-minutes`?"),
        ("timeout-minutes: 120", "timeout-minutes: 1200", "each job must end after at most 360 minutes"),
        ("ls wheels", "echo ${{ github.head_ref }}", "an expression in a script is an injection"),
        ("{OMP_NUM_THREADS: 4}", "[1]", "`env` is no mapping | write names and values below it"),
        ("train-demand:", "train-demand: 3\n    x:", "`train-demand` says nothing"),
        (OVERLAY, "- a\n", "it has no workflows | mend it, or remove it and build again"),
        (OVERLAY, "a: [\n", "it is no YAML"),
        (OVERLAY, "\x00", "it"),
    ],
)
def test_what_cannot_be_followed_is_told_and_nothing_is_written(project: Path, old: str, new: str, says: str) -> None:
    assert old in OVERLAY
    lay(project, OVERLAY.replace(old, new, 1))
    files, said = texts(project)
    assert files == {}
    (message,) = said
    assert message.startswith("E645 `.github/mlopsc-overlays.yml")
    assert says in message


def test_an_action_that_is_pinned_for_nobody_is_told(project: Path) -> None:
    lay(project, "", PIN)
    assert "no workflow uses an action `someone/scan`" in texts(project)[1][0]


def test_an_action_that_is_not_pinned_is_told(project: Path) -> None:
    lay(project, OVERLAY, "")
    (message,) = texts(project)[1]
    assert ":20`: `someone/scan` is not pinned | name the action alone, and its release and commit in" in message


def test_what_github_would_not_start_is_refused(project: Path) -> None:
    lay(project, f"{CD}:\n  env:\n    A: {'a' * 512_000}\n", "")
    files, (message,) = texts(project)
    assert files == {}
    assert message.startswith("E646 `bike_demand-cd` would have 5")
    assert "GitHub starts no workflow of more than 512,000 | Make two pipelines of it" in message
