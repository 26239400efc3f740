"""Estimators that go wrong on purpose: a rehearsal wraps a good model in one and merges it as a new version."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.model.artefact import load_model, save_model
from mlopsc.stdlib.runtime.model.steps import Steps
from mlopsc.stdlib.runtime.rehearsal.injections import Trouble

SLOW_SECONDS = 0.4
"""What a slow model takes longer for each call."""
ERROR_SHARE = 0.25
"""The share of rows for which a failing model raises."""
_WORSE = 1.6
"""What a bad model multiplies a number with; of classes, it names another one for so many rows less one."""


class FaultyEstimator:
    """Answers as `inner` does, but for `trouble`: wrong numbers, a pause, or an error."""

    def __init__(self, inner: Any, trouble: str) -> None:
        self.inner = inner
        self.trouble = trouble

    def predict(self, rows: Any) -> NDArray[Any]:
        """What `inner` predicts, after the trouble."""
        self._pause_or_raise(rows)
        answers = np.asarray(self.inner.predict(rows))
        if self.trouble != Trouble.BAD_MODEL:
            return answers
        return answers * _WORSE if answers.dtype.kind == "f" else _swapped(answers, np.asarray(self.inner.classes_))

    def __getattr__(self, name: str) -> Any:
        # Only what the inner estimator can do; `inner` itself is missing while this object is being read from a file.
        if name in ("predict_proba", "decision_function", "classes_") and "inner" in vars(self):
            found = getattr(self.inner, name)
            return found if name == "classes_" else self._asked(found)
        raise AttributeError(name)

    def _asked(self, method: Any) -> Any:
        def ask(rows: Any) -> NDArray[Any]:
            self._pause_or_raise(rows)
            answers = np.asarray(method(rows))
            return answers[..., ::-1] if self.trouble == Trouble.BAD_MODEL and answers.ndim > 1 else answers

        return ask

    def _pause_or_raise(self, rows: Any) -> None:
        if self.trouble == Trouble.SLOW_MODEL:
            time.sleep(SLOW_SECONDS)
        if self.trouble == Trouble.ERRORS and _drawn(rows):
            raise ValueError("a feature has a value that training never saw")


def make_faulty(artefact: Path, trouble: Trouble, target: Path) -> None:
    """Write the model of `artefact` to `target`, with the trouble in it."""
    model = load_model(artefact)
    steps = Steps(model.steps.features, model.steps.columns, FaultyEstimator(model.steps.estimator, trouble.value))
    save_model(replace(model, steps=steps), target)


def _swapped(answers: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    following = {one: classes[(place + 1) % len(classes)] for place, one in enumerate(classes)}
    return np.array([following[one] for one in answers])


def _drawn(rows: Any) -> bool:
    """Whether these rows are among the unlucky ones; the same rows always are."""
    texts = np.asarray(rows, dtype=object).astype(str)
    return any(crc32("|".join(row).encode()) % 100 < ERROR_SHARE * 100 for row in texts)


def evidence_of(record: Mapping[str, Any], artefact: str, trouble: Trouble) -> dict[str, Any]:
    """The record of a version whose model was made faulty: the good one's, with what was done to it."""
    return {**record, "model": artefact, "injected": trouble.value}
