"""Answering rows: which version does, who stands in for it, what is logged, and who is asked unseen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import groupby
from typing import Any, Literal

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.state import State
from mlopsc.stdlib.runtime.serve.bodies import Question
from mlopsc.stdlib.runtime.serve.breaker import Breaker
from mlopsc.stdlib.runtime.serve.fleet import Fleet
from mlopsc.stdlib.runtime.serve.following import Follower, main_version
from mlopsc.stdlib.runtime.serve.lane import Answers, Lane, ModelFault
from mlopsc.stdlib.runtime.serve.limits import Limits
from mlopsc.stdlib.runtime.serve.problems import Problem, no_model
from mlopsc.stdlib.runtime.serve.rows import Row, request_schema
from mlopsc.stdlib.runtime.serve.telemetry import Telemetry
from mlopsc.stdlib.runtime.serve.traffic import Traffic
from mlopsc.stdlib.runtime.service import metrics_names as names
from mlopsc.stdlib.runtime.service.assignment import shadows_for, version_for
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.keys import new_id, row_of, unit_of
from mlopsc.stdlib.runtime.service.records import RequestRow, log_schema
from mlopsc.stdlib.runtime.service.writing import LogWriter

Role = Literal["served", "shadow", "fallback"]

_ROWS_IN_THE_LOOP = 100
"""More rows than this are checked in a thread, so that other requests go on meanwhile."""
_MOST_COPIES_WAITING = 1_000
_BEFORE_COPIES = 0.002
"""Seconds after which copies are made: the answer is on its way by then."""


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row on its way: its place in the request, its identities, and the version that it is assigned to."""

    place: int
    id: str
    row: str
    unit: str
    version: int
    at: float
    values: Row


@dataclass(frozen=True)
class _Part:
    """Rows of one request that one version has answered."""

    rows: Sequence[AskedRow]
    version: int
    values: Sequence[Any]
    scores: Sequence[Mapping[str, float] | None]


