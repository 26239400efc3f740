"""What makes a stage run again, and what does not."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from engine_project import Project, by_name, sharded, worked

from mlopsc.stdlib.runtime.engine import files
from mlopsc.stdlib.runtime.engine.events import Outcome
from mlopsc.stdlib.runtime.engine.keys import installed
from mlopsc.stdlib.runtime.engine.versions import champion, register
from mlopsc.stdlib.runtime.store.local import LocalStore

ALL = ["rides", "demand", "gate"]


def test_a_second_run_does_nothing(chain: Project) -> None:
    first = chain.run()
    assert worked(first) == ALL
    assert chain.output(first, "gate") == "3"
    assert {why.causes for why in chain.forecast().values()} == {()}
    second = chain.run()
    assert worked(second) == []
    assert all(summary.cached for summary in second.stages)
    assert (first.exit_code, second.exit_code, second.number) == (0, 0, 2)


def test_another_setting_runs_its_stage_and_what_depends_on_the_outcome(chain: Project) -> None:
    chain.run()
    chain.stage("demand", "rides", kind="train", value=5)
    foreseen = chain.forecast()
    assert foreseen["rides"].status == "cached"
    assert (foreseen["demand"].status, foreseen["demand"].causes) == ("runs", ("setting `value` is new",))
    assert (foreseen["gate"].status, foreseen["gate"].causes) == ("runs", ("columns or settings of `demand` changed",))
    result = chain.run()
    assert worked(result) == ["demand", "gate"]
    assert by_name(result)["gate"].reason == "`demand` gave other `out`; columns or settings of `demand` changed"


def test_the_same_outcome_stops_what_would_follow(chain: Project) -> None:
    chain.run()
    chain.stage("rides", source={"function": "csv", "path": "moved.csv"})
    foreseen = chain.forecast()["demand"]
    assert (foreseen.status, foreseen.causes) == ("depends", ("`rides` may give something new",))
    assert worked(chain.run()) == ["rides"]
    chain.stage("demand", "rides", kind="train", value=1)
    assert worked(chain.run()) == ["demand", "gate"]


def test_how_a_stage_runs_is_no_part_of_its_key(chain: Project) -> None:
    chain.run()
    chain.stage("rides", timeout="30s", retries=2, compute={"function": "runner"})
    assert worked(chain.run()) == []


def test_rules_count_by_what_they_say_and_not_by_how_it_is_written(chain: Project) -> None:
    rule = {"id": "rows", "verb": "check", "text": "check rows >= 5_000", "subject": {"function": "rows"}}
    chain.stages[0]["rules"] = [rule]
    chain.run()
    chain.stages[0]["rules"] = [{**rule, "text": "check rows  >=  5000"}]
    assert worked(chain.run()) == []
    chain.stages[0]["rules"] = [{**rule, "comparisons": [{"operator": ">=", "limit": {"offset": 6_000}}]}]
    assert chain.forecast()["rides"].causes == ("rule `rows` changed",)
    chain.stages[0]["rules"] = []
    assert chain.forecast()["rides"].causes == ("rule `rows` is gone",)


def test_a_later_stage_sees_the_columns_of_its_input_but_not_its_rules(chain: Project) -> None:
    chain.stages[0]["columns"] = [{"name": "hr", "type": {"function": "int"}}]
    chain.run()
    chain.stages[0]["columns"] = [{"name": "hr", "type": {"function": "int"}, "role": "leak"}]
    foreseen = chain.forecast()
    assert foreseen["rides"].causes == ("column `hr` changed",)
    assert foreseen["demand"].causes == ("columns or settings of `rides` changed",)
    assert worked(chain.run()) == ["rides", "demand"]


def test_code_counts_with_the_modules_that_it_imports(chain: Project) -> None:
    chain.write("features.py", "from parts.time import hour\n")
    chain.write("parts/__init__.py", "")
    chain.write("parts/time.py", "def hour(): return 1\n")
    chain.write("unrelated.py", "x = 1\n")
    chain.stage("demand", "rides", kind="train", files=("features.py",))
    chain.run()
    chain.write("unrelated.py", "x = 2\n")
    assert worked(chain.run()) == []
    chain.write("parts/time.py", "def hour(): return 2\n")
    assert chain.forecast()["demand"].causes == ("`parts/time.py` changed",)
    assert worked(chain.run()) == ["demand"]


def test_data_counts_by_its_bytes(chain: Project) -> None:
    file = chain.write("data/rides.csv", "hr\n1\n")
    chain.stage("rides", files=("data/rides.csv",))
    chain.run()
    os.utime(file, (0, 0))
    assert worked(chain.run()) == []
    file.write_text("hr\n2\n")
    os.utime(file, (0, 0))
    assert chain.forecast()["rides"].causes == ("`data/rides.csv` changed",)
    assert worked(chain.run()) == ["rides"]


def test_a_change_within_the_tick_of_the_clock_is_seen(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    tick = time.time_ns()
    monkeypatch.setattr(files, "signature_of", lambda status: (status.st_size, tick, tick, status.st_ino))
    memory = project.folder / "files.json"
    digests = []
    for text in ("hr\n1\n", "hr\n2\n"):
        project.write("rides.csv", text)
        known = files.ProjectFiles(project.folder, memory)
        digests.append(known.digest("rides.csv"))
        known.save()
    assert digests[0] != digests[1]


def test_an_old_file_is_not_read_again(chain: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.write("rides.csv", "hr\n1\n")
    chain.stage("rides", files=("rides.csv",))
    monkeypatch.setattr(files, "_RACY_NS", 0)
    time.sleep(0.01)
    chain.run()
    monkeypatch.setattr(files.ProjectFiles, "_read", None)
    assert worked(chain.run()) == []


def test_folders_and_globs_stand_for_the_files_in_them(chain: Project) -> None:
    chain.write("days/1.csv", "1")
    chain.write("tests/test_prep.py", "import prep\n")
    chain.write("tests/.hidden", "x")
    chain.write("prep.py", "y = 1\n")
    chain.stage("rides", files=("days/*.csv",))
    chain.stage("gate", "demand", kind="test", files=("tests/",))
    chain.run()
    chain.write("tests/.hidden", "y")
    assert worked(chain.run()) == []
    chain.write("days/2.csv", "2")
    chain.write("prep.py", "y = 2\n")
    foreseen = chain.forecast()
    assert foreseen["rides"].causes == ("`days/2.csv` is new",)
    assert foreseen["gate"].causes == ("`prep.py` changed",)
    assert worked(chain.run()) == ["rides", "gate"]


@pytest.mark.parametrize("named", ["rides.csv", "days/*.csv"])
def test_a_missing_file_is_told_and_stops_only_what_needs_it(chain: Project, named: str) -> None:
    chain.stage("rides", files=(named,))
    chain.stage("weather")
    assert named in chain.forecast()["rides"].causes[0]
    result = chain.run()
    summaries = by_name(result)
    assert summaries["rides"].failure is not None
    assert summaries["rides"].failure.message == f"there is no file `{named}`"
    assert [summaries[name].outcome for name in ALL] == [Outcome.ERROR, Outcome.SKIPPED, Outcome.SKIPPED]
    assert summaries["gate"].reason == "because `demand` was skipped"
    assert summaries["weather"].outcome is Outcome.OK
    assert result.exit_code == 4


def test_pinned_dependencies_count(chain: Project) -> None:
    chain.write("requirements.txt", "pandas==3.1.1\n")
    chain.run()
    chain.write("requirements.txt", "pandas==3.1.2\n")
    assert chain.forecast()["rides"].causes == ("`requirements.txt` changed",)
    chain.write("uv.lock", "version = 1\n")
    assert chain.forecast()["rides"].causes == ("dependencies come from `uv.lock` now",)


def test_without_a_lock_the_installed_packages_count() -> None:
    names = installed()
    assert any(name.startswith("pydantic-2") for name in names)
    assert names == sorted(set(names))


def test_the_key_is_the_same_in_another_folder(chain: Project, tmp_path: Path) -> None:
    chain.write("rides.csv", "hr\n1\n")
    chain.write("prep.py", "import helpers\n")
    chain.write("helpers.py", "")
    chain.stage("rides", files=("rides.csv", "prep.py"))
    first = chain.run()
    other = Project(tmp_path / "elsewhere" / "deep")
    for name in ("rides.csv", "prep.py", "helpers.py"):
        shutil.copy(chain.folder / name, other.folder / name)
    other.stages = chain.stages
    result = other.run(store=LocalStore(chain.folder / ".mlops" / "store"))
    assert worked(result) == []
    assert [s.record.key for s in first.stages if s.record] == [s.record.key for s in result.stages if s.record]


def test_force_runs_a_stage_again(chain: Project) -> None:
    chain.run()
    assert chain.forecast(force=("rides",))["rides"].causes == ("it is forced",)
    assert worked(chain.run(force=("rides",))) == ["rides"]
    assert worked(chain.run()) == []


def test_only_runs_what_a_stage_needs(chain: Project) -> None:
    result = chain.run(only=("demand",))
    assert [summary.stage for summary in result.stages] == ["rides", "demand"]
    assert worked(chain.run()) == ["gate"]


def test_a_source_that_cannot_be_looked_at_is_read_in_each_run_unless_it_is_pinned(chain: Project) -> None:
    source = {"function": "python", "name": "prep.py:rows"}
    chain.stage("rides", source=source)
    chain.run()
    assert "read in each run" in chain.forecast()["rides"].causes[0]
    assert worked(chain.run()) == ["rides"]
    pinned: dict[str, Any] = {"source": source, "refresh": {"function": "pinned"}, "do": "pin", "rows": 3}
    chain.stage("rides", **pinned)
    assert worked(chain.run()) == ["rides", "demand"]
    assert worked(chain.run()) == []
    chain.write("mlops.lock", '[bike.dev.rides]\nhash = "cd"\n')
    assert chain.forecast()["rides"].causes == ("`mlops.lock` pins other rows",)
    (chain.folder / "mlops.lock").unlink()
    assert chain.forecast()["rides"].causes == ("`mlops.lock` pins no rows of it",)
    assert worked(chain.run()) == ["rides"]
    assert worked(chain.run()) == []


def test_the_age_of_rows_is_judged_in_each_run_unless_the_time_is_fixed(chain: Project) -> None:
    rule = {"id": "age", "verb": "check", "subject": {"function": "age"}}
    chain.stages[0]["rules"] = [rule]
    chain.run()
    assert "against the clock" in chain.forecast()["rides"].causes[0]
    assert worked(chain.run()) == ["rides"]
    chain.stage("rides", as_of="2011-12-31")
    chain.stages[0]["rules"] = [rule]
    assert [worked(chain.run()), worked(chain.run())] == [["rides"], []]


def test_another_champion_runs_the_gate_again_but_not_the_candidate_itself(chain: Project) -> None:
    chain.stage("gate", "demand", kind="test", model="demand")
    comparison = {"operator": "<=", "limit": {"baseline": "champion", "factor": 1.05}}
    chain.stages[-1]["rules"] = [{"id": "mae(test) champion", "verb": "require", "comparisons": [comparison]}]
    candidate = by_name(chain.run())["demand"].record
    assert candidate is not None
    store = LocalStore(chain.folder / ".mlops" / "store")
    assert register(store, "demand", candidate.key, {"metrics": {"mae": 33.0}}) == 1
    assert register(store, "demand", candidate.key, {"metrics": {"mae": 33.0}}) == 1
    assert champion(store, "demand", candidate.key) is None
    assert worked(chain.run()) == []
    assert register(store, "demand", "another key", {"metrics": {"mae": 32.0}}) == 2
    assert chain.forecast()["gate"].causes == ("the champion of `demand` is version 2 now",)
    assert worked(chain.run()) == ["gate"]


def test_a_damaged_record_is_named_and_made_again(chain: Project) -> None:
    chain.run()
    for file in (chain.folder / ".mlops" / "store" / "index").rglob("*.json"):
        file.chmod(0o644)
        file.write_bytes(file.read_bytes()[:-20])
    assert chain.forecast()["rides"].causes == ("its record in the store is damaged",)
    assert worked(chain.run()) == ALL
    assert worked(chain.run()) == []


def test_a_missing_output_is_made_again(chain: Project) -> None:
    record = by_name(chain.run())["rides"].record
    assert record is not None
    (chain.folder / ".mlops" / "store" / "objects" / "sha256" / sharded(record.outputs["out"])).unlink()
    assert chain.forecast()["rides"].causes == ("its output `out` is gone from the store",)
    assert worked(chain.run()) == ["rides"]


def test_a_damaged_output_is_made_again_when_it_is_needed(chain: Project) -> None:
    record = by_name(chain.run())["rides"].record
    assert record is not None
    damaged = chain.folder / ".mlops" / "store" / "objects" / "sha256" / sharded(record.outputs["out"])
    damaged.chmod(0o644)
    damaged.write_text("7")
    chain.stage("demand", "rides", kind="train", value=5)
    result = chain.run()
    assert result.exit_code == 0
    assert worked(result) == ["rides", "demand", "gate"]
    assert chain.output(result, "demand") == "6"
    assert (chain.folder / ".mlops" / "store" / "quarantine" / record.outputs["out"]).read_text() == "7"


def test_a_damaged_memory_of_files_costs_nothing_but_time(chain: Project) -> None:
    chain.write("rides.csv", "hr\n1\n")
    chain.stage("rides", files=("rides.csv",))
    chain.run()
    for name in ("cache/files.json", "latest/bike.dev.json"):
        chain.write(f".mlops/{name}", "{")
    assert worked(chain.run()) == []


def test_a_gate_that_closed_stays_closed_without_work(chain: Project) -> None:
    chain.stage("gate", "demand", kind="test", do="judge", verdict="fail")
    chain.stage("api", "gate", kind="test")
    results = [chain.run(), chain.run()]
    assert [worked(result) for result in results] == [ALL, []]
    for result in results:
        assert result.exit_code == 1
        assert by_name(result)["gate"].outcome is Outcome.FAIL
        assert by_name(result)["api"].reason == "because `gate` failed"
    assert chain.forecast()["api"].status == "skipped"


def test_undecided_has_its_own_exit_code(chain: Project) -> None:
    chain.stage("gate", "demand", kind="test", do="judge", verdict="undecided")
    assert [chain.run().exit_code, chain.run().exit_code] == [3, 3]


def test_a_verdict_of_error_is_not_kept(chain: Project) -> None:
    chain.stage("gate", "demand", kind="test", do="judge", verdict="error")
    assert chain.run().exit_code == 1
    assert worked(chain.run()) == ["gate"]


def test_history_holds_what_every_run_did(chain: Project) -> None:
    from mlopsc.stdlib.runtime.engine.history import runs

    chain.run()
    chain.stage("demand", "rides", kind="train", do="refuse")
    chain.run()
    (chain.folder / ".mlops" / "runs" / "3").mkdir()
    newest, oldest = runs(chain.folder)
    assert (newest["number"], newest["exit_code"], oldest["exit_code"]) == (2, 1, 0)
    assert [stage["outcome"] for stage in newest["stages"]] == ["ok", "error", "skipped"]
    assert newest["stages"][1]["failure"]["message"] == "3 rows have no `hr`"
    assert chain.run().number == 4
    assert json.loads((chain.folder / ".mlops/runs/1/run.json").read_text())["pipeline"] == "bike"


def test_how_rows_were_had_and_judged_runs_nothing_after_them(project: Project) -> None:
    facts = {"source": {"sha256": "a"}, "dropped": [], "checks": [{"text": "check rows >= 1"}], "hash": "1"}
    project.stage("rides", do="find", source={"facts": facts})
    project.stage("demand", "rides", kind="train")
    project.run()
    others = {**facts, "source": {"sha256": "b"}, "dropped": ["x"], "checks": []}
    project.stage("rides", do="find", source={"facts": others})
    assert worked(project.run()) == ["rides"]
    project.stage("rides", do="find", source={"facts": {**others, "hash": "2"}})
    assert worked(project.run()) == ["rides", "demand"]


def test_a_release_that_reads_the_environment_matters_to_the_gate_alone(chain: Project) -> None:
    chain.environment["serves"] = False
    chain.run()
    chain.environment["serves"] = True
    expected = chain.forecast()
    assert {name: why.status for name, why in expected.items()} == {
        "rides": "cached",
        "demand": "cached",
        "gate": "runs",
    }
    assert expected["gate"].causes == ("a release reads the environment now",)
