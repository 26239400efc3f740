"""A rehearsal from the first training to the last row: hour by hour on a clock that only it moves."""

from __future__ import annotations

import heapq
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.engine.events import Outcome
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult, run_within
from mlopsc.stdlib.runtime.engine.versions import register
from mlopsc.stdlib.runtime.monitor import outbox
from mlopsc.stdlib.runtime.monitor.look import look
from mlopsc.stdlib.runtime.rehearsal.diary import Audience, Diary
from mlopsc.stdlib.runtime.rehearsal.faults import evidence_of, make_faulty
from mlopsc.stdlib.runtime.rehearsal.injections import CANDIDATES, DAY, Injection, Trouble, begun
from mlopsc.stdlib.runtime.rehearsal.router import Router
from mlopsc.stdlib.runtime.rehearsal.scene import Scene
from mlopsc.stdlib.runtime.rehearsal.staging import monitors_of
from mlopsc.stdlib.runtime.rehearsal.world import drifted
from mlopsc.stdlib.runtime.release.approval import approve
from mlopsc.stdlib.runtime.release.state import Phase, ReleaseLog
from mlopsc.stdlib.runtime.release.tick import tick
from mlopsc.stdlib.runtime.service.reading import ServiceLog
from mlopsc.stdlib.runtime.store import opening
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import Log

ACTOR = "rehearsal"
HOUR = 3_600.0
_TICKS = 6 * HOUR
_OUTAGE = 12 * HOUR
_LATE = 10 * DAY
_MOST_TICKS = 5


@dataclass
class Counts:
    """What was asked and answered."""

    requests: int = 0
    failed: int = 0
    feedback: int = 0
    seconds: float = 0.0


