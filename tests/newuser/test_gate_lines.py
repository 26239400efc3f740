"""What a gate found is told once: what its rules share stands at the head or the end, not on each of them."""

from __future__ import annotations

from typing import Any

from mlopsc.compiler.render.style import Style
from mlopsc.stdlib.runtime.summary.gates import gate_lines

NOTE = "fewer than 30 units: the true error rate may exceed the level's"


def judgement(**said: Any) -> dict[str, Any]:
    found = {"comparison": "<=", "verdict": "pass", "rows": 100, "units": 100, "slices": [], "note": None}
    return {**found, **said}


def rule(text: str, *judgements: dict[str, Any], **said: Any) -> dict[str, Any]:
    found = {"rule": text, "text": text, "kind": "metric", "verdict": "pass", "reason": "shown at 95%"}
    return {**found, "judgements": list(judgements), "advisory": False, "look": None, "hidden": False, **said}


def lines(*rules: dict[str, Any], **said: Any) -> list[str]:
    rows = {"rows": 100, "units": 100, "unit": "row"}
    facts = {"model": "demand", "judged_on": "test", "rows": rows, "rules": list(rules), "version": None, **said}
    return list(gate_lines(facts, {}, Style(colour=False), lambda *_: ""))


def test_a_look_that_all_rules_share_is_told_at_the_head() -> None:
    look = {"number": 2, "of": 5}
    told = lines(rule("require a", judgement(), look=look), rule("require b", judgement(), look=look))
    assert told[0] == "judges `demand` on test: 100 rows, look 2 of 5"
    assert "look" not in "".join(told[1:])


def test_looks_that_differ_are_told_at_their_rules() -> None:
    told = lines(
        rule("require a", judgement(), look={"number": 2, "of": 5}),
        rule("require b", judgement(), look={"number": 1, "of": 5}),
    )
    assert told[0] == "judges `demand` on test: 100 rows"
    assert [line.strip() for line in told if "look" in line] == [
        "look 2 of 5 at these rows",
        "look 1 of 5 at these rows",
    ]


def test_a_note_on_several_rules_is_told_once_and_one_on_a_single_rule_there() -> None:
    twice = lines(rule("require a", judgement(note=NOTE)), rule("require b", judgement(note=NOTE)))
    assert twice.count(NOTE) == 1
    assert twice[-1] == NOTE
    once = lines(rule("require a", judgement(note=NOTE)), rule("require b", judgement()))
    assert once[3] == f"    {NOTE}"


def test_hidden_figures_are_explained_and_the_reason_is_told() -> None:
    hidden = lines(rule("require a", judgement(), hidden=True))
    assert hidden[2] == "    shown at 95%"
    assert hidden[-1] == "a counted look tells the verdict and hides the figures: `reveal = true` shows them"
    shown = lines(rule("require a", judgement(estimate=3.0, upper=4.0, level=0.95, limit=5.0)))
    assert shown[2:] == ["    estimate 3, at most 4 at 95%, limit 5"]


def test_rows_are_told_where_they_are_others_than_those_of_the_gate() -> None:
    told = lines(rule("require a", judgement(estimate=3.0, upper=4.0, limit=5.0, rows=90, units=90)))
    assert told[2].endswith("limit 5, 90 rows")


def test_a_first_release_shows_its_estimate_and_why_it_passed() -> None:
    told = lines(rule("require a <= champion", judgement(estimate=3.0), reason="first release: there is no champion"))
    assert told[2:] == ["    estimate 3", "    first release: there is no champion"]


def test_what_was_waived_is_told_with_its_reason() -> None:
    told = lines(rule("require a", judgement()), waived=[{"rule": "require latency(p95)", "reason": "nobody waits"}])
    assert told[-1] == "- require latency(p95)  waived: nobody waits"


def test_the_limit_that_rows_can_prove_is_told_once() -> None:
    undecided = judgement(verdict="undecided", provable_limit=4.5)
    hidden = lines(rule("require a", undecided, verdict="undecided", reason="100 rows can prove 4.5", hidden=True))
    assert "".join(hidden).count("4.5") == 1
    shown = judgement(verdict="undecided", provable_limit=4.5, estimate=3.0, limit=4.0)
    assert "    estimate 3, limit 4, provable limit 4.5" in lines(rule("require a", shown, verdict="undecided"))


def test_how_many_rows_would_decide_is_told_once() -> None:
    undecided = judgement(verdict="undecided", rows_needed=2_000, provable_limit=4.5)
    told = lines(rule("require a", undecided, verdict="undecided", reason="about 2,000 rows would decide"))
    assert "".join(told).count("2,000") == 1
    told = lines(rule("require a", undecided, verdict="undecided", reason="neither is shown"))
    assert "    about 2,000 rows would decide; there are 100" in told
