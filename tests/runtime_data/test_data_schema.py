"""What the schema says of the rows, and how rows that break it are told."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from data_stages import Project, check, column

from mlopsc.stdlib.runtime.engine.outcome import Message, Verdict
from mlopsc.stdlib.runtime.engine.tasks import StageResult

PEOPLE = """\
id,email,age,plan,joined
1,ann@example.com,31,free,2024-05-01
2,bob@example.com,3.5,paid,2024-05-02
3,cat@example.com,-4,paid,2024-05-03
4,dan@example.com,200,trial,2024-05-04
5,,44,free,yesterday
"""

COLUMNS = [
    column("id", "int", role="id"),
    column("email", "text", role="pii"),
    column("age", "int", low=0, high=120),
    column("plan", "category", values=["free", "paid"]),
    column("joined", "date"),
]


def errors(result: StageResult) -> dict[str, Message]:
    assert result.verdict is Verdict.FAIL
    return {message.rule or message.setting: message for message in result.messages if message.level == "error"}


def failing(result: StageResult) -> pd.DataFrame:
    content = result.outputs["failing_rows"]
    assert isinstance(content, bytes)
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)


def test_every_mistake_is_told_in_one_go_with_rows_and_values(project: Project) -> None:
    project.write("rows.csv", PEOPLE)
    told = errors(project.run(COLUMNS))
    assert told["schema.age"].text == "`age` is not in 0..120 in 2 of 5 rows\n  row 3: `-4`\n  row 4: `200`"
    assert told["schema.plan"].text == '`plan` is not in ["free", "paid"] in 1 of 5 rows\n  row 4: `trial`'
    assert told["schema.joined"].text == "`joined` is not `date` in 1 of 5 rows\n  row 5: `yesterday`"
    assert "expected a date such as `2025-01-31`" in told["schema.joined"].hint
    assert told["schema.email"].text.startswith("`email` is missing in 1 of 5 rows (20.00%), allowed is none")


def test_a_fraction_in_a_column_of_whole_numbers_is_a_failing_row(project: Project) -> None:
    project.write("rows.csv", PEOPLE)
    result = project.run([column("age", "int")])
    assert errors(result)["schema.age"].text == "`age` is not `int` in 1 of 5 rows\n  row 2: `3.5`"


def test_personal_data_is_masked_wherever_rows_are_shown(project: Project) -> None:
    project.write("rows.csv", PEOPLE)
    rules = [
        check('python("c.py:no")', "python", name="c.py:no"),
        check("matches(email)", "matches", column="email", pattern="x"),
    ]
    project.write("c.py", "def no(rows):\n    return rows.age > 1000\n")
    columns = [
        column("email", "text", role="pii", missing=0.5),
        column("age", "float", role="pii"),
        column("id", "int"),
    ]
    result = project.run(columns, rules)
    texts = "\n".join(message.text + message.hint for message in result.messages)
    assert "  row 1: email = ***, age = ***, id = `1`" in texts
    listed = failing(result)
    assert set(listed["email"]) == set(listed["age"]) == {"***"}
    for secret in ("example.com", "31", "3.5", "200"):
        assert secret not in texts
        assert secret not in listed.to_csv(index=False)


def test_all_failing_rows_are_in_the_file_and_ten_in_the_message(project: Project) -> None:
    project.write("rows.csv", "n,other,secret\n" + "".join(f"{i},a,b\n" for i in range(50)))
    result = project.run([column("n", "int", high=19), column("other", "text")])
    assert errors(result)["schema.n"].text.splitlines()[1:3] == ["  row 21: `20`", "  row 22: `21`"]
    assert errors(result)["schema.n"].text.splitlines()[-1] == "  and 20 more"
    assert len(errors(result)["schema.n"].text.splitlines()) == 12
    listed = failing(result)
    assert listed["row"].tolist() == [str(i + 1) for i in range(20, 50)]
    assert listed["n"].tolist() == [str(i) for i in range(20, 50)]
    assert list(listed.columns) == ["row", "breaks", "n", "other"]  # nothing of what is not declared
    assert set(listed["breaks"]) == {"schema.n"}


def test_a_missing_column_names_what_the_file_has(project: Project) -> None:
    project.write("rows.csv", PEOPLE)
    failure = project.failure([column("plans", "category")])
    assert failure.message == "the rows of `rows` have no column `plans`"
    assert failure.hint == "did you mean `plan`? The rows have `id`, `email`, `age`, `plan`, `joined`"
    assert failure.setting == "schema.plans"


def test_extra_columns_are_dropped_and_listed(project: Project) -> None:
    project.write("rows.csv", PEOPLE)
    result = project.run([column("id", "int")])
    assert result.verdict is Verdict.OK
    assert result.facts["dropped"] == ["email", "age", "plan", "joined"]
    assert result.messages[0].text == "not in the schema and dropped: `email`, `age`, `plan`, `joined`"
    assert list(project.table([column("id", "int")]).frame) == ["id"]


def test_missing_values_up_to_a_share(project: Project) -> None:
    project.write("rows.csv", "x,y\n" + "1,1\n" * 97 + ",1\n" * 3)
    assert project.run([column("x", "float", missing=0.03)]).verdict is Verdict.OK
    told = errors(project.run([column("x", "float", missing=0.02)]))["schema.x"]
    assert told.text.splitlines()[0] == "`x` is missing in 3 of 100 rows (3.00%), allowed is 2%"
    assert told.text.splitlines()[1] == "  row 98: missing"
    assert "`x: float, missing <= …%`" in told.hint


def test_missing_values_are_within_any_bounds(project: Project) -> None:
    project.write("rows.csv", "x,c\n0.5,a\n,\n")
    columns = [column("x", "float", low=0, high=1, missing=0.5), column("c", "category", values=["a"], missing=0.5)]
    assert project.run(columns).verdict is Verdict.OK


def test_infinite_numbers_are_refused(project: Project) -> None:
    project.write("rows.csv", "x\n1\ninf\n-inf\n1e999\n")
    told = errors(project.run([column("x", "float")]))["schema.x"]
    assert told.text.splitlines()[0] == "`x` is not `float` in 3 of 4 rows"
    assert "a finite number" in told.hint


def test_bounds_of_times(project: Project) -> None:
    project.write("rows.csv", "at,day\n2025-01-01 00:30,2025-01-01\n2024-12-31 23:30,2024-12-31\n")
    begin = pd.Timestamp("2025-01-01").timestamp()
    columns = [column("at", "timestamp", low=begin), column("day", "date", low=begin)]
    told = errors(project.run(columns, zone="Europe/Berlin"))
    assert told["schema.at"].text == "`at` is not in 2025-01-01 00:00:00.. in 1 of 2 rows\n  row 2: `2024-12-31 23:30`"
    assert told["schema.day"].text == "`day` is not in 2025-01-01.. in 1 of 2 rows\n  row 2: `2024-12-31`"


def test_numbers_as_levels(project: Project) -> None:
    project.write("rows.csv", "season,n\n1,1\n4,2\n5,3\n")
    told = errors(project.run([column("season", "category", values=[1, 2, 3, 4]), column("n", "int", values=[1, 2])]))
    assert told["schema.season"].text == "`season` is not in [1, 2, 3, 4] in 1 of 3 rows\n  row 3: `5`"
    assert told["schema.n"].text == "`n` is not in [1, 2] in 1 of 3 rows\n  row 3: `3`"


def test_words_that_usually_mean_missing_can_be_declared_as_values(project: Project) -> None:
    project.write("rows.csv", "country,alley\nNA,NA\nDE,None\n,Grvl\n")
    columns = [
        column("country", "category", values=["NA", "DE"], missing=0.5),
        column("alley", "category", missing=1.0),
    ]
    frame = project.table(columns).frame
    assert frame["country"].tolist()[:2] == ["NA", "DE"]
    assert pd.isna(frame["country"][2])
    assert frame["alley"].isna().tolist() == [True, True, False]


def test_text_keeps_its_leading_zeros_and_long_numbers_their_digits(project: Project) -> None:
    project.write("rows.csv", "zip,account\n01234,9007199254740993\n00001,\n")
    frame = project.table([column("zip", "text"), column("account", "int", role="id", missing=0.5)]).frame
    assert frame["zip"].tolist() == ["01234", "00001"]
    stored = pd.read_parquet(
        project.run([column("account", "int", missing=0.5)]).outputs["rows"], dtype_backend="pyarrow"
    )
    assert stored["account"].tolist()[0] == 9007199254740993


def test_long_numbers_of_parquet_files_too(project: Project) -> None:
    rows = pd.DataFrame({"account": pd.array([9007199254740993, None], dtype="Int64")})
    project.write("rows.parquet", rows.to_parquet())
    result = project.run(
        [column("account", "int", missing=0.5)], source={"function": "parquet", "path": "rows.parquet"}
    )
    assert result.verdict is Verdict.OK
    assert pd.read_parquet(result.outputs["rows"], dtype_backend="pyarrow")["account"].tolist()[0] == 9007199254740993


@pytest.mark.parametrize("key", [("id",), ("day", "hour")])
def test_rows_that_share_their_key(project: Project, key: tuple[str, ...]) -> None:
    project.write("rows.csv", "id,day,hour\n1,1,1\n2,1,2\n2,1,2\n4,2,1\n")
    result = project.run([column(name, "int") for name in ("id", "day", "hour")], key=list(key))
    told = errors(result)["key"]
    assert told.text.startswith("2 of 4 rows share their key, " + ", ".join(f"`{name}`" for name in key))
    shown = told.text.splitlines()[1]
    assert shown == ("  row 2: `2`" if len(key) == 1 else "  row 2: day = `1`, hour = `2`")
    assert failing(result)["row"].tolist() == ["2", "3"]


def test_a_column_to_ignore_is_checked_and_then_dropped(project: Project) -> None:
    project.write("rows.csv", "x,batch\n1,7\n2,8\n")
    columns = [column("x", "int"), column("batch", "int", low=7, role="ignore")]
    table = project.table(columns, [check("mean(batch) >= 7", "mean", (">=", 7), column="batch")])
    assert list(table.frame) == ["x"]
    project.write("rows.csv", "x,batch\n1,6\n2,8\n")
    assert set(errors(project.run(columns))) == {"schema.batch"}


def test_times_that_the_clock_shows_twice_are_told(project: Project) -> None:
    project.write("rows.csv", "at\n2025-10-26 02:30\n2025-10-26 12:30\n")
    result = project.run([column("at", "timestamp")], zone="Europe/Berlin")
    (message,) = result.messages
    assert message.level == "warning"
    assert message.text == "1 time of `at` falls in an hour that the clock of Europe/Berlin shows twice"


def test_a_zone_that_does_not_exist(project: Project) -> None:
    project.write("rows.csv", "x\n1\n")
    for zone in ("Europe/Bärlin", "../etc/passwd", ""):
        failure = project.failure([column("x", "int")], zone=zone)
        assert failure.message == f"there is no time zone `{zone}`"
