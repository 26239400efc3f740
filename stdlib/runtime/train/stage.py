"""The train stage, step by step: candidates side by side, then the two models side by side, then the record."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean
from typing import Any

import mlopsc.stdlib.runtime.model.persistence  # noqa: F401 (slow to import: once, before workers are forked)
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import Message, StageFailure
from mlopsc.stdlib.runtime.engine.tasks import Fanout, StageResult, Task
from mlopsc.stdlib.runtime.metrics import measure
from mlopsc.stdlib.runtime.model.artefact import load_model, save_model
from mlopsc.stdlib.runtime.model.fitting import fit, inputs_of, task_of
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.model.parity import check_parity
from mlopsc.stdlib.runtime.model.predictions import predict_rows
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.train.candidates import Parameters, describe, list_candidates
from mlopsc.stdlib.runtime.train.declared import TrainStage, open_stage
from mlopsc.stdlib.runtime.train.folds import make_folds

_HERE = "mlopsc.stdlib.runtime.train.stage"
_NO_NEWS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


@dataclass(frozen=True)
class Trial:
    """One candidate on one fold (or on the validation split): its score, or why it has none."""

    score: float | None
    seconds: float
    failure: str = ""
    hint: str = ""
    details: str = ""
    setting: str = ""


@dataclass(frozen=True)
class Kept:
    """A model that was fitted and put into the store, and what is to be told of it."""

    sha256: str
    rows: int
    seconds: float
    columns: tuple[str, ...]
    scores: Mapping[str, float]
    compared: int
    warned: tuple[str, ...]


def run_stage(context: StageContext) -> StageResult | Fanout:
    """Compare candidates if there are several, or folds; else fit the only one. Raises StageFailure."""
    stage = open_stage(context)
    inputs_of(stage.table, stage.settings)
    candidates = list_candidates(stage.settings.search)
    if len(candidates) == 1 and stage.settings.folds is None:
        return _fit_models(stage, candidates, 0, [])
    _require_comparable(stage)
    tasks = tuple(
        Task(f"{_HERE}:try_candidate", {"parameters": parameters, "fold": fold}, _label(parameters, fold))
        for parameters in candidates
        for fold in _folds(stage)
    )
    return Fanout(tasks, Task(f"{_HERE}:choose", {"candidates": candidates}, "choose a candidate"))


def try_candidate(context: StageContext, parameters: Parameters, fold: int | None) -> Trial:
    """Fit one candidate and score it on rows that it was not fitted on; that it fails is a result, not an error."""
    stage = open_stage(context)
    begun = time.perf_counter()
    try:
        fitted_on, compared_on = _rows_of(stage, fold)
        model = fit(stage.recipe(parameters), fitted_on)
        score = _score(stage, model, compared_on)
    except OperationError as error:
        more = (error.details, error.setting) if isinstance(error, StageFailure) else ()
        return Trial(None, time.perf_counter() - begun, error.message, error.hint, *more)
    if not isfinite(score):
        fact = f"`{stage.objective.metric.word}` is not defined for what it predicts"
        return Trial(None, time.perf_counter() - begun, fact)
    return Trial(score, time.perf_counter() - begun)


def choose(context: StageContext, results: Sequence[Trial], candidates: Sequence[Parameters]) -> Fanout:
    """Take the best candidate, the first of those that are equally good; raises StageFailure when all failed."""
    stage = open_stage(context)
    count = len(results) // len(candidates)
    trials = [list(results[place * count : (place + 1) * count]) for place in range(len(candidates))]
    best: int | None = None
    for place, mean in enumerate(map(_mean_score, trials)):
        leading = None if best is None else _mean_score(trials[best])
        if mean is not None and (leading is None or stage.objective.is_better(mean, leading)):
            best = place
    if best is None:
        raise _all_failed(candidates, trials)
    return _fit_models(stage, candidates, best, trials)


def fit_and_keep(context: StageContext, parameters: Parameters, splits: Sequence[str], prove: bool) -> Kept:
    """Fit the chosen candidate on some splits and put it into the store; if asked, prove that it predicts alike."""
    stage = open_stage(context)
    rows = stage.table.split(*splits)
    begun = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        model = fit(stage.recipe(parameters), rows)
    seconds = time.perf_counter() - begun
    path = context.scratch / "model.zip"
    save_model(model, path)
    shown = stage.table.split("validation") if stage.has_validation else rows
    return Kept(
        sha256=context.store.put_object(path),
        rows=len(rows),
        seconds=seconds,
        columns=tuple(model.steps.columns.get_feature_names_out()),
        scores=_scores(stage, model, splits),
        compared=check_parity(model, load_model(path), shown.frame) if prove else 0,
        warned=_news(caught),
    )


def conclude(
    context: StageContext,
    results: Sequence[Kept],
    candidates: Sequence[Parameters],
    chosen: int,
    trials: Sequence[Sequence[Trial]],
) -> StageResult:
    """The record of the stage."""
    stage = open_stage(context)
    candidate, model = results[0], results[-1]
    kept = {"candidate": candidate, "model": model}
    return StageResult(
        outputs={name: context.store.local_path(one.sha256) for name, one in kept.items()},
        facts={
            **_facts_of_task(stage),
            "candidates": [_told(*one) for one in zip(candidates, trials, strict=False)],
            "chosen": chosen,
            "searched": list(candidates[chosen]),
            "parameters": candidates[chosen],
            "scores": dict(candidate.scores),
            "fitted_on": list(stage.released_on),
            "rows": {name: one.rows for name, one in kept.items()},
            "columns": list(model.columns),
            "parity_rows": model.compared,
        },
        notes={
            "seconds": {name: one.seconds for name, one in kept.items()},
            "candidate_seconds": [round(sum(one.seconds for one in tried), 3) for tried in trials],
        },
        messages=(*_messages(stage, model), *_failed_candidates(candidates, trials)),
    )


def _fit_models(
    stage: TrainStage, candidates: Sequence[Parameters], chosen: int, trials: Sequence[Sequence[Trial]]
) -> Fanout:
    """Ask for the candidate, which judgements on validation are about, and the model, if it has more rows to learn."""
    wanted = [("train",)] if stage.released_on == ("train",) else [("train",), stage.released_on]
    tasks = tuple(
        Task(
            f"{_HERE}:fit_and_keep",
            {"parameters": candidates[chosen], "splits": splits, "prove": splits == stage.released_on},
            f"fit on {' and '.join(splits)}",
        )
        for splits in wanted
    )
    then = {"candidates": list(candidates), "chosen": chosen, "trials": list(trials)}
    return Fanout(tasks, Task(f"{_HERE}:conclude", then, stage.context.name))


def _folds(stage: TrainStage) -> Iterable[int | None]:
    return range(stage.settings.folds) if stage.settings.folds else (None,)


def _rows_of(stage: TrainStage, fold: int | None) -> tuple[Table, Table]:
    """Rows to fit a candidate on, and rows to compare it on."""
    train = stage.table.split("train")
    if fold is None:
        return train, stage.table.split("validation")
    masks = make_folds(train, stage.settings.folds or 0)[fold]
    return train.take(masks.fit), train.take(masks.compare)


def _require_comparable(stage: TrainStage) -> None:
    """That candidates have rows to be compared on."""
    if stage.settings.folds:
        make_folds(stage.table.split("train"), stage.settings.folds)
    elif not stage.has_validation:
        raise StageFailure(
            f"`{stage.settings.data}` has no validation split to compare candidates on",
            "give its `split` a share for `validation`, or set `folds = 5` here",
            setting="search",
        )


def _score(stage: TrainStage, model: LoadedModel, rows: Table) -> float:
    metric = stage.objective.metric
    return measure(metric, predict_rows(model, rows, [metric]))


def _scores(stage: TrainStage, model: LoadedModel, splits: Sequence[str]) -> dict[str, float]:
    """The objective on the rows that the model has seen and, if it has not seen them, on the validation rows."""
    names = [name for name in stage.table.splits if name != "test" and (name not in splits or name == "train")]
    found = {name: _score(stage, model, stage.table.split(name)) for name in names}
    return {name: score for name, score in found.items() if isfinite(score)}


def _mean_score(trials: Sequence[Trial]) -> float | None:
    """The mean over folds; None when one of them failed."""
    scores = [trial.score for trial in trials if trial.score is not None]
    return fmean(scores) if len(scores) == len(trials) else None


def _label(parameters: Parameters, fold: int | None) -> str:
    return describe(parameters) + ("" if fold is None else f", fold {fold + 1}")


def _told(parameters: Parameters, trials: Sequence[Trial]) -> dict[str, Any]:
    """A candidate as facts tell of it."""
    told: dict[str, Any] = {"parameters": parameters, "score": _mean_score(trials)}
    if len(trials) > 1:
        told["folds"] = [trial.score for trial in trials]
    if failed := next((trial for trial in trials if trial.score is None), None):
        told["failure"] = failed.failure
    return told


def _facts_of_task(stage: TrainStage) -> dict[str, Any]:
    objective, settings = stage.objective, stage.settings
    compared_on = f"{settings.folds} folds of train" if settings.folds else "validation"
    return {
        "task": task_of(stage.table),
        "target": stage.table.target,
        "estimator": getattr(settings.estimator, "name", settings.estimator.word),
        "objective": {
            "metric": objective.metric.word,
            "better": objective.better,
            "rule": objective.rule,
            "text": objective.text,
            "on": compared_on,
        },
        "refit": settings.refit,
        "seed": stage.context.seed,
    }


def _news(caught: Iterable[warnings.WarningMessage]) -> tuple[str, ...]:
    told = (one for one in caught if not issubclass(one.category, _NO_NEWS))
    return tuple(dict.fromkeys(f"{one.category.__name__}: {str(one.message).splitlines()[0]}" for one in told))


def _messages(stage: TrainStage, model: Kept) -> list[Message]:
    found = [Message(f"while fitting: {text}", setting="estimator", level="warning") for text in model.warned]
    if stage.dropped:
        found.append(Message(f"{stage.dropped:,} rows without `{stage.table.target}` were left out", level="warning"))
    personal = {column.name for column in stage.table.columns if column.role == "pii"}
    left_out = sorted(personal & set(stage.table.inputs) - set(inputs_of(stage.table, stage.settings)))
    if left_out:
        named = ", ".join(f"`{name}`" for name in left_out)
        found.append(Message(f"not among the features, being personal data: {named}"))
    return found


def _failed_candidates(candidates: Sequence[Parameters], trials: Sequence[Sequence[Trial]]) -> list[Message]:
    return [
        Message(
            f"the candidate {describe(parameters)} failed: {trial.failure}",
            trial.hint,
            setting="search",
            level="warning",
        )
        for parameters, tried in zip(candidates, trials, strict=False)
        for trial in [one for one in tried if one.score is None][:1]
    ]


def _all_failed(candidates: Sequence[Parameters], trials: Sequence[Sequence[Trial]]) -> StageFailure:
    """What is wrong with all candidates; with the first of them, where they failed for several reasons."""
    failed = [next(trial for trial in tried if trial.score is None) for tried in trials]
    first = failed[0]
    if len({trial.failure for trial in failed}) == 1:
        return StageFailure(first.failure, first.hint, details=first.details, setting=first.setting)
    fact = f"none of {len(candidates)} candidates can be fitted; {describe(candidates[0])}: {first.failure}"
    return StageFailure(fact, first.hint, details=first.details, setting="search")
