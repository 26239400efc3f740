"""`mlopsc principles`: the score of each principle, the lines that earn it, and what is missing."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from demand import DEPLOYED_BLOCKS, FILES, SPEC, changed, compiled, deployed

from mlopsc.compiler.cli.main import run
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.lint import rules
from mlopsc.compiler.lint.coverage import Standing
from mlopsc.compiler.lint.principle import PRINCIPLES
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace
from mlopsc.stdlib import registry

ROOT = Path(__file__).parents[2]


def standings(spec: str, without: tuple[str, ...] = (), **files: str) -> dict[str, Standing]:
    """How a spec stands by each rule of a principle, by the rule's name."""
    scores = compiled(spec, without, **files).principles
    assert [score.principle for score in scores] == [*PRINCIPLES]
    return {one.code.title: one for score in scores for one in score.standings}


def places(standing: Standing) -> list[str]:
    return [place.text or place.file.path for place in standing.at]


def without_block(header: str, spec: str) -> str:
    """A spec without the top-level block that begins so."""
    return "\n\n".join(part for part in spec.split("\n\n") if not part.startswith(header))


def test_a_project_that_lacks_nothing_earns_everything_with_its_lines() -> None:
    found = standings(deployed())
    assert {one.state for one in found.values()} == {"earned"}
    assert {*found} == {rule.code.title for rule in rules() if rule.principle}
    assert places(found["unrecorded-data"]) == ["mlops.lock"]
    assert places(found["single-environment"]) == ["follows   = dev"]
    assert places(found["unapproved-environment"]) == ['approvers = ["@example-org/leads"]']
    assert places(found["untested-code"]) == ['require pytest("tests/")']
    assert places(found["unjudged-groups"]) == ["require mae(test) <= 60 at 95% by user"]
    assert places(found["unwatched-drift"]) == ["watch stable(features) over 7d, alarms <= 1 / 90d"]


def test_what_is_not_there_at_all_is_missing_too() -> None:
    found = standings("pipeline x { language = 1 }\n", tuple(FILES))
    # Environments are judged even where only this machine is one; nothing else is there.
    earned = {name for name, one in found.items() if one.state == "earned"}
    assert earned == set()
    assert all(one.missing[0].message for one in found.values())
    assert "nothing shows yet that drift of the rows is found" in found["unwatched-drift"].missing[0].message


def test_what_is_missing_is_said_on_this_machine_too() -> None:
    found = standings(SPEC)
    assert found["unmanaged-infrastructure"].state == "missing"
    assert found["untested-code"].missing[0].location.text == "test gate"
    assert found["unwatched-release"].missing[0].location.text == "release api"
    assert found["unwatched-release"].missing[0].hint == "`mlopsc add monitor live` writes one."
    assert found["gate-without-champion"].state == "earned"


def test_what_is_proposed_speaks_of_the_metrics_that_are_there() -> None:
    gate = "test gate {\n  model = demand\n  require rmse(test) <= 70 at 95% assuming 60\n}"
    release = DEPLOYED_BLOCKS[5].replace("  require mae(feedback) <= champion + 5% at 95% within 28d\n", "")
    found = standings(deployed(gate, release))
    assert "`require rmse(test) <= 70 at 95% by COLUMN`" in found["unjudged-groups"].missing[0].hint
    hint = found["release-without-comparison"].missing[0].hint
    assert "`require rmse(feedback) <= champion + 5% at 95% within 28d`" in hint


def test_one_monitor_less_costs_its_principle_and_no_other() -> None:
    before = {score.principle: score.earned for score in compiled(deployed()).principles}
    after = {score.principle: score.earned for score in compiled(without_block("monitor live", deployed())).principles}
    assert {number for number in before if before[number] != after[number]} == {7}
    assert after[7] == 0


def test_what_is_allowed_or_off_is_set_aside_with_its_reason() -> None:
    monitor = DEPLOYED_BLOCKS[-1].replace("  watch uptime >= 99.9% over 30d\n", "").replace("drift or uptime", "drift")
    allowed = monitor.replace(
        "monitor live {", "monitor live {  # mlopsc: allow unwatched-service -- another team does"
    )
    assert standings(deployed(monitor))["unwatched-service"].state == "missing"
    aside = standings(deployed(allowed))["unwatched-service"]
    assert (aside.state, aside.reason) == ("aside", "another team does")
    off = '[tool.mlopsc.off]\nunwatched-service = "another team does"\n'
    aside = standings(deployed(monitor), **{"pyproject.toml": off})["unwatched-service"]
    assert (aside.state, aside.reason) == ("aside", "another team does")
    (score,) = (one for one in compiled(deployed(allowed)).principles if one.principle == 7)
    assert (score.earned, score.total) == (5, 5)


