"""Splits: disjoint, complete, the same for the same rows, whatever their order."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_stages import Project, column
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.data import Data
from mlopsc.stdlib.runtime.data.declared import DataStage
from mlopsc.stdlib.runtime.data.rowhash import row_hashes, uniform
from mlopsc.stdlib.runtime.data.schema import read_types
from mlopsc.stdlib.runtime.data.selection import identities
from mlopsc.stdlib.runtime.data.splits import split_rows
from mlopsc.stdlib.runtime.engine.outcome import StageFailure

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
COLUMNS = [
    column("id", "int"),
    column("at", "timestamp"),
    column("kind", "category"),
    column("group", "int", role="group"),
]
KINDS: list[dict[str, Any]] = [
    {"function": "random"},
    {"function": "stratified", "by": "kind"},
    {"function": "by_group"},
    {"function": "by_time"},
    {"function": "by_time", "gap": "1h"},
    {"function": "by_time", "gap": "1mo"},
]


def stage(split: dict[str, Any], **more: Any) -> DataStage:
    columns = tuple(Column.model_validate(one) for one in COLUMNS)
    return DataStage("rows", Data.model_validate({"time": "at", "split": {**SHARES, **split}, **more}), columns, ())


def split(frame: pd.DataFrame, split: dict[str, Any], **more: Any) -> pd.Series:
    """The split of each row, by the row's id; empty splits are allowed for here."""
    declared = stage(split, **more)
    rows = read_types(declared, frame.reset_index(drop=True)).rows
    parts = split_rows(declared, rows, identities(declared, rows))
    return pd.Series(parts, index=frame["id"].to_numpy())


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    count = draw(st.integers(60, 120))
    seed = np.random.default_rng(draw(st.integers(0, 2**32)))
    hours = pd.to_timedelta(seed.integers(0, draw(st.sampled_from([200, 5_000, 20_000])), count), unit="h")
    return pd.DataFrame(
        {
            "id": seed.permutation(count * 5)[:count],
            "at": pd.Timestamp("2025-01-01") + hours,
            "kind": seed.choice(["a", "b", "c"], count, p=[0.8, 0.15, 0.05]),
            "group": seed.integers(0, 40, count),
        }
    )


def splittable(frame: pd.DataFrame, rule: dict[str, Any]) -> pd.Series:
    """The split, unless one of its parts would be empty."""
    try:
        return split(frame, rule)
    except StageFailure:
        reject()


@pytest.mark.parametrize("rule", KINDS, ids=[" ".join(map(str, kind.values())) for kind in KINDS])
@settings(max_examples=25, deadline=None)
@given(frame=frames(), seed=st.integers(0, 2**32))
def test_the_order_of_rows_decides_nothing(rule: dict[str, Any], frame: pd.DataFrame, seed: int) -> None:
    parts = splittable(frame, rule)
    assert set(parts) <= {"train", "validation", "test", "gap"}
    shuffled = split(frame.sample(frac=1, random_state=seed % 2**32), rule)
    pd.testing.assert_series_equal(parts.sort_index(), shuffled.sort_index())


@settings(max_examples=25, deadline=None)
@given(frame=frames(), others=frames())
def test_a_row_never_changes_sides_when_others_come(frame: pd.DataFrame, others: pd.DataFrame) -> None:
    others = others.assign(id=others["id"] + 10_000)
    for rule in ({"function": "random"}, {"function": "by_group"}, {"function": "random", "seed": 3}):
        before, after = splittable(frame, rule), splittable(pd.concat([frame, others]), rule)
        assert after[before.index].equals(before)


@settings(max_examples=25, deadline=None)
@given(frame=frames())
def test_groups_stay_whole_and_so_do_equal_rows(frame: pd.DataFrame) -> None:
    parts = splittable(frame, {"function": "by_group"})
    assert parts.groupby(frame["group"].to_numpy()).nunique().max() == 1
    doubled = pd.concat([frame, frame])
    for rule in ({"function": "random"}, {"function": "stratified", "by": "kind"}, {"function": "by_time"}):
        assert splittable(doubled, rule).groupby(level=0).nunique().max() == 1


