"""scikit-learn's bundled sets as data stages of a `Project`."""

from __future__ import annotations

from typing import Any

import pandas as pd
from runtime_train.harness import Project, Stage, column
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

RANDOM = {"function": "random", "train": 0.6, "validation": 0.2, "test": 0.2}


def diabetes(project: Project, **settings: Any) -> None:
    """442 patients; the target is a number."""
    rows = load_diabetes(as_frame=True).frame
    columns = [column(name, "float") for name in rows.columns]
    _declare(project, rows, columns, settings)


def breast_cancer(project: Project, **settings: Any) -> None:
    """569 tumours; the target says whether one is benign."""
    rows = load_breast_cancer(as_frame=True).frame.rename(columns=lambda name: name.replace(" ", "_"))
    columns = [column(name, "float") for name in rows.columns if name != "target"]
    _declare(project, rows, [*columns, column("target", "bool")], settings)


def iris(project: Project, **settings: Any) -> None:
    """150 flowers of three species; a flower's number tells those of equal size apart."""
    bunch = load_iris(as_frame=True)
    rows = bunch.frame.assign(species=bunch.target_names[bunch.target], flower=range(150)).drop(columns="target")
    rows.columns = [name.split(" (")[0].replace(" ", "_") for name in rows.columns]
    columns = [column(name, "float") for name in rows.columns[:4]]
    columns += [column("species", "category"), column("flower", "int", role="id")]
    _declare(project, rows, columns, {"target": "species", "key": ["flower"], **settings})


def _declare(project: Project, rows: pd.DataFrame, columns: list[Stage], settings: Any) -> None:
    project.data("rows", rows, columns, **{"target": "target", "split": RANDOM, **settings})
