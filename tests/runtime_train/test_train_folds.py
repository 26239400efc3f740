"""Folds inside the training rows."""

from __future__ import annotations

import numpy as np
import pytest
from runtime_train.bike import DATA, bike_project
from runtime_train.harness import Project
from runtime_train.toys import iris

from mlopsc.stdlib.runtime.data.tables import Table, load_table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.train.folds import make_folds


def training_rows(project: Project, data: str) -> Table:
    project.stages["m"] = {"name": "m", "kind": "train", "settings": {"data": data}, "inputs": [data]}
    return load_table(project.context("m"), data).split("train")


def test_folds_in_time_fit_on_the_past_leave_the_gap_and_cut_between_weeks(bike: Project) -> None:
    table = training_rows(bike, "rides")
    time = table.frame["at"].to_numpy()
    for fold in make_folds(table, 5):
        assert time[fold.fit].max() < time[fold.compare].min() - np.timedelta64(1, "D")
        assert not set(table.units.ids[fold.fit]) & set(table.units.ids[fold.compare])


def test_rows_of_one_time_are_never_on_both_sides(tmp_path: object) -> None:
    project = bike_project(tmp_path, unit={"function": "row"})  # type: ignore[arg-type]
    table = training_rows(project, "rides")
    for fold in make_folds(table, 3):
        assert fold.compare.sum() == pytest.approx(len(table) / 4, rel=0.01)


def test_units_that_are_a_column_stay_on_one_side_of_a_cut_in_time(tmp_path: object) -> None:
    project = bike_project(tmp_path, unit="hr")  # type: ignore[arg-type]
    table = training_rows(project, "rides")
    with pytest.raises(StageFailure, match="with 3 folds, one has no rows"):
        make_folds(table, 3)


def test_groups_stay_together(tmp_path: object) -> None:
    split = {"function": "by_group", "column": "hr", "train": 0.6, "validation": 0.2, "test": 0.2}
    table = training_rows(bike_project(tmp_path, split=split), "rides")  # type: ignore[arg-type]
    for fold in make_folds(table, 3):
        assert not set(table.frame["hr"][fold.fit]) & set(table.frame["hr"][fold.compare])


def test_every_row_is_compared_on_once_and_classes_keep_their_shares(project: Project) -> None:
    iris(project)
    table = training_rows(project, "rows")
    folds = make_folds(table, 4)
    assert (sum(fold.compare.astype(int) for fold in folds) == 1).all()
    for fold in folds:
        shares = table.frame["species"][fold.compare].value_counts(normalize=True)
        whole = table.frame["species"].value_counts(normalize=True)
        assert (shares - whole[shares.index]).abs().max() < 0.1
    again = make_folds(table, 4)
    assert all((one.compare == other.compare).all() for one, other in zip(folds, again, strict=True))


def test_more_folds_than_the_rows_can_make_are_told(project: Project) -> None:
    iris(project)
    with pytest.raises(StageFailure, match="the training rows cannot make 50 folds") as raised:
        make_folds(training_rows(project, "rows"), 50)
    assert raised.value.setting == "folds"


def test_the_example_has_a_gap(bike: Project) -> None:
    assert bike.stages["rides"]["settings"]["split"] == DATA["split"]
