"""The recipe of a version, from its record and artefact, followed once more on the rows of this split."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.usercode import failure_of
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.fitting import Recipe, fit
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.store.faults import OperationError, StoreError
from mlopsc.stdlib.runtime.store.log import Entry
from mlopsc.stdlib.runtime.store.protocol import Store
from mlopsc.stdlib.runtime.test.gate import Gate
from mlopsc.stdlib.runtime.train.declared import read_settings
from mlopsc.stdlib.train import Train

_NOT_OF_THE_FIT = frozenset({"data", "search", "folds", "track", "refit"})
"""Settings of a train stage that decide nothing once parameters are chosen and rows are given."""
_SHOWN = 3


@dataclass(frozen=True)
class Version:
    """A version to compare with: its number, its record and its model as it was fitted then."""

    number: int
    record: Mapping[str, Any]
    model: LoadedModel

    @property
    def settings(self) -> Train:
        """What its train stage declared; raises StageFailure where its record does not say."""
        if not self.record.get("train"):
            raise StageFailure("its record does not say how it was trained", "it was made by an older mlopsc")
        return read_settings(self.record["train"])


def open_version(store: Store, entry: Entry) -> Version:
    """A version that was registered, with its model; raises OperationError when it cannot be loaded."""
    if entry.record is None:
        raise StoreError(f"its record in `{store.url}` is damaged", "restore the store from a copy")
    return Version(entry.number, entry.record, load_model(store.local_path(entry.record["model"])))


def retrain(gate: Gate, version: Version, split: str) -> LoadedModel:
    """The version's recipe fitted on the rows that the candidate was fitted on to be judged on `split`.

    Where both recipes are the same, it is the candidate itself. Raises OperationError when the recipe cannot be
    followed here: other dependencies, a column that is gone, code that fails.
    """
    _require_same_ground(gate, version)
    settings, candidate = version.settings, gate.model_for(split)
    if _is_same(gate, version, settings, candidate):
        return candidate
    rows = _its_columns(gate.rows_of(*_fitted_on(gate, settings, split)), version.model)
    code = replace(version.model.code, root=gate.context.project)
    recipe = Recipe(settings, version.record["parameters"], int(version.record["seed"]), code)
    try:
        return fit(recipe, rows)
    except OperationError:
        raise
    except (Exception, SystemExit) as error:
        raise failure_of(error, gate.context.project, "its code") from error


def _fitted_on(gate: Gate, settings: Train, split: str) -> tuple[str, ...]:
    """The splits to fit on: the validation rows too, unless they are judged on or the recipe leaves them out."""
    wanted = ("train", "validation") if split == "test" and settings.refit != "never" else ("train",)
    return tuple(name for name in wanted if name in gate.table.splits)


def _is_same(gate: Gate, version: Version, settings: Train, candidate: LoadedModel) -> bool:
    """Whether the recipe would make the candidate. A seed follows from the rows, so it is none of the recipe."""
    fitted_on = [_fitted_on(gate, one, "test") for one in (settings, gate.train_settings)]
    return (
        _decisive(settings) == _decisive(gate.train_settings)
        and fitted_on[0] == fitted_on[1]
        and version.record["parameters"] == gate.train.facts["parameters"]
        and dict(version.model.code.files) == dict(candidate.code.files)
        and _typed(version.model) == _typed(candidate)
    )


def _decisive(settings: Train) -> dict[str, Any]:
    return {name: value for name, value in vars(settings).items() if name not in _NOT_OF_THE_FIT}


def _typed(model: LoadedModel) -> dict[str, str]:
    return {column.name: column.type for column in model.signature.inputs}


def _require_same_ground(gate: Gate, version: Version) -> None:
    """That the same packages are installed by the same Python as when the version was trained."""
    locked, now = version.record.get("lock"), gate.train.parts.get("dependencies")
    if locked != now:
        names = " and ".join(f"`{name}`" for name in {**(locked or {}), **(now or {})})
        fact = f"it was trained with other dependencies ({names}{_difference(gate, version)})"
        raise StageFailure(fact, "train it anew with the dependencies of today")
    found = str(version.record["environment"]["python"])
    if found.split(".")[:2] != platform.python_version().split(".")[:2]:
        raise StageFailure(f"it was trained by Python {found}, and this is {platform.python_version()}")


def _difference(gate: Gate, version: Version) -> str:
    """The first lines of its lock that the one of today has not."""
    texts = [version.record.get("lock_text"), gate.lock_text]
    if not all(texts):
        return ""
    then, now = (gate.context.store.get_object(str(text)).decode("utf-8", "replace").splitlines() for text in texts)
    lines = [line.strip() for line in then if line not in set(now)]
    more = ", …" if len(lines) > _SHOWN else ""
    return f", then {', '.join(f'`{line}`' for line in lines[:_SHOWN])}{more}" if lines else ""


def _its_columns(rows: Table, model: LoadedModel) -> Table:
    """The rows as the recipe knows them: without columns that came later; raises StageFailure where one is gone."""
    declared = {column.name: str(column.type["function"]) for column in rows.columns}
    for column in model.signature.inputs:
        if column.name not in rows.inputs:
            raise StageFailure(f"it learns from the column `{column.name}`, which is no feature any more")
        if declared[column.name] != column.type:
            kinds = f"was a `{column.type}` and is a `{declared[column.name]}` now"
            raise StageFailure(f"it learns from the column `{column.name}`, which {kinds}")
    added = set(rows.inputs) - {column.name for column in model.signature.inputs}
    kept = tuple(column for column in rows.stage.columns if column.name not in added)
    return replace(rows, stage=replace(rows.stage, columns=kept))
