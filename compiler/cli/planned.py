"""A plan as `mlopsc plan` shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mlopsc.compiler.render.cells import clip, safe
from mlopsc.compiler.render.style import Style, Tone
from mlopsc.targets.terraform.reading.asked import Asked, Asking
from mlopsc.targets.terraform.reading.changes import Act, Change, Changes
from mlopsc.targets.terraform.reading.values import Difference
from mlopsc.targets.terraform.reading.weaker import Weakening

_WIDEST = 70
"""Columns for a value before and after."""
_MOST = 12
"""How many attributes of one resource are shown."""
_TONES: dict[Act, Tone] = {Act.DESTROY: "error", Act.REPLACE: "error", Act.FORGET: "warning", Act.CHANGE: "warning"}
_TITLES: dict[Act, str] = {
    Act.DESTROY: "destroy",
    Act.REPLACE: "replace: destroyed, then made anew",
    Act.FORGET: "let go of: it stays, and Terraform keeps it no longer",
    Act.CHANGE: "change",
    Act.MAKE: "make",
}

Shown = Callable[[str], str]


@dataclass(frozen=True)
class Planned:
    """A plan that was read and judged. `reason` lets it pass though it makes the environment weaker."""

    environment: str
    serves: bool
    changes: Changes
    asking: Asking
    weaker: tuple[Weakening, ...]
    not_judged: tuple[str, ...]
    reason: str | None = None
    kept: str = ""
    """The file that it was kept in, as seen from the folder of Terraform."""
    file: str = ""
    """The same as the user named it."""

    @property
    def passes(self) -> bool:
        """Whether it may be applied: what serves must not get weaker without a reason."""
        return not self.weaker or not self.serves or self.reason is not None

    def kept_as(self, kept: str, file: str) -> Planned:
        """The same, once it has been kept."""
        return replace(self, kept=kept, file=file)


def lines(planned: Planned, folder: str, shown: Shown, style: Style) -> Iterator[str]:
    """Everything that a person should read before an apply, the gravest first."""
    for act in Act:
        found = planned.changes.of(act)
        if found:
            yield style(_TONES.get(act, "good"), _TITLES[act])
            show = _made if act is Act.MAKE else _changed
            yield from show(found, planned.asking, shown, style)
            yield ""
    yield from _notes(planned, style)
    yield from _weaker(planned, style)
    yield style("bold", counts(planned))
    if planned.kept:
        yield f"kept in `{planned.file}`; `terraform -chdir={folder} apply {planned.kept}` applies just that"


def counts(planned: Planned) -> str:
    """What it comes to, in one line."""
    if planned.changes.is_empty:
        return f"{planned.environment}: nothing to change"
    numbers = [(act, len(planned.changes.of(act))) for act in Act]
    told = [f"{number} to {_WORDS[act]}" for act, number in numbers if number or act is not Act.FORGET]
    return f"{planned.environment}: {', '.join(told)}; nothing has been applied"


_WORDS = {
    Act.DESTROY: "destroy",
    Act.REPLACE: "replace",
    Act.FORGET: "let go of",
    Act.CHANGE: "change",
    Act.MAKE: "make",
}


def _changed(found: tuple[Change, ...], asking: Asking, shown: Shown, style: Style) -> Iterator[str]:
    for one in found:
        asked = asking.of(one)
        yield f"  {safe(one.address)}  {style('dim', _whose(asked, shown))}"
        for number, difference in enumerate(one.differences):
            if number == _MOST:
                yield f"      and {len(one.differences) - _MOST} more"
                break
            yield f"      {_told(difference, one, style)}"


def _told(difference: Difference, change: Change, style: Style) -> str:
    before, after = (clip(" ".join(safe(one).split()), _WIDEST) for one in (difference.before, difference.after))
    dotted = difference.path.replace("[", ".").replace("]", "")
    forces = any(dotted == one or dotted.startswith(f"{one}.") or not one for one in change.forced_by)
    because = f"  {style('error', 'forces it')}" if forces else ""
    return f"{safe(difference.path)}: {before} → {after}{because}"


def _made(found: tuple[Change, ...], asking: Asking, shown: Shown, style: Style) -> Iterator[str]:
    """New resources, by the stage and rule that ask for them."""
    groups: dict[str, list[tuple[Change, Asked]]] = {}
    for one in found:
        asked = asking.of(one)
        groups.setdefault(_whose(asked, shown), []).append((one, asked))
    for whose, members in groups.items():
        yield f"  {style('dim', whose)}"
        for one, asked in members:
            yield f"    {safe(one.address)}" + (f"  {safe(asked.purpose)}" if asked.purpose else "")


def _whose(asked: Asked, shown: Shown) -> str:
    file, colon, rest = asked.place.partition(":")
    return safe(f"{asked.whose}  {shown(file)}{colon}{rest}" if file else asked.whose)


def _notes(planned: Planned, style: Style) -> Iterator[str]:
    if planned.changes.drifted:
        yield f"changed outside of Terraform: {', '.join(map(safe, planned.changes.drifted))}"
    if planned.changes.outputs:
        yield f"outputs that change: {', '.join(map(safe, planned.changes.outputs))}"
    if planned.not_judged:
        judged = ", ".join(map(safe, planned.not_judged))
        yield style("warning", f"not judged, for its policy is known only after the apply: {judged}")


def _weaker(planned: Planned, style: Style) -> Iterator[str]:
    if not planned.weaker:
        return
    yield style("error" if not planned.passes else "warning", f"weaker: `{planned.environment}` as it would be then")
    for one in planned.weaker:
        yield f"  {one.rule}  {safe(one.address)}: {style.ticked(clip(safe(one.what), 3 * _WIDEST))}"
    if planned.reason is not None:
        yield f"  let pass: {safe(planned.reason)}"
    elif planned.serves:
        yield style.ticked('  if that is meant: `--weaker "REASON"`; the plan was not kept')
    else:
        yield f"  let pass: {planned.environment} only comes before others, and serves nobody"
    yield ""


def as_document(planned: Planned) -> dict[str, Any]:
    """The same for machines."""
    return {
        "environment": planned.environment,
        "passes": planned.passes,
        "counts": {act.value: len(planned.changes.of(act)) for act in Act},
        "changes": [_entry(one, planned.asking.of(one)) for one in planned.changes.changes],
        "outputs": list(planned.changes.outputs),
        "drifted": list(planned.changes.drifted),
        "weaker": [vars(one) for one in planned.weaker],
        "not_judged": list(planned.not_judged),
        "reason": planned.reason,
        "file": planned.file or None,
    }


def _entry(change: Change, asked: Asked) -> dict[str, Any]:
    return {
        "address": change.address,
        "act": change.act.value,
        "differences": [vars(one) for one in change.differences],
        "forced_by": list(change.forced_by),
        "asked_by": {"part": asked.part, "rule": asked.rule, "place": asked.place, "purpose": asked.purpose},
    }
