"""What stands on the right of a comparison: the champion, or the value of the target one lag ago."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.versions import champion
from mlopsc.stdlib.runtime.metrics import AnyMetric, Predictions
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.fitting import target_values
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.model.predictions import predict_rows
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.test.gate import Gate


@dataclass(frozen=True, eq=False)
class Rival:
    """Predictions of something else for the rows in `rows`, a mask of the rows that are judged."""

    predictions: Predictions
    rows: NDArray[np.bool_]
    label: str


@dataclass(frozen=True)
class NoComparison:
    """There is nothing to compare with; `first` where that is because there has been no release yet."""

    reason: str
    first: bool = False


def meet_champion(gate: Gate, metric: AnyMetric, rows: Table) -> Rival | NoComparison:
    """What the newest version says of the rows, if it has seen none of them."""
    found = champion(gate.context.store, gate.train_name, gate.train.key)
    if found is None or found.record is None:
        return NoComparison("first release: there is no champion to compare with", first=True)
    version = f"the champion (version {found.number})"
    try:
        seen = np.frombuffer(gate.context.store.get_object(found.record["seen"]), dtype="<u8")
        shared = int(np.isin(rows.hashes, seen).sum())
        if shared:
            return NoComparison(
                f"{version} has seen {shared:,} of these {len(rows):,} rows, so a comparison would be unfair; "
                "retraining its recipe on this split is not possible yet"
            )
        model = load_model(gate.context.store.local_path(found.record["model"]))
        predictions = predict_rows(model, rows, [metric])
    except OperationError as error:
        return NoComparison(f"{version} cannot be compared with: {error.message}")
    return Rival(predictions, np.ones(len(rows), dtype=np.bool_), "champion")


def meet_naive(gate: Gate, model: LoadedModel, rows: Table, lag: Duration) -> Rival | NoComparison:
    """The target one lag ago, for the rows that have one, whichever split it is in; raises StageFailure."""
    known, asked = _places(gate.table), _places(rows)
    time = gate.table.time
    if time is None:
        raise StageFailure("`naive` needs the time of the rows", f"set `time` in `{gate.table.stage.name}`")
    if known.duplicated().any():
        others = [name for name in known.columns if name != time]
        raise StageFailure(
            f"several rows have the same {' and '.join(f'`{name}`' for name in (time, *others))}, so `naive` cannot "
            "tell which one to take",
            f"name the columns that tell rows of one time apart: `key = [{time}, …]` in `{gate.table.stage.name}`",
        )
    back = pd.DateOffset(months=lag.months) if lag.months else pd.Timedelta(seconds=lag.seconds)
    earlier = asked.assign(**{time: asked[time] - back})
    values = earlier.merge(known.assign(_value=gate.table.y.to_numpy()), how="left", on=[*known.columns])["_value"]
    present = values.notna().to_numpy()
    if not present.any():
        return NoComparison(f"none of these {len(rows):,} rows has a target {lag} before it")
    chosen = rows.take(present)
    y = target_values(chosen)
    said = values[present].to_numpy().astype(y.dtype)
    predictions = Predictions(y, said, chosen.units, chosen.weights, classes=model.classes or ())
    return Rival(predictions, present, f"naive({lag})")


def _places(table: Table) -> pd.DataFrame:
    """Where each row stands: its time, and the other columns of the key."""
    others = [name for name in table.settings.key if name != table.time]
    return table.frame[[*others, *([table.time] if table.time else [])]].reset_index(drop=True)
