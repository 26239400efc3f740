"""A worker process: it loads one model and answers batches of rows until the router closes the connection.

What it is sent and what it answers is said in `lane`; it reads no store and knows no secret.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.serve.frames import Columns, frame_of
from mlopsc.stdlib.runtime.serve.messages import packed, receive_blocking
from mlopsc.stdlib.runtime.store.faults import OperationError

_NICE = 10
_MOST_TRACEBACKS = 50


def main(descriptor: str, artefact: str, lane: str) -> None:
    """Serve the model over the socket with that descriptor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if lane == "shadow":
        os.nice(_NICE)
    sys.stdout = sys.stderr  # what a model prints is no output of the service
    with socket.socket(fileno=int(descriptor)) as connection:
        try:
            model = load_model(Path(artefact))
        except Exception as error:
            connection.sendall(packed({"failed": _fact(error)}))
            return
        connection.sendall(packed({"ready": _introduction(model), "rss": resident_bytes()}))
        answerer = Answerer(model)
        while True:
            try:
                asked = receive_blocking(connection)
            except (EOFError, ConnectionError):
                return
            connection.sendall(packed({"answers": answerer.answer(asked), "rss": resident_bytes()}))


class Answerer:
    """Answers batches of calls with one model; a call that fails does not fail the others."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._told: set[str] = set()

    def answer(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """An answer for each call: `values` and `scores` by row, or `error`; `seconds` is what the model took."""
        columns, sizes = asked["columns"], asked["sizes"]
        begun = time.perf_counter()
        try:
            values, scores = self._predict(columns)
        except Exception as error:
            if len(sizes) == 1:
                return [{"error": self._tell(error), "seconds": time.perf_counter() - begun}]
            return [self.answer({"columns": part, "sizes": [size]})[0] for part, size in _parts(columns, sizes)]
        seconds = time.perf_counter() - begun
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
        slices = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
        return [{"values": values[one], "scores": scores and scores[one], "seconds": seconds} for one in slices]

    def _predict(self, columns: Columns) -> tuple[list[Any], list[list[float]] | None]:
        values, scores = self._model.answers(frame_of(columns, self._model.signature))
        told = values.tolist()
        if self._model.classes is None:
            told = [float(value) for value in told]
            if not all(map(math.isfinite, told)):
                raise OperationError("the model's prediction is no finite number")
        return told, None if scores is None else scores.tolist()

    def _tell(self, error: Exception) -> str:
        """What is said of an error; the first of its kind is shown in full where the service logs."""
        fact = _fact(error)
        if fact not in self._told and len(self._told) < _MOST_TRACEBACKS:
            self._told.add(fact)
            traceback.print_exception(error)
        return fact


def resident_bytes() -> int:
    """The memory that this process holds, in bytes; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _introduction(model: LoadedModel) -> dict[str, Any]:
    signature = model.signature
    return {
        "inputs": [column.name for column in signature.inputs],
        "task": signature.task,
        "classes": None if model.classes is None else list(model.classes),
    }


def _parts(columns: Columns, sizes: Sequence[int]) -> list[tuple[Columns, int]]:
    found: list[tuple[Columns, int]] = []
    start = 0
    for size in sizes:
        found.append(({name: values[start : start + size] for name, values in columns.items()}, size))
        start += size
    return found


def _fact(error: Exception) -> str:
    if isinstance(error, OperationError):
        return error.message
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
