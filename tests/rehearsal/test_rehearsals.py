"""Whole rehearsals through the command: the real router, the real release log, the real monitor."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Played, play, write_project


def test_a_failing_model_is_rolled_back_by_the_guard_that_looks_for_it(troubled: Played) -> None:
    (back,) = troubled.of("rollback")
    assert back["rule"] == "guard error_rate <= champion"
    assert back["details"]["state"]["weights"] == {"1": 1.0}


def test_an_outage_late_labels_and_a_dry_source_are_noticed_by_their_rules(troubled: Played) -> None:
    events = {one["rule"] for one in troubled.of("event")}
    assert {"watch uptime", "watch age(hours)"} <= events
    assert any(one["details"]["category"] == "labels_late" for one in troubled.of("event"))
    assert troubled.code == 0, troubled.errors


def test_the_page_says_what_each_line_did(troubled: Played) -> None:
    page = troubled.page
    for text in ("guard error_rate &lt;= champion * 2", "watch age(hours) &lt;= 2d", "pipeline.mlops:", "<svg"):
        assert text in page
    assert "http" not in page.replace("http://www.w3.org", "")
    told = json.loads((troubled.place / "rehearsal.json").read_text(encoding="utf-8"))
    assert [one["kind"] for one in told] == [one["kind"] for one in troubled.moments]


def test_nothing_but_the_folder_of_rehearsals_is_touched(troubled: Played) -> None:
    here = {one.name for one in troubled.folder.iterdir()}
    assert here == {"hours.csv", "features.py", "requirements.txt", "pipeline.mlops", ".mlops"}
    assert not (troubled.folder / ".mlops" / "runs").exists()


def test_drift_leads_to_a_retraining_a_gate_and_a_new_version(drifting: Played) -> None:
    kinds = [one["kind"] for one in drifting.moments]
    onset = kinds.index("injection")
    assert kinds.index("event") > onset
    actions = [one["details"] for one in drifting.of("action")]
    assert any(one["action"] == "retrain(line)" and one["state"] == "done" for one in actions)
    assert [one["details"]["state"]["weights"] for one in drifting.of("promote")] == [{"2": 1.0}]
    assert drifting.code == 0, drifting.errors


def test_a_rehearsal_tells_nobody(drifting: Played) -> None:
    held = [json.loads(path.read_text(encoding="utf-8")) for path in (drifting.place / "outbox").iterdir()]
    assert {one["to"] for one in held} == {"oncall@example.com"}


def test_trouble_that_no_rule_looks_for_ends_with_1_and_the_line_to_write(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "heat", monitor="", rules="")
    found = play(folder, "prod", "--inject", "stale-data@1d", "--days", "3", as_json=False)
    assert found.code == 1
    assert "stale-data: no rule of the spec looks for it" in found.output
    assert "watch age(" in found.output


def test_a_gate_that_stays_closed_ends_the_rehearsal(tmp_path: Path) -> None:
    found = play(write_project(tmp_path / "heat", limit=0.1), "prod", as_json=False)
    assert found.code == 1
    assert "`line_gate` failed: `require mae(test) <= 0.1 at 95%`" in found.output


def test_what_cannot_be_played_is_told_before_anything_runs(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "heat")
    for arguments, code, told in (
        (("prod", "--inject", "fire"), 4, "there is no trouble `fire`"),
        (("prod", "--inject", "drift@90d"), 4, "would begin after the end"),
        (("pord",), 2, "did you mean `prod`?"),
        (("prod", "--release", "web"), 4, "has no release `web`"),
        (("prod", "dev"), 2, "one spec and one environment"),
    ):
        found = play(folder, *arguments)
        assert (found.code, told in found.errors) == (code, True), found.errors
