"""What `init` believes of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlopsc.compiler.scaffold import example
from mlopsc.compiler.scaffold.guesses import TableGuess
from mlopsc.compiler.scaffold.profile import CannotGuess, guess_table, read_table
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
    guess = guess_table(read_table(BIKE))
    assert guess.target == "bikers"
    assert guess.task == "regression"
    assert column(guess, "hr") == ("int", "0..23", "calendar")
    assert column(guess, "temp") == ("float", "0..1", "")
    assert column(guess, "weathersit") == ("category", "", "")
    assert column(guess, "workingday") == ("bool", "", "")


def test_two_columns_that_add_up_to_the_target_are_leaks() -> None:
    guess = guess_table(read_table(BIKE))
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


def test_a_target_that_is_not_there_names_the_columns() -> None:
    with pytest.raises(CannotGuess, match="`churned`") as caught:
        guess_table(people(), "churned")
    assert "churn" in caught.value.hint


def test_what_is_no_table_is_said(tmp_path: Path) -> None:
    binary = tmp_path / "rows.csv"
    binary.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(CannotGuess, match="cannot be read as a table"):
        read_table(binary)
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(CannotGuess, match="0 rows"):
        read_table(empty)


def test_the_baseline_is_the_best_constant_answer() -> None:
    rows = pd.DataFrame({"x": range(100), "y": [True] * 80 + [False] * 20})
    baseline = guess_table(rows.sample(frac=1, random_state=0)).baseline
    assert baseline.score == pytest.approx(0.8)
    assert baseline.limit == "84%"
    mae = guess_table(read_table(BIKE)).baseline
    bikers = pd.read_csv(BIKE)["bikers"]
    assert mae.score == pytest.approx((bikers - bikers.median()).abs().mean())


def test_the_example_is_declared_as_it_would_be_guessed(tmp_path: Path) -> None:
    path = tmp_path / "tumours.csv"
    path.write_text(example.rows(), encoding="utf-8")
    guess = guess_table(read_table(path))
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
