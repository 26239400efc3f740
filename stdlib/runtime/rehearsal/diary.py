"""What happens in a rehearsal, moment by moment, as the logs of release and monitor tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.state import ReleaseLog
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.log import Log

Tone = Literal["info", "good", "warning", "error"]
_TONES: Mapping[str, Tone] = {"rollback": "error", "promote": "good", "keep": "warning", "event": "warning"}


@dataclass(frozen=True)
class Moment:
    """One thing that happened: `kind` is the source's own word, `rule` the id of the rule of `stage` that did it."""

    at: float
    kind: str
    text: str
    stage: str = ""
    rule: str = ""
    tone: Tone = "info"
    details: Mapping[str, Any] = field(default_factory=dict)


def _unheard(_: float) -> None:
    """Nobody watches the clock."""


@dataclass(frozen=True)
class Audience:
    """Whoever watches: `tell` is called for each moment, `advance` with the time as often as it moves."""

    tell: Callable[[Moment], None]
    advance: Callable[[float], None] = _unheard


class Diary:
    """Reads what is new in the logs of a release and its monitors, and keeps all moments in order."""

    def __init__(self, deployment: Deployment, monitors: Sequence[str], audience: Audience) -> None:
        self.moments: list[Moment] = []
        self._release = ReleaseLog(deployment.store, deployment.log)
        self._name = deployment.name
        self._events = {name: Log(deployment.store, deployment.events(name)) for name in monitors}
        self._seen: dict[str, int] = {}
        self._tell = audience.tell

    def note(self, kind: str, text: str, tone: Tone = "info", **about: Any) -> None:
        """Put a moment of now into the diary, and tell it."""
        self._add(Moment(clock.now(), kind, text, tone=tone, **about))

    def catch_up(self) -> None:
        """Put what the logs have gained into the diary."""
        for moment in [*self._of_release(), *self._of_monitors()]:
            self._add(moment)

    def _add(self, moment: Moment) -> None:
        self.moments.append(moment)
        self._tell(moment)

    def _of_release(self) -> Iterator[Moment]:
        for record in self._new("", self._release.records()):
            yield Moment(
                clock.parse_stamp(record["at"]),
                record["kind"],
                record["reason"],
                self._name,
                record["rule"],
                _TONES.get(record["kind"], "info"),
                record,
            )

    def _of_monitors(self) -> Iterator[Moment]:
        for name, log in self._events.items():
            records = [entry.record for entry in log.read() if entry.record]
            for record in self._new(name, records):
                if record["kind"] in ("event", "action") and record.get("status", "done") != "claimed":
                    yield _of_monitor(name, record)

    def _new(self, log: str, records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        seen, self._seen[log] = self._seen.get(log, 0), len(records)
        return records[seen:]


def _of_monitor(monitor: str, record: Mapping[str, Any]) -> Moment:
    return Moment(
        clock.parse_stamp(record["at"]),
        record["kind"],
        record["text"],
        monitor,
        record.get("watch") or record.get("rule") or "",
        "warning" if record["kind"] == "event" else "info",
        record,
    )
