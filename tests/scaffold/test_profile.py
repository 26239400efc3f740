"""What `init` believes of a table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlopsc.compiler.scaffold import example
from mlopsc.compiler.scaffold.baselines import written
from mlopsc.compiler.scaffold.columns import guess_column
from mlopsc.compiler.scaffold.guesses import CannotGuess, TableGuess
from mlopsc.compiler.scaffold.names import words_of
from mlopsc.compiler.scaffold.profile import guess_table
from mlopsc.compiler.scaffold.reading import read_table
from mlopsc.compiler.scaffold.spec import identifier, quoted_name, quoted_text

BIKE = Path(__file__).parents[2] / "examples/bike-demand/data/bikeshare.csv"


def column(guess: TableGuess, name: str) -> tuple[str, str, str]:
    found = next(one for one in guess.columns if one.name == name)
    return found.type, found.within, found.role


def people(rows: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "customer_id": np.arange(rows),
            "email": [f"person{i}@example.com" for i in range(rows)],
            "plan": random.choice(["free", "team"], rows),
            "age": np.where(random.random(rows) < 0.1, np.nan, random.integers(18, 90, rows)),
            "balance": random.normal(0, 100, rows),
            "source": ["web"] * rows,
            "churn": random.integers(0, 2, rows),
        }
    )


def test_types_ranges_and_the_target_of_the_bike_rows() -> None:
    guess = guess_table(read_table(BIKE).frame)
    assert guess.target == "bikers"
    assert guess.task == "regression"
    assert column(guess, "hr") == ("int", "0..23", "calendar")
    assert column(guess, "temp") == ("float", "0..1", "")
    assert column(guess, "weathersit") == ("category", "", "")
    assert column(guess, "workingday") == ("bool", "", "")


def test_two_columns_that_add_up_to_the_target_are_leaks() -> None:
    guess = guess_table(read_table(BIKE).frame)
    assert column(guess, "casual")[2] == "leak"
    assert column(guess, "registered")[2] == "leak"
    assert [one.name for one in guess.columns if one.role == "leak"] == ["casual", "registered"]


def test_a_straight_line_of_the_target_is_a_leak_and_noise_is_none() -> None:
    random = np.random.default_rng(2)
    y = random.normal(10, 3, 500)
    rows = pd.DataFrame({"fahrenheit": y * 1.8 + 32, "like_it": y + random.normal(0, 1, 500), "y": y})
    guess = guess_table(rows)
    assert column(guess, "fahrenheit")[2] == "leak"
    assert column(guess, "like_it")[2] == ""


def test_roles_of_people() -> None:
    guess = guess_table(people())
    assert guess.target == "churn"
    assert guess.task == "binary"
    assert column(guess, "customer_id")[2] == "id"
    assert column(guess, "email")[2] == "pii"
    assert column(guess, "plan") == ("category", "", "")
    assert column(guess, "age") == ("int", "0..", "")
    assert column(guess, "balance") == ("float", "", "")
    assert column(guess, "source")[2] == "ignore"


def test_missing_values_are_tolerated_a_little_beyond_what_was_seen() -> None:
    age = next(one for one in guess_table(people()).columns if one.name == "age")
    seen = people()["age"].isna().mean()
    assert seen < age.missing < 2 * seen + 0.02


def test_rows_of_a_user_stay_together() -> None:
    rows = pd.concat([people(100).assign(user_id=np.arange(100)) for _ in range(4)], ignore_index=True)
    guess = guess_table(rows.drop(columns=["customer_id", "email"]))
    assert guess.group == "user_id"
    assert column(guess, "user_id")[2] == "group"


@pytest.mark.parametrize(("days", "block"), [(400, "7d"), (200, "1d"), (9, "1h")])
def test_the_block_is_the_longest_that_leaves_enough_to_judge_by(days: int, block: str) -> None:
    times = pd.date_range("2024-01-01", periods=days * 24, freq="h").astype(str)
    rows = pd.DataFrame({"at": times, "x": np.arange(len(times)) % 17, "y": np.arange(len(times)) % 5})
    guess = guess_table(rows)
    assert (guess.time, guess.block) == ("at", block)


def test_a_season_in_each_year_is_no_stretch_of_weeks() -> None:
    days = [date for year in (2021, 2022, 2023) for date in pd.date_range(f"{year}-06-01", periods=60).strftime("%F")]
    rows = pd.DataFrame({"at": days, "x": np.arange(180) % 17, "y": np.arange(180) % 5 * 0.5})
    assert guess_table(rows).block == "1d"


def test_a_target_that_is_not_there_names_the_columns() -> None:
    with pytest.raises(CannotGuess, match="`churned`") as caught:
        guess_table(people(), "churned")
    assert "churn" in caught.value.hint


def test_the_baseline_is_the_best_constant_answer() -> None:
    rows = pd.DataFrame({"x": range(100), "y": [True] * 80 + [False] * 20})
    baseline = guess_table(rows.sample(frac=1, random_state=0)).baseline
    assert baseline.score == pytest.approx(0.8)
    assert baseline.limit == "84%"
    mae = guess_table(read_table(BIKE).frame).baseline
    bikers = pd.read_csv(BIKE)["bikers"]
    assert mae.score == pytest.approx((bikers - bikers.median()).abs().mean())


def test_the_example_is_declared_as_it_would_be_guessed(tmp_path: Path) -> None:
    path = tmp_path / "tumours.csv"
    path.write_text(example.rows(), encoding="utf-8")
    guess = guess_table(read_table(path).frame)
    assert guess.columns == example.GUESS.columns
    assert (guess.rows, guess.target, guess.task) == (569, "malignant", "binary")
    assert guess.baseline.limit == example.GUESS.baseline.limit
    assert guess.baseline.text == example.GUESS.baseline.text


def test_names_and_texts_are_quoted() -> None:
    assert quoted_name("hour of day") == "`hour of day`"
    assert quoted_name("none") == "`none`"
    assert quoted_name("größe") == "größe"
    assert quoted_text('a "b" ${c} \\') == '"a \\"b\\" \\${c} \\\\"'
    assert identifier("My rows-2024", "rows") == "my_rows_2024"
    assert identifier("2024", "rows") == "rows"


def told(values: Sequence[object], name: str = "x") -> tuple[str, str, str, str]:
    """Type, range, role and reason of a column beside a target."""
    column = guess_column(pd.Series(values), name)
    assert column is not None
    return column.type, column.within, column.role, column.why


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("churned", "churned"),
        ("is_fraud", "is_fraud"),
        ("Sale Price (EUR)", "Sale Price (EUR)"),
        ("classified", "z"),
        ("year", "z"),
        ("customer id", "z"),
    ],
)
def test_the_target_is_found_by_a_word_of_its_name_else_it_is_the_last(name: str, target: str) -> None:
    values = np.random.default_rng(4).integers(1000, 2000, 300)
    rows = pd.DataFrame({name: values, "a": np.arange(300) % 7 * 1.5, "z": np.arange(300) % 11 * 0.5})
    guess = guess_table(rows)
    assert guess.target == target
    assert ("by its name" if target == name else "the last") in guess.remarks[0]


def test_a_target_without_gaps_is_preferred() -> None:
    rows = pd.DataFrame({"a": np.arange(40) * 0.5, "b": np.arange(40) % 9 * 0.5, "c": [None, *np.arange(39) * 0.5]})
    assert guess_table(rows).target == "b"


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1, 2] * 30, "multiclass"),
        ([1, 2] * 30, "multiclass"),
        ([0, 1] * 30, "binary"),
        (list(range(10)) * 18, "multiclass"),
        ([0] * 50 + [1] * 30 + [2] * 10 + [3] * 2 + [4], "regression"),
        ([3, 5, 8] * 20, "regression"),
        (list(range(90)), "regression"),
        ([0.5, 1.0, 2.0] * 20, "regression"),
    ],
)
def test_whole_numbers_in_equal_shares_are_the_codes_of_classes(values: list[float], task: str) -> None:
    random = np.random.default_rng(5)
    assert guess_table(pd.DataFrame({"a": random.normal(size=len(values)), "target": values})).task == task


def test_a_target_with_gaps_is_declared_with_them() -> None:
    rows = pd.DataFrame({"a": np.arange(100) * 0.5, "target": [None] * 3 + list(np.arange(97) % 13 * 1.5)})
    target = next(one for one in guess_table(rows).columns if one.name == "target")
    assert target.missing >= 0.03


@pytest.mark.parametrize("values", [[7] * 20, ["a"] * 20, [None] * 20])
def test_what_is_always_the_same_cannot_be_predicted(values: list[object]) -> None:
    with pytest.raises(CannotGuess, match="always the same"):
        guess_table(pd.DataFrame({"a": range(20), "b": values}), "b")


def test_the_name_of_a_target_is_corrected() -> None:
    with pytest.raises(CannotGuess) as caught:
        guess_table(people(), "chrun")
    assert caught.value.hint == "did you mean `churn`?"


def test_the_target_in_other_words_is_a_leak_and_another_class_is_none() -> None:
    code = np.random.default_rng(6).integers(0, 3, 200)
    rows = pd.DataFrame({"code": code, "parity": code % 2 + 5, "word": np.array(["a", "b", "c"])[code]})
    guess = guess_table(rows, "word")
    assert column(guess, "code")[2] == "leak"
    assert column(guess, "parity")[2] == ""


def test_few_rows_of_different_values_give_nothing_away() -> None:
    rows = pd.DataFrame({"a": [1.0, 2.0, 3.5, 4.0, 5.0], "price": [2.5, 1.0, 4.0, 2.0, 9.0]})
    assert column(guess_table(rows), "a")[2] == ""


def test_a_table_of_ids_and_texts_teaches_nothing() -> None:
    rows = pd.DataFrame({"id": range(90), "note": [f"word {i}" for i in range(90)], "label": ["a", "b", "c"] * 30})
    with pytest.raises(CannotGuess, match="no column is left to predict `label` from"):
        guess_table(rows)


COLUMNS: dict[str, tuple[Sequence[object], str, tuple[str, str, str]]] = {
    "constant number": ([3] * 9, "x", ("int", "", "ignore")),
    "nothing": ([None] * 9, "x", ("text", "", "ignore")),
    "year": ([2007, 2008, 2009] * 3, "year", ("int", "", "calendar")),
    "a month that is none": ([0, 13, 14] * 3, "month", ("int", "0..", "")),
    "ids of rows": (list(range(9)), "PassengerId", ("int", "", "id")),
    "few ids": ([1, 2, 3] * 20, "store id", ("category", "", "")),
    "many ids": ([*range(60)] * 2, "customer id", ("int", "", "id")),
    "names": ([f"Zoë {i}" for i in range(9)], "full name", ("text", "", "pii")),
    "mail by content": ([f"p{i}@example.com" for i in range(9)], "contact", ("text", "", "pii")),
    "dates of birth": ([f"19{i}0-01-0{i}" for i in range(1, 9)], "birth date", ("date", "", "pii")),
    "other dates": ([f"{i}.12.2023" for i in range(1, 10)], "at", ("text", "", "ignore")),
    "American dates": ([f"12/{i}/23" for i in range(1, 10)], "at", ("text", "", "ignore")),
    "other numbers": ([f"1.{i},50" for i in range(100, 200)], "x", ("text", "", "ignore")),
    "prose": ([f"this is note number {i}" for i in range(9)], "x", ("text", "", "ignore")),
    "infinite": ([1.5, float("inf"), 2.0], "x", ("text", "", "ignore")),
    "decimals": ([Decimal("1.50"), Decimal("2.25"), Decimal("3")], "x", ("float", "0..", "")),
    "a date that goes wrong late": (["2024-01-01"] * 1500 + ["2024-13-01"], "x", ("category", "", "")),
    "words and numbers": ([1, "two", 3] * 4, "x", ("category", "", "")),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_columns(case: str) -> None:
    values, name, expected = COLUMNS[case]
    assert told(values, name)[:3] == expected


def test_what_no_type_holds_is_left_out_and_said() -> None:
    tags = pd.Series([["a"]] * 400, dtype=object)
    rows = people().assign(tags=tags, raw=[b"x"] * 400, took=pd.to_timedelta(np.arange(400), unit="s"))
    guess = guess_table(rows.rename(columns={"balance": "bal`ance"}), "churn")
    assert [one.name for one in guess.columns] == ["customer_id", "email", "plan", "age", "source", "churn", "took"]
    assert guess.remarks[-1] == "left out, as no column of a spec can hold it: `bal`ance`, `tags`, `raw`"


def test_a_time_with_gaps_or_few_values_orders_nothing() -> None:
    times = pd.date_range("2024-01-01", periods=400, freq="h").astype(str)
    gaps = pd.Series([None, *times[1:]], dtype=object)
    rows = people().assign(gaps=gaps, few=["2024-01-01", "2024-01-02"] * 200, at=times)
    assert guess_table(rows, "churn").time == "at"
    without = guess_table(rows.drop(columns="at"), "churn")
    assert without.time == ""
    assert column(without, "few") == ("date", "", "ignore")


@pytest.mark.parametrize(
    ("share", "limit"), [(0.5, "60%"), (0.8, "84%"), (0.97, "97.6%"), (0.998, "99.84%"), (0.9998, "99.984%")]
)
def test_the_limit_of_a_rare_class_stays_above_its_absence(share: float, limit: str) -> None:
    rows = 10_000
    labels = np.arange(rows) < rows * share
    guess = guess_table(pd.DataFrame({"a": np.random.default_rng(7).normal(size=rows), "label": labels}))
    assert guess.baseline.limit == limit


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.00053321, "0.000533"), (1.5, "1.5"), (52, "52"), (461.3, "461"), (41_566.2, "41_600")],
)
def test_numbers_are_written_with_three_digits(value: float, text: str) -> None:
    assert written(value) == text


def test_names_are_read_by_their_words() -> None:
    assert words_of("PassengerId") == words_of("passenger_id") == words_of("Passenger ID") == ["passenger", "id"]
    assert words_of("Größe (m²)") == ["größe", "m²"]


def test_stages_have_names_of_their_own() -> None:
    assert identifier("gate", "rows", taken={"gate"}) == "rows"
    assert identifier("true", "rows") == "rows"