@dataclass
class Performance:
    """A rehearsal under way. `go` plays it to its end; the diary then holds what happened."""

    scene: Scene
    audience: Audience
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        deployment = self.scene.deployment
        self._world = self.scene.world
        self._monitors = monitors_of(deployment)
        self.diary = Diary(deployment, self._monitors, self.audience)
        self._router = Router(deployment, self.scene.place)
        self._log = ReleaseLog(deployment.store, deployment.log)
        self._requests = ServiceLog(deployment)
        self._truths: list[tuple[float, str, int]] = []
        self._candidates = [one for one in self.scene.injections if one.trouble in CANDIDATES]
        self._announced: set[Injection] = set()
        self._next_tick = 0.0

    def go(self) -> bool:
        """Play; whether there was a model to serve. The clock of this process is the rehearsal's until it ends."""
        began = time.monotonic()
        place = self.scene.place
        with surroundings(
            {opening.VARIABLE: "", clock.VARIABLE: str(place.clock), outbox.VARIABLE: str(place.folder / "outbox")}
        ):
            try:
                return self._play()
            finally:
                self._router.stop()
                self.diary.catch_up()
                self.counts.seconds = time.monotonic() - began

    def _play(self) -> bool:
        self._set(self._world.begins)
        self._publish()
        if not self._train():
            return False
        self._settle()
        self._router.start()
        self.diary.note("begin", "the service is open")
        now = self._world.begins
        while now < self.scene.ends:
            now += HOUR
            self._hour(now)
        self._settle()
        self.diary.note("end", "the last row has been replayed")
        return True

    def _train(self) -> bool:
        """Data, training and gate, as `mlopsc run` does them; whether the gate opened."""
        deployment = self.scene.deployment
        request = Request(deployment.document, deployment.project, self.scene.functions, only=(deployment.gate,))
        result = run_within(request)
        opened = result.exit_code == 0
        text = f"trained, and `{deployment.gate}` opened" if opened else _why_not(result)
        self.diary.note("train", text, "good" if opened else "error", stage=deployment.gate)
        return opened

    def _hour(self, now: float) -> None:
        before = now - HOUR
        self._set(now)
        self._trouble(now)
        self._ask(before, now)
        self._tell_truths(now)
        if now >= self._next_tick:
            self._settle()
            self._next_tick = now + (_TICKS if self._log.state().phase in (Phase.ROLLING, Phase.WAITING) else DAY)

    def _settle(self) -> None:
        """What schedulers do: write the log, read new rows, tick the release until nothing moves, look."""
        self._router.flush()
        self._publish()
        self._tick()
        for stage in self._monitors:
            look(self.scene.deployment, stage, ACTOR)
        self.diary.catch_up()

    def _tick(self) -> None:
        for _ in range(_MOST_TICKS):
            moved = tick(self.scene.deployment, ACTOR, self._requests).change is not None
            if self._log.state().phase is Phase.WAITING:
                moved = self._approve() or moved
            if not moved:
                break
            self.diary.catch_up()
            if self._router.is_up:
                self._router.follow()

    def _approve(self) -> bool:
        given = [approve(self.scene.deployment, key, ACTOR) for key in self.scene.place.keys]
        return any(given)

    def _ask(self, since: float, until: float) -> None:
        places = self._world.between(since, until)
        rows = self._world.rows(places, [column.name for column in self._inputs()])
        for place, row in zip(places, rows, strict=True):
            for _ in range(self.scene.copies):
                self._ask_one(place, row, until)

    def _ask_one(self, place: int, row: dict[str, Any], now: float) -> None:
        answer = self._router.client.predict([row], [self._world.ids[place]])
        self.counts.requests += 1
        if not answer.is_good:
            self.counts.failed += 1
            return
        due = now + self.scene.label_delay + (_LATE if self._is_under_way(Trouble.LABEL_DELAY, now) else 0.0)
        heapq.heappush(self._truths, (due, answer.document["predictions"][0]["id"], place))

    def _tell_truths(self, now: float) -> None:
        due = []
        while self._truths and self._truths[0][0] <= now:
            _, identity, place = heapq.heappop(self._truths)
            truth = self._world.truth(place)
            if truth is not None:
                due.append({"id": identity, "y": truth})
        if due and self._router.is_up and self._router.client.feedback(due).is_good:
            self.counts.feedback += len(due)

    def _inputs(self) -> Sequence[Any]:
        stage = self._world.stage
        return [
            one for one in stage.kept if one.name != stage.settings.target and one.role not in ("leak", "label_time")
        ]

    def _publish(self) -> None:
        now = clock.now()
        frozen = [one.after for one in self.scene.injections if one.trouble is Trouble.STALE_DATA]
        until = min([now - self.scene.label_delay, *(self._world.begins + after for after in frozen)])
        self._world.publish(self.scene.place.source, until)

    def _trouble(self, now: float) -> None:
        for injection in self.scene.injections:
            if injection not in self._announced and now >= self._world.begins + injection.after:
                self._announced.add(injection)
                self.diary.note("injection", injection.kind.what, "error", details={"trouble": injection.trouble})
                self._begin(injection)
        if not self._router.is_up and not self._is_out(now):
            self._router.start()
            self.diary.note("begin", "the service is up again", "good")

    def _begin(self, injection: Injection) -> None:
        match injection.trouble:
            case Trouble.DRIFT:
                self._world = drifted(self._world, clock.now() - HOUR)
            case Trouble.OUTAGE:
                self._router.flush()
                self._router.kill()
            case Trouble.BAD_MODEL | Trouble.SLOW_MODEL | Trouble.ERRORS:
                self._merge(injection.trouble)
            case Trouble.STALE_DATA | Trouble.LABEL_DELAY:
                pass

    def _merge(self, trouble: Trouble) -> None:
        """Register a faulty copy of the champion as a version that has passed its gate."""
        deployment = self.scene.deployment
        versions = [entry.record for entry in Log(deployment.store, deployment.versions).read() if entry.record]
        if not versions:
            raise OperationError("there is no version to make a faulty one of", "let a model pass its gate first")
        path = self.scene.place.folder / f"{trouble.value}.zip"
        make_faulty(deployment.store.local_path(versions[-1]["model"]), trouble, path)
        artefact = deployment.store.put_object(path)
        record = {**evidence_of(versions[-1], artefact, trouble)}
        record.pop("train_key", None)
        register(deployment.store, deployment.model, f"injected-{trouble.value}-{clock.now():.0f}", record)

    def _is_out(self, now: float) -> bool:
        outages = [one for one in self.scene.injections if one.trouble is Trouble.OUTAGE]
        return any(0 <= now - self._world.begins - one.after < _OUTAGE for one in outages)

    def _is_under_way(self, trouble: Trouble, now: float) -> bool:
        return begun(self.scene.injections, trouble, now - self._world.begins)

    def _set(self, now: float) -> None:
        clock.set_clock(self.scene.place.clock, now)
        self.audience.advance(now)


@contextmanager
def surroundings(variables: Mapping[str, str]) -> Iterator[None]:
    """Within the block, this process and those that it starts have these environment variables."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _why_not(result: RunResult) -> str:
    stage = next(one for one in result.stages if one.outcome is not Outcome.OK)
    told = [message.text for message in stage.record.messages if message.level == "error"] if stage.record else []
    reason = told[0] if told else stage.failure.message if stage.failure else stage.outcome.told
    return f"`{stage.stage}` {stage.outcome.told}: {reason}"
