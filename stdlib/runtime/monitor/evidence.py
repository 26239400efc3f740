"""What a monitor judges by: the service's log, and the rows that were known before the service began.

One `Evidence` is kept for each monitor in a process, so that a look reads only what is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.data import snapshot
from mlopsc.stdlib.runtime.data.declared import DataStage, read_stage, unit_label
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.release.state import ReleaseLog, State, state_of
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.reading import Gap, ServiceLog
from mlopsc.stdlib.runtime.service.records import INPUT
from mlopsc.stdlib.runtime.statistics.units import Units
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import Log

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.model.model import LoadedModel

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Known:
    """The rows of a data stage that happened before the service began, by time.

    `times` is (rows,), seconds since 1970; without a `time` in the data, all are -inf. `unseen` (rows,) marks the
    rows that the first version had not been trained on when its gate judged it.
    """

    table: Table
    times: NDArray[np.float64]
    unseen: Mask

    @property
    def has_times(self) -> bool:
        """Whether the rows say when they happened."""
        return self.table.time is not None

    def between(self, since: float, until: float) -> Mask:
        """Which rows happened in [since, until)."""
        return (self.times >= since) & (self.times < until)


class Evidence:
    """All that a monitor of a release may look at. `refresh` says that a new look begins."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.service = ServiceLog(deployment)
        self._release = ReleaseLog(deployment.store, deployment.log)
        self._versions = Log(deployment.store, deployment.versions)
        self._models: dict[int, LoadedModel] = {}
        self._windows: dict[tuple[float, float], pd.DataFrame] = {}
        self._gaps: dict[tuple[float, float], list[Gap]] = {}
        self.memory: dict[Any, Any] = {}
        """What readings keep from one look to the next, by a key of their own."""
        self.records: tuple[Mapping[str, Any], ...] = ()

    def refresh(self) -> None:
        """Read what is new of the release, and forget what the last look was shown of the service."""
        self.records = self._release.records()
        self._windows.clear()
        self._gaps.clear()

    @property
    def state(self) -> State:
        """What is released now."""
        return state_of(self.records)

    @property
    def began(self) -> float | None:
        """When the service first had a model; None as long as it has none."""
        first = next((record for record in self.records if record["state"]["weights"]), None)
        return None if first is None else clock.parse_stamp(first["at"])

    @property
    def start(self) -> float:
        """When the service first had a model, in seconds since 1970; there must have been one."""
        began = self.began
        assert began is not None
        return began

    @cached_property
    def data(self) -> DataStage:
        """The data stage that the model is trained on."""
        return read_stage(self.deployment.data)

    def requests(self, since: float, until: float) -> pd.DataFrame:
        """The rows that clients asked about in [since, until), by time."""
        if (since, until) not in self._windows:
            frame = self.service.requests(since, until)
            self._windows[since, until] = frame[frame["role"] == "served"].reset_index(drop=True)
        return self._windows[since, until]

    def served(self, since: float, until: float) -> pd.DataFrame:
        """The same, each input once: a row that is sent again is no new evidence of what rows are like."""
        return self.requests(since, until).drop_duplicates("row", ignore_index=True)

    def labelled(self, since: float, until: float) -> pd.DataFrame:
        """The rows that were answered in [since, until) and whose truth is known, each input once."""
        frame = self.service.labelled(since, until)
        good = (frame["role"] == "served") & (frame["status"] == "ok") & frame["y"].notna()
        return frame[good].drop_duplicates("row", ignore_index=True)

    def gaps(self, since: float, until: float) -> list[Gap]:
        """The spans of [since, until) of which rows may be missing."""
        if (since, until) not in self._gaps:
            self._gaps[since, until] = self.service.gaps(since, until)
        return self._gaps[since, until]

    def version(self, number: int) -> Mapping[str, Any]:
        """The record of a version; raises OperationError when it is damaged or gone."""
        entries = self._versions.read()
        record = entries[number - 1].record if 0 < number <= len(entries) else None
        if record is None:
            fact = f"version {number} of `{self.deployment.model}` is not in the store `{self.deployment.store.url}`"
            raise OperationError(fact, "restore the store from a copy")
        return record

    def count_versions(self, train: str) -> int:
        """How many versions of a train stage there are."""
        return len(Log(self.deployment.store, f"versions/{train}").read())

    def model(self, number: int) -> LoadedModel:
        """The model of a version, loaded once."""
        if number not in self._models:
            self._models[number] = self._loaded(self.version(number)["model"])
        return self._models[number]

    def judged_model(self, number: int) -> LoadedModel:
        """The model of a version as its gate judged it, before it was fitted on all rows, where that was asked for."""
        record = self.version(number)
        judged = record.get("judged_model", record["model"])
        if judged == record["model"]:
            return self.model(number)
        key = "judged model", number
        if key not in self.memory:
            self.memory[key] = self._loaded(judged)
        found: LoadedModel = self.memory[key]
        return found

    @property
    def first_version(self) -> int:
        """The version that the service began with."""
        first = next(record for record in self.records if record["state"]["weights"])
        return max(int(version) for version in first["state"]["weights"])

    @property
    def champion(self) -> int:
        """The version that serves now, or did last."""
        return self.state.champion or self.first_version

    @cached_property
    def known(self) -> Known:
        """The rows of the first version's data that happened before the service began."""
        table = self.table_of(self.first_version)
        times = times_of(table)
        before = times < self.start
        table, times = table.take(before), times[before]
        return Known(table, times, unseen_by_judged(table))

    def _loaded(self, sha256: str) -> LoadedModel:
        # It imports scikit-learn, which takes longer than a look that asks no model.
        from mlopsc.stdlib.runtime.model.artefact import load_model

        return load_model(self.deployment.store.local_path(sha256))

    def table_of(self, number: int) -> Table:
        """The rows of the data that a version was trained and tested on."""
        store, data = self.deployment.store, self.version(number)["data"]
        frame = snapshot.read_rows(store.local_path(data["rows"]), self.data)
        marks = snapshot.read_splits(store.local_path(data["splits"]))
        return Table(self.data, frame, marks.parts, marks.hashes, Units(marks.units, unit_label(self.data.settings)))


def unseen_by_judged(table: Table) -> Mask:
    """The rows that a model had not been trained on when its gate judged it, (rows,); equal rows count as one."""
    trained_on = np.unique(table.hashes[np.isin(table.parts, ("train", "validation"))])
    return ~np.isin(table.hashes, trained_on)


def times_of(table: Table) -> NDArray[np.float64]:
    """When each row happened, (rows,), in seconds since 1970; -inf where the data has no time or the row none."""
    if table.time is None:
        return np.full(len(table), -np.inf)
    return seconds_of(table.frame[table.time])


def seconds_of(times: pd.Series) -> NDArray[np.float64]:
    """Times as seconds since 1970, (rows,); -inf for those that are missing."""
    index = pd.DatetimeIndex(times)
    whole = np.asarray(index.as_unit("us").asi8, dtype=np.float64) / 1e6
    return np.where(index.isna(), -np.inf, whole)


def input_name(column: str) -> str:
    """The name of an input column in the log of the service."""
    return f"{INPUT}{column}"