def test_a_spec_with_errors_has_no_score() -> None:
    assert compiled(changed("train demand {\n  data = ridez\n}")).principles == ()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in {**FILES, "pipeline.mlops": deployed(), "mlops.lock": '{"lock": 1}\n'}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_shows_scores_lines_and_what_is_next(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["principles"]) == 0
    whole = capsys.readouterr().out
    assert whole.startswith("demand: 27 of 27\n")
    assert "7  services, models and data are watched, and drift leads to retraining: 6 of 6" in whole
    assert 'require pytest("tests/")' in whole
    (project / "pipeline.mlops").write_text(without_block("monitor live", deployed()), encoding="utf-8")
    assert run(["principles"]) == 0
    short = capsys.readouterr().out
    assert short.startswith("demand: 21 of 27\n")
    assert "✗ nothing watches `api` once it is in service  unwatched-release" in short
    assert "`mlopsc add monitor live` writes one." in short


def test_the_other_forms_are_what_they_say(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pipeline.mlops").write_text(without_block("monitor live", deployed()), encoding="utf-8")
    assert run(["principles", "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["pipeline"], content["earned"], content["total"]) == ("demand", 21, 27)
    lost = [rule["title"] for one in content["principles"] for rule in one["rules"] if rule["state"] == "missing"]
    assert lost[0] == "unwatched-release"
    assert run(["principles", "--format", "sarif"]) == 0
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert len(results) == len(lost)
    assert {one["level"] for one in results} == {"note"}
    assert run(["principles", "--format", "badge"]) == 0
    badge = ET.fromstring(capsys.readouterr().out)
    assert badge.tag == "{http://www.w3.org/2000/svg}svg"
    assert "".join(badge.itertext()).count("21 of 27") == 2


def test_a_spec_with_errors_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pipeline.mlops").write_text(deployed().replace("= rides", "= ridez", 1), encoding="utf-8")
    assert run(["principles"]) == 1
    assert "there is no" in capsys.readouterr().err


@pytest.mark.parametrize("example", ["bike-demand", "flight-delays"])
def test_the_examples_are_clean_and_earn_everything(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--strict", str(ROOT / "examples" / example)]) == 0
    assert "no findings" in capsys.readouterr().out
    assert run(["principles", str(ROOT / "examples" / example)]) == 0
    assert ": 27 of 27\n" in capsys.readouterr().out


BIKE = ROOT / "examples" / "bike-demand"
EARNING = {
    "  github ": "unwritten-jobs",
    "  follows ": "single-environment",
    "  approvers ": "unapproved-environment",
    "  access ": "unstated-access",
    "  budget ": "unstated-budget",
    "  require pytest": "untested-code",
    "  require mae(test) <= champion": "gate-without-champion",
    " by workingday": "unjudged-groups",
    "  require mae(feedback)": "release-without-comparison",
    "  watch stable": "unwatched-drift",
    "  watch mae": "unwatched-quality",
    "  watch uptime": "unwatched-service",
    "  on quality": "no-retraining",
}
"""Lines of the example, and the rule that misses each."""


@pytest.mark.parametrize(("line", "rule"), EARNING.items(), ids=EARNING.values())
def test_each_line_of_the_example_that_earns_a_principle_is_missed(line: str, rule: str) -> None:
    spec = (BIKE / "pipeline.mlops").read_text("utf-8")
    kept = [one for one in spec.splitlines(keepends=True) if line not in one]
    assert len(kept) == spec.count("\n") - 1
    workspace = MemoryWorkspace({"pipeline.mlops": "".join(kept)}, DiskWorkspace(BIKE))
    found = [one for one in Compilation(workspace, registry()).diagnostics if one.code.title == rule]
    assert [one.location.file.path for one in found] == ["pipeline.mlops"]
    assert found[0].hint


@pytest.mark.parametrize(
    ("file", "rule"), [("requirements.txt", "undeclared-dependencies"), ("mlops.lock", "unrecorded-data")]
)
def test_each_file_of_the_example_that_earns_a_principle_is_missed(file: str, rule: str, tmp_path: Path) -> None:
    shutil.copytree(BIKE, tmp_path / "bike", ignore=shutil.ignore_patterns(".mlops", "deploy", file))
    found = Compilation(DiskWorkspace(tmp_path / "bike"), registry()).diagnostics
    assert rule in [one.code.title for one in found]