@settings(max_examples=50, deadline=None)
@given(frame=frames(), gap=st.sampled_from(["1h", "12h", "240h"]))
def test_time_only_moves_forward_and_the_gap_keeps_its_distance(frame: pd.DataFrame, gap: str) -> None:
    parts = splittable(frame, {"function": "by_time", "gap": gap})
    times = frame["at"].groupby(parts.to_numpy()).agg(["min", "max"])
    assert times.loc["validation", "min"] - times.loc["train", "max"] > pd.Timedelta(gap)
    assert times.loc["test", "min"] - times.loc["validation", "max"] > pd.Timedelta(gap)
    without = split(frame, {"function": "by_time"})
    assert (parts[parts != "gap"] == without[parts != "gap"]).all()  # a gap only takes away


@settings(max_examples=50, deadline=None)
@given(frame=frames())
def test_each_stratum_has_its_shares_to_within_a_row(frame: pd.DataFrame) -> None:
    parts = splittable(frame, {"function": "stratified", "by": "kind"})
    counts = pd.crosstab(frame["kind"].to_numpy(), parts.to_numpy())
    for name, share in SHARES.items():
        assert ((counts[name] - counts.sum(axis=1) * share).abs() < 1 + 1e-9).all()


def test_cuts_fall_between_distinct_times() -> None:
    frame = pd.DataFrame({"id": range(100), "at": pd.Timestamp("2025-01-01"), "kind": "a", "group": 1})
    frame.loc[frame["id"] >= 50, "at"] = pd.Timestamp("2025-01-02")
    frame.loc[frame["id"] >= 95, "at"] = pd.Timestamp("2025-01-03")
    parts = split(frame, {"function": "by_time", "train": 0.6, "validation": 0.0, "test": 0.4})
    assert (parts[:50] == "train").all()
    assert (parts[50:] == "test").all()


def test_a_gap_of_a_day_leaves_out_the_day_before_the_cut() -> None:
    hours = pd.date_range("2025-01-01", periods=1000, freq="h")
    frame = pd.DataFrame({"id": range(1000), "at": hours, "kind": "a", "group": 1})
    parts = split(frame, {"function": "by_time", "gap": "1d"}).to_numpy()
    assert (parts == "gap").nonzero()[0].tolist() == [*range(576, 600), *range(776, 800)]


def test_shares_are_met_on_average() -> None:
    frame = pd.DataFrame({"id": range(20_000), "at": pd.Timestamp("2025-01-01"), "kind": "a", "group": range(20_000)})
    for rule in ({"function": "random"}, {"function": "by_group"}, {"function": "random", "seed": 1}):
        shares = split(frame, rule).value_counts(normalize=True)
        for name, share in SHARES.items():
            assert abs(shares[name] - share) < 4 * (share * (1 - share) / 20_000) ** 0.5


def test_small_strata_have_a_fair_chance_of_each_split() -> None:
    frame = pd.DataFrame({"id": range(4000), "at": pd.Timestamp("2025-01-01"), "kind": range(4000), "group": 1})
    shares = split(frame, {"function": "stratified", "by": "kind"}).value_counts(normalize=True)
    assert abs(shares["train"] - 0.6) < 0.04
    assert abs(shares["test"] - 0.2) < 0.03


def test_seeds_and_purposes_are_unrelated() -> None:
    frame = pd.DataFrame({"id": range(20_000), "at": pd.Timestamp("2025-01-01"), "kind": "a", "group": 1})
    declared = stage({"function": "random"})
    hashes = identities(declared, read_types(declared, frame).rows)
    draws = [uniform(hashes, purpose, seed) for purpose, seed in (("split", 0), ("split", 1), ("sample", 0))]
    assert np.abs(np.corrcoef(draws) - np.eye(3)).max() < 0.03


def test_with_a_key_other_columns_may_change() -> None:
    frame = pd.DataFrame({"id": range(500), "at": pd.Timestamp("2025-01-01"), "kind": "a", "group": 1})
    changed = frame.assign(kind="b", at=pd.Timestamp("2026-01-01"))
    assert split(frame, {"function": "random"}, key=["id"]).equals(split(changed, {"function": "random"}, key=["id"]))
    assert not split(frame, {"function": "random"}).equals(split(changed, {"function": "random"}))