class Answerer:
    """Answers requests with the versions that are in force.

    Where a challenger fails, the champion answers the same rows, if it is loaded and half of the request's time is
    left; the error is logged as the challenger's, and the answer under the role `fallback`.
    """

    def __init__(self, deployment: Deployment, secret: bytes, writer: LogWriter, limits: Limits) -> None:
        self.schema = request_schema(deployment)
        self._assign = deployment.settings.assign
        self._label = log_schema(deployment).label
        self._secret = secret
        self._writer = writer
        self._limits = limits
        self._shadows: set[asyncio.Task[None]] = set()

    async def finish(self) -> None:
        """Wait for the copies that are on their way."""
        await asyncio.gather(*self._shadows)

    def connect(self, fleet: Fleet, follower: Follower, breaker: Breaker, counters: tuple[Telemetry, Traffic]) -> None:
        """Say who keeps the versions, which are in force, which are left out, and who counts."""
        self._fleet = fleet
        self._follower = follower
        self._breaker = breaker
        self._telemetry, self._traffic = counters

    async def answer(self, question: Question) -> dict[str, Any]:
        """The predictions for the rows of a request; raises Problem."""
        rows = await self._checked(question)
        state = self._follower.state
        self._writer.count(requests=len(rows))
        if main_version(state) is None:
            self._telemetry.answered(None, names.SERVED, names.NO_MODEL, len(rows), 0.0)
            raise no_model() if self._follower.is_reachable else _no_store()
        asked = self._assigned(state, question, rows)
        by_version = sorted(asked, key=lambda row: row.version)
        groups = [list(group) for _, group in groupby(by_version, key=lambda row: row.version)]
        outcomes = await asyncio.gather(*(self._serve(state, group) for group in groups), return_exceptions=True)
        self._copy(state, asked)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        parts = [outcome for outcome in outcomes if isinstance(outcome, _Part)]
        told = sorted(_told(parts), key=lambda one: one[0])
        return {"predictions": [prediction for _, prediction in told], "sequence": state.sequence}

    async def _checked(self, question: Question) -> list[Row]:
        read = partial(self.schema.read, question.rows, from_text=question.from_text)
        return read() if len(question.rows) <= _ROWS_IN_THE_LOOP else await asyncio.to_thread(read)

    def _assigned(self, state: State, question: Question, rows: Sequence[Row]) -> list[AskedRow]:
        at, found = clock.now(), []
        for place, values in enumerate(rows):
            prediction = new_id(self._secret, self._writer.instance)
            key = question.key or (values.get(self._assign) if self._assign else None)
            unit = unit_of(self._secret, key)
            row = question.row_ids[place] if question.row_ids else row_of(self._secret, values)
            version = version_for(state, unit or prediction)
            found.append(AskedRow(place, prediction, row, unit, version, at, values))
        return found

    async def _serve(self, state: State, rows: Sequence[AskedRow]) -> _Part:
        """The answer of the version that the rows are assigned to, or of the champion in its place."""
        begun, version = time.monotonic(), rows[0].version
        stand_in = self._stand_in(state, version)
        if stand_in is None:
            return await self._ask(state, version, rows, "served", self._limits.timeout)
        if not self._breaker.is_open(version):
            with suppress(Problem):
                return await self._ask(state, version, rows, "served", self._limits.timeout / 2)
        left = self._limits.timeout - (time.monotonic() - begun)
        return await self._ask(state, stand_in, rows, "fallback", left)

    def _stand_in(self, state: State, version: int) -> int | None:
        main = main_version(state)
        if main is None or main == version:
            return None
        lane = self._fleet.lane(state, main)
        return main if lane is not None and lane.is_usable else None

    async def _ask(self, state: State, version: int, rows: Sequence[AskedRow], role: Role, seconds: float) -> _Part:
        lane = self._fleet.lane(state, version, "shadow" if role == "shadow" else "served")
        try:
            if lane is None:
                raise ModelFault("error", "it is not loaded", 0.0)
            answers = await lane.ask([row.values for row in rows], seconds)
        except ModelFault as fault:
            self._record(state, version, rows, role, fault)
            raise _model_problem(version, fault, lane) from None
        scores = self._scores(answers, lane.about["classes"])
        self._record(state, version, rows, role, answers, scores)
        return _Part(rows, version, answers.values, scores)

    def _scores(self, answers: Answers, classes: Sequence[Any] | None) -> Sequence[Mapping[str, float] | None]:
        """The probabilities of each row by class, as the log and the client name classes."""
        if classes is None or answers.scores is None:
            return [None] * len(answers.values)
        names = [str(self._label(one)) for one in classes]
        return [dict(zip(names, scores, strict=True)) for scores in answers.scores]

    def _record(
        self,
        state: State,
        version: int,
        rows: Sequence[AskedRow],
        role: Role,
        outcome: Answers | ModelFault,
        scores: Sequence[Any] | None = None,
    ) -> None:
        status: Literal["ok", "error", "timeout"] = outcome.status if isinstance(outcome, ModelFault) else "ok"
        self._telemetry.answered(version, role, status, len(rows), outcome.seconds)
        self._traffic.add(version, role, len(rows), outcome.seconds, good=status == "ok")
        if version != main_version(state):
            self._breaker.count(version, good=status == "ok")
        nothing: list[Any] = [None] * len(rows)
        values = outcome.values if isinstance(outcome, Answers) else nothing
        self._writer.add(
            RequestRow(
                time=row.at,
                id=row.id,
                row=row.row,
                unit=row.unit,
                sequence=state.sequence,
                version=version,
                role=role,
                status=status,
                seconds=outcome.seconds,
                prediction=value,
                scores=score,
                inputs=row.values,
            )
            for row, value, score in zip(rows, values, scores or nothing, strict=True)
        )

    def _copy(self, state: State, asked: Iterable[AskedRow]) -> None:
        """Have other versions answer the rows unseen, a moment later."""
        copies: dict[int, list[AskedRow]] = {}
        for row in asked:
            for version in shadows_for(state, row.version, row.id):
                copies.setdefault(version, []).append(row)
        for version, rows in copies.items():
            task = asyncio.create_task(self._shadow(state, version, rows))
            self._shadows.add(task)
            task.add_done_callback(self._shadows.discard)

    async def _shadow(self, state: State, version: int, rows: Sequence[AskedRow]) -> None:
        await asyncio.sleep(_BEFORE_COPIES)
        lane = self._fleet.lane(state, version, "shadow")
        if lane is None or not lane.is_usable or lane.waiting_rows > _MOST_COPIES_WAITING:
            return
        if not self._breaker.is_open(version):
            with suppress(Problem):
                await self._ask(state, version, rows, "shadow", self._limits.timeout)


def _told(parts: Iterable[_Part]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """The predictions of a request with their places."""
    for part in parts:
        for i, row in enumerate(part.rows):
            told = {"id": row.id, "version": part.version, "prediction": part.values[i]}
            yield row.place, told if part.scores[i] is None else {**told, "probabilities": part.scores[i]}


def _model_problem(version: int, fault: ModelFault, lane: Lane | None) -> Problem:
    if fault.status == "timeout":
        fact, hint = f"version {version} gave no answer in time", "ask again; the service starts it anew"
        return Problem(HTTPStatus.GATEWAY_TIMEOUT, "model-timeout", fact, hint)
    if lane is None or not lane.is_usable:
        fact, hint = f"version {version} is not loaded", "ask again later"
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "model-unavailable", fact, hint)
    fact, hint = f"version {version} failed on this request", "the service's own log says why"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "model-error", fact, hint)


def _no_store() -> Problem:
    fact = "the release log cannot be reached, so no version is known"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "store-unreachable", fact, "ask again later")
