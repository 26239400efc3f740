"""A fitted model: what training makes, the artefact keeps, and tests and service use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.model.code import Snapshot
from mlopsc.stdlib.runtime.model.faults import ModelError
from mlopsc.stdlib.runtime.model.signature import Signature
from mlopsc.stdlib.runtime.model.steps import Steps
from mlopsc.stdlib.runtime.store.faults import OperationError


@dataclass(frozen=True)
class LoadedModel:
    """Features, encoding and estimator in one, with what they take and the code and versions that they need."""

    steps: Steps
    signature: Signature
    code: Snapshot
    environment: Mapping[str, str]

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """The values of the target, in the order of probabilities; None for a number."""
        return self.signature.classes

    def predict(self, frame: pd.DataFrame) -> NDArray[Any]:
        """The predicted value of each row, (rows,), rows taken as `Signature.conform` says; raises ModelError."""
        return self._asked("predict", frame)

    def predict_proba(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """The probability of each class, (rows, classes); raises ModelError when the estimator gives none."""
        if not self.steps.can("predict_proba"):
            raise ModelError("the model gives no probabilities", "use an estimator that has `predict_proba`")
        return self._asked("predict_proba", frame)

    def scores(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities, else decision values: (rows, classes), or (rows,) of the second of two; raises ModelError."""
        if self.steps.can("predict_proba") or not self.steps.can("decision_function"):
            return self.predict_proba(frame)
        return self._asked("decision_function", frame)

    def answers(self, frame: pd.DataFrame) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
        """What `predict` gives, and `predict_proba` where the estimator has it; features are computed once."""
        if self.classes is None or not self.steps.can("predict_proba"):
            return self.predict(frame), None
        values, probabilities = self._ask_all(("predict", "predict_proba"), frame)
        return values, probabilities

    def _asked(self, method: str, frame: pd.DataFrame) -> NDArray[Any]:
        (answers,) = self._ask_all((method,), frame)
        return answers

    def _ask_all(self, methods: Sequence[str], frame: pd.DataFrame) -> list[NDArray[Any]]:
        rows = self.signature.conform(frame)
        try:
            answers = self.steps.ask(methods, rows)
        except OperationError:
            raise
        except Exception as error:
            raise _unpredicted(error, rows) from error
        for one in answers:
            if len(one) != len(frame):
                raise ModelError(f"the model gives {len(one):,} answers for {len(frame):,} rows")
        return answers


def _unpredicted(error: Exception, rows: pd.DataFrame) -> ModelError:
    """Why the estimator gives no answers: scikit-learn says `NaN` of missing values, but not where they are."""
    told = (str(error).strip().splitlines() or [""])[0]
    gaps = ", ".join(f"`{name}`" for name in rows.columns[rows.isna().any()])
    if gaps and "NaN" in told:
        hint = "fill them in a `features` step, or train an estimator that takes them"
        return ModelError(f"the model takes no missing values, and there are some in {gaps}", hint)
    fact = f"the model cannot predict these rows: {type(error).__name__}: {told}"
    return ModelError(fact, "compare them with its training")
