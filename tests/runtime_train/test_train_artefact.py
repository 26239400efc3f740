"""The artefact: whole, the same in every process, and without anything that runs by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from runtime_train.bike import ESTIMATOR, FEATURES
from runtime_train.harness import Project
from runtime_train.toys import iris

from mlopsc.stdlib.runtime.data.tables import load_table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.faults import ModelError

ELSEWHERE = """
import sys
from pathlib import Path
import pandas as pd
from mlopsc.stdlib.runtime.model.artefact import load_model
model = load_model(Path(sys.argv[1]))
print(model.predict(pd.read_parquet(sys.argv[2])).tolist())
"""


LIGHT = """
import sys
import sklearn.utils
asked = sklearn.utils.all_estimators
import mlopsc.stdlib.runtime.model.persistence
assert sklearn.utils.all_estimators is asked
print("sklearn.ensemble" in sys.modules, "sklearn.semi_supervised" in sys.modules, "pytest" in sys.modules)
"""


def path_of(project: Project, output: str = "model") -> Path:
    return project.store.local_path(project.records["demand"].outputs[output])


def test_reading_a_model_does_not_import_all_of_scikit_learn() -> None:
    told = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["True", "False", "False"]


def test_a_model_needs_nothing_of_the_project(bike: Project, tmp_path: Path) -> None:
    bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    rows = load_table(bike.context("demand"), "rides").split("test").frame.head(5)
    rows.to_parquet(tmp_path / "rows.parquet")
    here = load_model(path_of(bike)).predict(rows)
    (bike.folder / "features.py").unlink()
    command = [sys.executable, "-c", ELSEWHERE, str(path_of(bike)), str(tmp_path / "rows.parquet")]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    told = subprocess.run(command, cwd="/", env=one_thread, capture_output=True, text=True, check=True).stdout
    np.testing.assert_array_equal(json.loads(told), here)


def test_the_same_fit_makes_the_same_bytes(bike: Project) -> None:
    first = bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR).outputs
    again = bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR).outputs
    assert first == again
    assert first["model"] != first["candidate"]


def test_the_signature_says_what_comes_in(trained_bike: Project) -> None:
    signature = load_model(path_of(trained_bike)).signature
    columns = {column.name: column for column in signature.inputs}
    assert list(columns) == ["at", "hr", "workingday", "weathersit", "temp", "hum"]
    assert (columns["hr"].low, columns["hr"].high) == (0, 23)
    assert set(columns["weathersit"].levels or ()) == {"clear", "cloudy/misty", "heavy rain/snow", "light rain/snow"}
    assert columns["weathersit"].optional
    assert (signature.target, signature.task, signature.classes) == ("bikers", "regression", None)


def test_rows_as_a_service_gets_them_are_typed_by_the_signature(trained_bike: Project) -> None:
    model = load_model(path_of(trained_bike))
    row = {"at": "2011-06-01T08:00", "hr": 8, "workingday": 1, "weathersit": "clear", "temp": 0.5, "hum": "0.4", "x": 1}
    typed = model.signature.conform(pd.DataFrame([row]))
    assert str(typed.dtypes["at"]) == "datetime64[us, UTC]"
    assert str(typed.dtypes["workingday"]) == "bool"
    unknown = model.predict(pd.DataFrame([{**row, "weathersit": "hail"}]))
    missing = model.predict(pd.DataFrame([{**row, "weathersit": None}]))
    assert unknown == missing


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"temp": None}, "column `temp` has missing values"),
        ({"temp": "warm"}, "column `temp` is no float"),
        ({"hr": None}, "column `hr` has missing values"),
        ({"at": "someday"}, "column `at` is no timestamp"),
    ],
)
def test_rows_that_do_not_fit_are_told(trained_bike: Project, change: dict[str, object], told: str) -> None:
    row = {"at": "2011-06-01T08:00", "hr": 8, "workingday": 1, "weathersit": "clear", "temp": 0.5, "hum": 0.4}
    with pytest.raises(ModelError, match=told):
        load_model(path_of(trained_bike)).predict(pd.DataFrame([{**row, **change}]))
    with pytest.raises(ModelError, match="the rows have no column `hum`"):
        load_model(path_of(trained_bike)).predict(pd.DataFrame([row]).drop(columns="hum"))


def test_classes_are_the_values_of_the_target(project: Project) -> None:
    iris(project)
    project.train("demand", "rows", estimator={"function": "sklearn", "name": "ensemble.RandomForestClassifier"})
    model = load_model(path_of(project))
    rows = load_table(project.context("demand"), "rows").split("test")
    assert model.classes == ("setosa", "versicolor", "virginica")
    assert set(model.predict(rows.frame)) <= set(model.classes)
    np.testing.assert_allclose(model.predict_proba(rows.frame).sum(axis=1), 1)


def changed(path: Path, name: str, content: bytes, to: Path) -> Path:
    """The same artefact in which one entry has other bytes."""
    with ZipFile(path) as old, ZipFile(to, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, content if entry == name else old.read(entry))
    return to


def test_a_type_that_no_model_may_hold_is_refused(trained_bike: Project, tmp_path: Path) -> None:
    with ZipFile(path_of(trained_bike)) as file:
        dumped = file.read("model.skops")
    with ZipFile(BytesIO(dumped)) as inner:
        entries = {name: inner.read(name) for name in inner.namelist()}
    schema = entries["schema.json"].replace(b'"ColumnEncoder"', b'"Popen"')
    schema = schema.replace(b'"mlopsc.stdlib.runtime.model.encoding"', b'"subprocess"')
    assert schema != entries["schema.json"]
    buffer = BytesIO()
    with ZipFile(buffer, "w") as inner:
        for name, content in {**entries, "schema.json": schema}.items():
            inner.writestr(name, content)
    planted = changed(path_of(trained_bike), "model.skops", buffer.getvalue(), tmp_path / "planted.zip")
    with pytest.raises(ModelError, match=r"the model holds `subprocess\.Popen`, which no model may hold"):
        load_model(planted)


def test_changed_code_inside_an_artefact_does_not_run(trained_bike: Project, tmp_path: Path) -> None:
    planted = changed(path_of(trained_bike), "code/features.py", b"raise SystemExit('ran')", tmp_path / "planted.zip")
    with pytest.raises(ModelError, match="which no model may hold"):
        load_model(planted)


def test_what_is_no_artefact_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(b"\x80\x04not a zip")
    with pytest.raises(ModelError, match=r"`model\.zip` is no model artefact"):
        load_model(path)
    with ZipFile(path, "w") as file:
        file.writestr("format.json", '{"format": 99}')
    with pytest.raises(ModelError, match="the model has format 99"):
        load_model(path)


def test_a_step_that_cannot_be_loaded_again_fails_in_training(bike: Project) -> None:
    bike.write(
        "features.py",
        "import threading\nfrom sklearn.base import BaseEstimator, TransformerMixin\n"
        "class Calendar(TransformerMixin, BaseEstimator):\n"
        "    def fit(self, rows, y=None):\n        self.lock_ = threading.Lock()\n        return self\n"
        "    def transform(self, rows):\n        return rows.drop(columns='at')\n",
    )
    with pytest.raises(StageFailure, match="the fitted model cannot be kept") as raised:
        bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    assert raised.value.setting == "estimator"
