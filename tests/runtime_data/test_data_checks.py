"""`check` rules: what they measure, and what is said when they do not hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from data_stages import Project, check, column

from mlopsc.stdlib.runtime.engine.outcome import Verdict

ROWS = """\
at,x,c,t,v
2025-01-01 00:00,1,a,ab-1,"[1, 2]"
2025-01-02 00:00,2,b,ab-2,"[1, 2]"
2025-01-03 00:00,3,a,zz,"[3, 4]"
2025-01-04 00:00,4,,ab-4,"[5, 6]"
"""

COLUMNS = [
    column("at", "timestamp"),
    column("x", "float"),
    column("c", "category", missing=0.5),
    column("t", "text"),
    column("v", "vector", size=2),
]

HELD: list[tuple[dict[str, Any], object]] = [
    (check("rows >= 4", "rows", (">=", 4)), 4),
    (check("1 <= rows <= 4", "rows", (">=", 1), ("<=", 4)), 4),
    (check("rows == 4", "rows", ("==", 4)), 4),
    (check("missing(c) <= 25%", "missing", ("<=", 0.25), column="c"), 0.25),
    (check("missing(x) <= 0%", "missing", ("<=", 0.0), column="x"), 0.0),
    (check("unique(at)", "unique", columns=["at"]), True),
    (check("unique(c, v)", "unique", columns=["c", "v"]), True),
    (check("mean(x) == 2.5", "mean", ("==", 2.5), column="x"), 2.5),
    (check("stddev(x) < 1.3", "stddev", ("<", 1.3), column="x"), (5 / 3) ** 0.5),
    (check("quantile(x, 50%) == 2.5", "quantile", ("==", 2.5), column="x", share=0.5), 2.5),
    (check("quantile(x, 100%) == 4", "quantile", ("==", 4), column="x", share=1.0), 4.0),
    (check("distinct(c) == 2", "distinct", ("==", 2), column="c"), 2),
    (check("distinct(v) == 3", "distinct", ("==", 3), column="v"), 3),
    (check("matches(t)", "matches", column="t", pattern="[a-z]{2}(-[0-9])?"), True),
    (check("matches(c)", "matches", column="c", pattern="a|b"), True),
]


@pytest.mark.parametrize(("rule", "seen"), HELD, ids=[rule["text"] for rule, _ in HELD])
def test_a_check_that_holds(project: Project, rule: dict[str, Any], seen: object) -> None:
    project.write("rows.csv", ROWS)
    result = project.run(COLUMNS, [rule])
    assert result.verdict is Verdict.OK
    (record,) = result.facts["checks"]
    assert record.pop("measure") in ("count", "ratio", "duration", "number", "truth")
    assert record == {"rule": rule["id"], "text": rule["text"], "seen": pytest.approx(seen), "holds": True}


BROKEN: list[tuple[dict[str, Any], str]] = [
    (check("rows >= 5_000", "rows", (">=", 5000)), "`rows >= 5_000` does not hold: it is 4"),
    (check("1 <= rows <= 3", "rows", (">=", 1), ("<=", 3)), "`1 <= rows <= 3` does not hold: it is 4"),
    (
        check("missing(c) <= 1%", "missing", ("<=", 0.01), column="c"),
        "`missing(c) <= 1%` does not hold: it is 25.0000%\n  row 4: missing",
    ),
    (
        check("unique(v)", "unique", columns=["v"]),
        "`unique(v)` does not hold in 2 of 4 rows\n  row 1: `[1, 2]`\n  row 2: `[1, 2]`",
    ),
    (check("mean(x) > 10", "mean", (">", 10), column="x"), "`mean(x) > 10` does not hold: it is 2.5"),
    (check("distinct(c) in 3..", "distinct", (">=", 3), column="c"), "`distinct(c) in 3..` does not hold: it is 2"),
    (
        check("matches(t)", "matches", column="t", pattern="[a-z]{2}-[0-9]"),
        "`matches(t)` does not hold in 1 of 4 rows\n  row 3: `zz`",
    ),
]


@pytest.mark.parametrize(("rule", "text"), BROKEN, ids=[rule["text"] for rule, _ in BROKEN])
def test_a_check_that_does_not_hold(project: Project, rule: dict[str, Any], text: str) -> None:
    project.write("rows.csv", ROWS)
    result = project.run(COLUMNS, [rule])
    assert result.verdict is Verdict.FAIL
    (message,) = result.messages
    assert message.text == text
    assert message.rule == rule["id"]
    assert "rows" not in result.outputs  # nothing for a later stage


def test_lists_of_values(project: Project) -> None:
    project.write("rows.csv", ROWS)
    rule = check("rows in [4, 8]", "rows")
    for operator, verdict in (("in", Verdict.OK), ("not in", Verdict.FAIL)):
        rule["comparisons"] = [{"operator": operator, "limit": {"values": [4, 8]}}]
        assert project.run(COLUMNS, [rule]).verdict is verdict


def test_there_is_nothing_to_measure(project: Project) -> None:
    project.write("rows.csv", "x,y\n,1\n,2\n")
    rule = check("mean(x) >= 0", "mean", (">=", 0), column="x")
    result = project.run([column("x", "float", missing=1.0)], [rule])
    assert result.messages[-1].text == "`mean(x) >= 0` does not hold: there is no value to measure"
    assert result.facts["checks"][0]["seen"] is None


def test_a_check_of_unreadable_values_is_not_judged(project: Project) -> None:
    project.write("rows.csv", "x\n1\ntwo\n")
    result = project.run([column("x", "float")], [check("mean(x) >= 0", "mean", (">=", 0), column="x")])
    assert [message.rule or message.setting for message in result.messages] == ["schema.x", "mean(x)"]
    assert "was not judged: `x` has values that are not of its type" in result.messages[1].text
    project.write("c.py", "def fine(rows):\n    return rows.y > 0\n")
    project.write("rows.csv", "x,y\n1,1\ntwo,2\n")
    result = project.run([column("x", "float"), column("y", "int")], [check("p", "python", name="c.py:fine")])
    assert "`p` was not judged: `x`" in result.messages[-1].text


def test_a_regular_expression_that_is_none(project: Project) -> None:
    project.write("rows.csv", ROWS)
    failure = project.failure(COLUMNS, [check("matches(t)", "matches", column="t", pattern="(")])
    assert "`(` is no regular expression" in failure.message
    assert failure.rule == "matches(t)"


def test_a_function_of_the_project(project: Project) -> None:
    project.write("rows.csv", ROWS)
    project.write(
        "c.py",
        "import numpy as np\n"
        "def whole(rows): return len(rows) == 4\n"
        "def small(rows): return rows.x < 3\n"
        "def array(rows): return np.array([True, True, False, True])\n"
        "def unknown(rows): return (rows.x < 9).astype('boolean').mask(rows.c.isna())\n"
        "def spoils(rows):\n    rows['x'] = 0\n    return True\n",
    )
    names = ("whole", "small", "array", "unknown", "spoils")
    rules = [check(f'python("c.py:{name}")', "python", name=f"c.py:{name}") for name in names]
    result = project.run(COLUMNS, rules)
    assert [one["holds"] for one in result.facts["checks"]] == [True, False, False, False, True]
    assert "does not hold in 2 of 4 rows\n  row 3: at = `2025-01-03 00:00`, x = `3`" in result.messages[0].text
    assert "row 4" in result.messages[2].text
    assert project.table(COLUMNS, rules[-1:]).frame["x"].tolist() == [1, 2, 3, 4]


def test_a_function_that_returns_something_else(project: Project) -> None:
    project.write("rows.csv", ROWS)
    project.write("c.py", "def text(rows): return 'fine'\ndef short(rows): return [True]\ndef none(rows): pass\n")
    for name, seen in (("text", "a `str`"), ("short", "a `list` of 1 truth values"), ("none", "a `NoneType`")):
        failure = project.failure(COLUMNS, [check("p", "python", name=f"c.py:{name}")])
        assert failure.message.startswith(f"`c.py:{name}` returned {seen}, expected true, false or a truth value")
        assert failure.rule == "p"


def test_a_function_that_raises_or_leaves(project: Project) -> None:
    project.write("rows.csv", ROWS)
    project.write("c.py", "import sys\ndef raises(rows):\n    return rows.nope\ndef leaves(rows): sys.exit(3)\n")
    failure = project.failure(COLUMNS, [check("p", "python", name="c.py:raises")])
    assert failure.message.startswith("`c.py:raises` raised AttributeError")
    assert 'c.py", line 3' in failure.details
    assert failure.rule == "p"
    failure = project.failure(COLUMNS, [check("p", "python", name="c.py:leaves")])
    assert failure.message == "`c.py:leaves` called `sys.exit(3)`"


def test_age_is_judged_by_the_clock_and_kept_out_of_the_facts(project: Project) -> None:
    newest = datetime.now(UTC) - timedelta(hours=30)
    project.write("rows.csv", f"at\n{newest.isoformat()}\n2020-01-01\n")
    columns, rule = [column("at", "timestamp")], check("age <= 2d", "age", ("<=", 172_800))
    result = project.run(columns, [rule], time="at")
    told = {"rule": "age", "text": "age <= 2d", "measure": "duration", "seen": None, "holds": True}
    assert result.facts["checks"] == [told]
    assert result.notes["age"] == pytest.approx(30 * 3600, abs=60)
    rule["comparisons"][0]["limit"]["offset"] = 86_400
    result = project.run(columns, [rule], time="at")
    assert result.verdict is Verdict.FAIL
    assert "does not hold: it is 1 day, 6:00:" in result.messages[-1].text


def test_age_of_rows_as_of_a_day_does_not_depend_on_the_clock(project: Project) -> None:
    project.write("rows.csv", ROWS)
    rule = check("age <= 2d", "age", ("<=", 172_800))
    result = project.run(COLUMNS, [rule], time="at", as_of="2025-01-05")
    assert result.facts["checks"][0]["seen"] == 86_400
    assert result.notes == {}
