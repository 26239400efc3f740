"""What stands on the right of a comparison: the champion, or the value of the target one lag ago."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Limit
from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.metrics import AnyMetric, Predictions
from mlopsc.stdlib.runtime.model.fitting import target_values
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.model.predictions import predict_rows
from mlopsc.stdlib.runtime.statistics.inputs import RowLosses, Statistic
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Requirement, Verdict
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.test.gate import Gate
from mlopsc.stdlib.runtime.test.recipes import Version, open_version, retrain
from mlopsc.stdlib.runtime.test.results import CHAMPION, RETRAINED
from mlopsc.stdlib.runtime.test.seen import count_seen


@dataclass(frozen=True, eq=False)
class Rival:
    """Predictions of something else for the rows in `rows`, a mask of the rows that are judged.

    `version` is the number of the champion; `is_same` says that its recipe gave the candidate itself.
    """

    predictions: Predictions
    rows: NDArray[np.bool_]
    label: str
    version: int | None = None
    is_same: bool = False


@dataclass(frozen=True)
class NoComparison:
    """There is nothing to compare with; `first` where that is because there has been no release yet."""

    reason: str
    first: bool = False


def meet_champion(gate: Gate, metric: AnyMetric, split: str) -> Rival | NoComparison:
    """What the champion says of the rows of a split; if it has seen any of them, what its recipe says, fitted anew."""
    rows, version = gate.rows_of(split), gate.champion
    if version is None:
        return NoComparison("first release: there is no champion to compare with", first=True)
    named, why = f"the champion (version {version.number})", "cannot be compared with"
    try:
        champion = open_version(gate.context.store, version)
        _require_same_target(champion, rows)
        if not (shared := count_seen(gate, champion.record, rows)):
            return Rival(predict_rows(champion.model, rows, [metric]), _all(rows), CHAMPION, version.number)
        why = f"has seen {shared:,} of these {len(rows):,} rows, and its recipe cannot be followed on this split"
        model = gate.retrained(split, lambda: retrain(gate, champion, split))
        is_same = model is gate.model_for(split)
        said = gate.predictions(split, metric) if is_same else predict_rows(model, rows, [metric])
        return Rival(said, _all(rows), RETRAINED, version.number, is_same)
    except OperationError as error:
        return NoComparison(f"{named} {why}: {error.message}")


def judge_same_model(evidence: RowLosses | Statistic, limit: Limit, requirement: Requirement) -> Judgement | None:
    """The verdict where the champion's recipe gave the candidate itself; None where only the rows can tell.

    Against the champion plus or minus something, the difference is 0, whatever the rows. A factor keeps its side
    where no value can be below 0.
    """
    value, upper = evidence.measure(), requirement.comparison == "<="
    at_ease = (limit.factor >= 1 and limit.offset >= 0) if upper else (limit.factor <= 1 and limit.offset <= 0)
    positive = isinstance(evidence, RowLosses) and evidence.scale != "complement" and bool((evidence.values >= 0).all())
    if not isfinite(value) or not (limit.factor == 1 or (positive and at_ease)):
        return None
    verdict = Verdict.PASS if at_ease else Verdict.FAIL
    reason = f"the {RETRAINED}, is this model: there is no difference"
    return Judgement(verdict, reason, value, rows=evidence.rows, units=evidence.units.count, level=requirement.level)


def _require_same_target(champion: Version, rows: Table) -> None:
    was = champion.model.signature.target
    if was != rows.target:
        raise StageFailure(f"it predicts `{was}`, not `{rows.target}`")


def _all(rows: Table) -> NDArray[np.bool_]:
    return np.ones(len(rows), dtype=np.bool_)


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
