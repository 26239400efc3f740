"""What happens in a rehearsal, moment by moment, as the logs of release and monitor tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.monitor.watches import read_monitor
from mlopsc.stdlib.runtime.release.state import ReleaseLog
from mlopsc.stdlib.runtime.service.deployment import Declaration, Deployment
from mlopsc.stdlib.runtime.store.log import Log

Tone = Literal["info", "good", "warning", "error"]
_TONES: Mapping[str, Tone] = {"rollback": "error", "promote": "good", "keep": "warning"}


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

    def __init__(self, deployment: Deployment, monitors: Sequence[Declaration], audience: Audience) -> None:
        self.moments: list[Moment] = []
        self._release = ReleaseLog(deployment.store, deployment.log)
        self._name = deployment.name
        self._monitors = [
            _Watcher(str(stage["name"]), stage, Log(deployment.store, deployment.events(str(stage["name"]))))
            for stage in monitors
        ]
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
            at, kind = clock.parse_stamp(record["at"]), record["kind"]
            yield Moment(at, kind, record["reason"], self._name, record["rule"], _TONES.get(kind, "info"), record)

    def _of_monitors(self) -> Iterator[Moment]:
        for watcher in self._monitors:
            records = [entry.record for entry in watcher.log.read() if entry.record]
            for record in self._new(watcher.name, records):
                yield from watcher.moments(record)

    def _new(self, log: str, records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        seen, self._seen[log] = self._seen.get(log, 0), len(records)
        return records[seen:]


@dataclass(frozen=True)
class _Watcher:
    """A monitor and its log."""

    name: str
    stage: Declaration
    log: Log

    def moments(self, record: Mapping[str, Any]) -> Iterator[Moment]:
        """What a record tells: the beginning or the end of an episode, or how an action ended."""
        at = clock.parse_stamp(record["at"])
        match record["kind"]:
            case "event":
                text = f"{record['category']}: {record['text']}"
                yield Moment(at, "event", text, self.name, record["watch"], "warning", record)
            case "look" if record["status"] == "holds" and record["episode"]:
                yield Moment(at, "over", record["text"], self.name, record["watch"], "good", record)
            case "action" if record["state"] != "claimed":
                tone: Tone = "error" if record["state"] == "failed" else "info"
                text = f"`{record['action']}`: {record['reason']}"
                yield Moment(at, "action", text, self.name, self._rule_of(record), tone, record)

    def _rule_of(self, action: Mapping[str, Any]) -> str:
        """The `on` rule by which the event of an action asked for it."""
        records = (entry.record for entry in self.log.read() if entry.record)
        event = next(record for record in records if record["kind"] == "event" and record["id"] == action["event"])
        rules = read_monitor(self.stage).on
        return next((on.rule.id for on in rules if on.is_set_off_by(event) and action["action"] in on.actions), "")
