"""Rules about latency and what the project proves by itself."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from runtime_train.harness import Project, Stage, rule

from mlopsc.stdlib.metrics import quantile_of
from mlopsc.stdlib.runtime.engine.outcome import StageFailure, StageRecord, Verdict
from mlopsc.stdlib.runtime.test import latency


def p95(limit: float, percentile: str = "p95") -> Stage:
    return rule(f"latency({percentile})", {"function": "latency", "percentile": percentile}, "<=", {"offset": limit})


def pytest_rule(path: str = "tests/") -> Stage:
    return rule(f'pytest("{path}")', {"function": "pytest", "path": path})


def python_rule(name: str) -> Stage:
    return rule(f'python("{name}")', {"function": "python", "name": name})


def only(record: StageRecord) -> dict[str, Any]:
    (found,) = record.facts["rules"]
    return dict(found)


def test_latency_is_judged_on_enough_single_calls_and_says_where(bike: Project) -> None:
    record = bike.test("gate", "demand", [p95(30.0)])
    (measured,) = record.notes["measured"].values()
    assert record.verdict is Verdict.OK
    assert 0 < measured["estimate"] <= measured["upper"] <= 30
    assert measured["machine"]["cores"] >= 1
    (judgement,) = only(record)["judgements"]
    assert judgement["rows"] == 200
    assert "estimate" not in judgement


def test_a_slow_model_fails_but_on_a_shared_machine_that_is_only_advice(
    bike: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(latency, "_seconds_waited", lambda: 0.0)
    assert bike.test("gate", "demand", [p95(1e-6)]).verdict is Verdict.FAIL
    monkeypatch.setenv("CI", "true")
    hosted = bike.test("gate", "demand", [p95(1e-6)])
    monkeypatch.delenv("CI")
    monkeypatch.setattr(latency, "_seconds_waited", time.perf_counter)
    busy = bike.test("gate", "demand", [p95(1e-6)])
    for record in (hosted, busy):
        assert record.verdict is Verdict.OK
        assert only(record)["advisory"]
        assert record.messages[-1].level == "warning"
        assert "only advice: other work shares this machine" in record.messages[-1].text


@pytest.mark.parametrize(("word", "share"), [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999), ("p5", 0.05)])
def test_percentiles(word: str, share: float) -> None:
    assert quantile_of(word) == pytest.approx(share)


def test_warm_up_calls_are_not_timed_and_each_call_has_one_row() -> None:
    asked: list[int] = []

    class Model:
        def predict(self, rows: Any) -> None:
            asked.append(len(rows))

    import pandas as pd

    taken, waited = latency.time_calls(Model(), pd.DataFrame({"x": np.arange(50)}), 200)  # type: ignore[arg-type]
    assert taken.shape == (200,)
    assert waited >= 0
    assert asked == [1] * 220


def test_the_projects_own_tests_open_or_close_the_gate(bike: Project) -> None:
    bike.write("tests/test_it.py", "from features import Calendar\ndef test_it():\n    assert Calendar\n")
    record = bike.test("gate", "demand", [pytest_rule()])
    assert (record.verdict, only(record)["reason"]) == (Verdict.OK, "1 passed")
    bike.write("tests/test_more.py", "def test_more():\n    assert 1 == 2, 'sums'\n")
    record = bike.test("gate", "demand", [pytest_rule()])
    assert (record.verdict, only(record)["reason"]) == (Verdict.FAIL, "1 failed, 1 passed")
    assert any("sums" in line for line in record.notes["tails"][only(record)["rule"]])
    assert "sums" in record.messages[-1].hint
    assert not (bike.folder / ".pytest_cache").exists()


def test_tests_that_cannot_be_asked_are_told(bike: Project) -> None:
    bike.write("tests/empty.txt", "")
    record = bike.test("gate", "demand", [pytest_rule()])
    assert (record.verdict, only(record)["reason"]) == (Verdict.FAIL, "there are no tests in `tests/`")
    with pytest.raises(StageFailure, match="pytest could not run `nowhere/`") as raised:
        bike.test("gate", "demand", [pytest_rule("nowhere/")])
    assert raised.value.rule == 'require pytest("nowhere/")'
    bike.write("tests/test_broken.py", "def test_it(:\n")
    with pytest.raises(StageFailure, match="pytest could not run"):
        bike.test("gate", "demand", [pytest_rule()])


def test_tests_that_print_without_end_are_told_by_their_last_lines(bike: Project) -> None:
    loud = "def test_it():\n    for i in range(200_000):\n        print('line', i)\n    assert False, 'the end'\n"
    bike.write("tests/test_loud.py", loud)
    record = bike.test("gate", "demand", [pytest_rule()])
    (tail,) = record.notes["tails"].values()
    assert record.verdict is Verdict.FAIL
    assert len(tail) <= 20


CHECKS = """
def above_zero(model, rows):
    return bool((model.predict(rows) > -50).all())
def never(model, rows):
    return False
def sure(model, rows):
    assert len(rows) < 10, 'too many rows'
    return True
def odd(model, rows):
    return 'yes'
def broken(model, rows):
    return rows['nothing']
"""


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("above_zero", Verdict.OK, "`checks.py:above_zero` returned true"),
        ("never", Verdict.FAIL, "`checks.py:never` returned false"),
        ("sure", Verdict.FAIL, "too many rows"),
    ],
)
def test_a_function_of_model_and_rows_decides(bike: Project, name: str, verdict: Verdict, reason: str) -> None:
    bike.write("checks.py", CHECKS)
    record = bike.test("gate", "demand", [python_rule(f"checks.py:{name}")])
    assert (record.verdict, only(record)["reason"]) == (verdict, reason)


@pytest.mark.parametrize(("name", "told"), [("odd", "returned a `str`"), ("broken", "raised KeyError: 'nothing'")])
def test_a_function_that_cannot_decide_is_told(bike: Project, name: str, told: str) -> None:
    bike.write("checks.py", CHECKS)
    with pytest.raises(StageFailure, match=told):
        bike.test("gate", "demand", [python_rule(f"checks.py:{name}")])


def test_one_rule_that_fails_closes_the_gate_whatever_the_others_say(bike: Project) -> None:
    bike.write("checks.py", CHECKS)
    mae = rule("mae(test)", {"function": "mae", "on": "test"}, "<=", {"offset": 30}, at=0.95)
    undecided = bike.test("gate", "demand", [python_rule("checks.py:above_zero"), mae])
    assert undecided.verdict is Verdict.UNDECIDED
    failed = bike.test("gate", "demand", [mae, python_rule("checks.py:never")])
    assert failed.verdict is Verdict.FAIL
    assert [one["rule"] for one in failed.facts["rules"]] == ["require mae(test)", 'require python("checks.py:never")']
