"""What MLflow calls to load a logged artefact: `mlflow.pyfunc.load_model(…)` then predicts as the model does."""

from __future__ import annotations

from pathlib import Path

from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.model import LoadedModel


def _load_pyfunc(data_path: str) -> LoadedModel:
    """The model of an artefact; the name is MLflow's."""
    return load_model(Path(data_path))