def test_hashes_do_not_depend_on_the_machine_or_the_version() -> None:
    frame = pd.DataFrame({"id": [1, 2], "at": ["2025-01-01", "2025-06-01 12:00"], "kind": ["a", "ü"], "group": [0, -1]})
    declared = stage({"function": "random"})
    rows = read_types(declared, frame).rows
    names = rows.table.column_names
    assert row_hashes(rows.table, names).tolist() == [8718087000790428906, 13723776221975236928]
    assert (row_hashes(rows.table, names) == row_hashes(rows.table, names[::-1])).all()


def test_equal_numbers_have_equal_hashes_and_missing_is_no_value() -> None:
    declared = DataStage(
        "rows", Data.model_validate({}), (Column.model_validate(column("x", "float", missing=1.0)),), ()
    )
    rows = read_types(declared, pd.DataFrame({"x": [0.0, -0.0, np.nan, None, 1.0]})).rows
    hashes = row_hashes(rows.table, ["x"])
    assert hashes[0] == hashes[1]
    assert hashes[2] == hashes[3]
    assert len(set(hashes.tolist())) == 3


WINE = files("sklearn") / "datasets" / "data" / "wine_data.csv"


def test_real_rows_in_strata(project: Project) -> None:
    names = [f"x{i}" for i in range(13)] + ["cultivar"]
    wine = pd.read_csv(str(WINE), skiprows=1, names=names)
    project.write("rows.csv", wine.to_csv(index=False))
    columns = [*(column(name, "float") for name in names[:-1]), column("cultivar", "category")]
    table = project.table(columns, target="cultivar", split={"function": "stratified", **SHARES})
    whole = table.frame["cultivar"].value_counts(normalize=True)
    for name in SHARES:
        part = table.split(name).frame["cultivar"].value_counts(normalize=True)
        assert (part - whole).abs().max() < 0.03
    assert sum(len(table.split(name)) for name in SHARES) == len(wine) == 178


ROWS = "id,at,kind,group\n" + "".join(f"{i},2025-01-0{1 + i // 4},a,{i % 2}\n" for i in range(12))

EMPTY: list[tuple[dict[str, Any], str, str]] = [
    ({"function": "random", "train": 0.999, "validation": 0.0005, "test": 0.0005}, "`validation`", "larger share"),
    ({"function": "by_group"}, "of `rows` has none of its 12 rows", "groups stay whole"),
    ({"function": "by_time", "gap": "2d"}, "`train` of `rows` has none of its 12 rows", "a shorter `gap`"),
    ({"function": "by_time", "validation": 0.1, "train": 0.7}, "none of its 12 rows", "more distinct times"),
]


@pytest.mark.parametrize(("rule", "fact", "hint"), EMPTY)
def test_a_split_without_rows_is_a_failure(project: Project, rule: dict[str, Any], fact: str, hint: str) -> None:
    project.write("rows.csv", ROWS)
    failure = project.failure(COLUMNS, time="at", split={**SHARES, **rule})
    assert fact in failure.message
    assert hint in failure.hint
    assert failure.setting == "split"


def test_what_a_split_needs(project: Project) -> None:
    project.write("rows.csv", ROWS)
    columns = [column("id", "int"), column("at", "timestamp", missing=0.5)]
    for rule, fact in (
        ({"function": "by_time"}, "`by_time` needs the time of the rows"),
        ({"function": "by_group"}, "`by_group` has no column to go by"),
        ({"function": "stratified"}, "`stratified` has no column to go by"),
        ({"function": "random", "train": 0.7}, "the shares of `split` add up to 1.1, not 1"),
    ):
        assert project.failure(columns, split={**SHARES, **rule}).message == fact
    project.write("rows.csv", "id,at\n1,2025-01-01\n2,\n3,2025-01-02\n")
    failure = project.failure(columns, time="at", unit={"function": "row"}, split={**SHARES, "function": "by_time"})
    assert failure.message == "1 of 3 rows have no `at`, so they have no place in time"
