"""What a rehearsal showed: which rules of the spec fired, which did not, and whether each trouble was noticed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.schema.declarations import Subject
from mlopsc.stdlib.metrics import Metric
from mlopsc.stdlib.runtime.rehearsal.diary import Moment
from mlopsc.stdlib.runtime.rehearsal.injections import Injection

_VERBS = ("require", "guard", "watch", "on")
_LABELLED = ("watch", "quality")
"""What raises `labels_late` beside events of its own: only a watch of a metric waits for labels."""


@dataclass(frozen=True)
class Fate:
    """A rule of release or monitor and the moments at which it did something."""

    stage: str
    rule: str
    verb: str
    text: str
    about: str
    """The word of what it measures, or the category of the events it raises."""

    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True)
class Noticed:
    """A trouble, the rules that could notice it, and the moments at which they did."""

    injection: Injection
    by: tuple[Fate, ...]
    moments: tuple[Moment, ...]

    @property
    def is_noticed(self) -> bool:
        """Whether anything in the spec did something about it."""
        return bool(self.moments)


def fates(document: Mapping[str, Any], moments: Sequence[Moment]) -> list[Fate]:
    """Every rule of the releases and monitors, with what it did."""
    return [
        Fate(stage["name"], rule["id"], rule["verb"], rule["text"], _about(rule), tuple(_of_rule(stage, rule, moments)))
        for stage in document["stages"]
        if stage["kind"] in ("release", "monitor")
        for rule in stage.get("rules", ())
        if rule["verb"] in _VERBS
    ]


def noticed(
    injections: Sequence[Injection], found: Sequence[Fate], moments: Sequence[Moment], begins: float
) -> list[Noticed]:
    """What became of each trouble: only moments after it began count."""
    return [_noticed(one, found, moments, begins) for one in injections]


def _noticed(injection: Injection, found: Sequence[Fate], moments: Sequence[Moment], begins: float) -> Noticed:
    onset = begins + injection.after
    by = tuple(fate for fate in found if (fate.verb, fate.about) in injection.kind.notices)
    seen = [moment for fate in by for moment in fate.moments if moment.at >= onset and moment.tone != "good"]
    built_in = [word for verb, word in injection.kind.notices if verb == "event"]
    seen += [
        one for one in moments if one.kind == "event" and one.details.get("category") in built_in and one.at >= onset
    ]
    raising = tuple(fate for fate in found if built_in and (fate.verb, fate.about) == _LABELLED)
    return Noticed(injection, by or raising, tuple(sorted(seen, key=lambda moment: moment.at)))


def _of_rule(stage: Mapping[str, Any], rule: Mapping[str, Any], moments: Sequence[Moment]) -> Iterator[Moment]:
    here = [one for one in moments if one.stage == stage["name"]]
    return (one for one in here if rule["id"] == one.rule or rule["id"] in _kept_by(one))


def _kept_by(moment: Moment) -> list[str]:
    """The requirements that a promotion rests on."""
    if moment.kind != "promote":
        return []
    return [str(one["rule"]) for one in moment.details.get("evidence", {}).get("requires", ())]


def _about(rule: Mapping[str, Any]) -> str:
    word = str((rule.get("subject") or {}).get("function", ""))
    subject = next((one for one in Subject.members() if one.word == word), None)
    if rule["verb"] == "watch":
        return subject.category if subject else "quality"
    return "metric" if subject is None or issubclass(subject, Metric) else word
