"""What rules in service mean: comparisons of versions, guards, watches and what events do."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from mlopsc.compiler.lint.undecidable_comparison import (
    FULL_DAYS,
    SHADOW_DAYS,
    is_independent,
    per_day,
    rows_an_arm,
    smaller_share,
)
from mlopsc.compiler.lsp.judged import Judged, compared, counted, days_of, measured, share
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.schema.values import Money, Rate

_ALARMS, _WINDOW = "1 / 90d", "7d"


def shown_in_service(judged: Judged) -> Iterator[str]:
    """A requirement of a release: two versions side by side, day after day."""
    within = judged.rule.clauses.get("within")
    otherwise = judged.rule.clauses.get("otherwise") or judged.stage.value("otherwise") or "keep"
    end = "the new version takes over" if otherwise == "promote" else "the old version stays"
    level = share(judged.level if judged.level is not None else 0.95)
    yield (
        f"While both versions are in service, it is asked after each full day whether {measured(judged)} of the new "
        f"one {compared(judged)}, at {level} over all days together. If the contrary is shown, the release rolls "
        f"back; if it is shown, the new version may take over."
        + (f" If it is still open after {within}, {end}." if within else "")
    )
    in_shadow = is_independent(judged.environment, judged.stage)
    comparison = judged.comparison
    if in_shadow or comparison is None or comparison.limit.baseline is None:
        why = "predictions cannot change what happens, so both answer every row and a day is one observation"
        yield f"**Days**: {SHADOW_DAYS} at least{f'; {why}' if in_shadow else ''}."
        return
    yield f"**Days**: {FULL_DAYS} at least, with 100 units in each version."
    rows = rows_an_arm(
        comparison, judged.subject.measure if judged.subject else "number", judged.rule.clauses.get("at")
    )
    if rows:
        yield f"About {rows:,} rows a version tell them apart, if errors spread as much as their mean."
        yield from _days_by_environment(judged, rows)


def _days_by_environment(judged: Judged, rows: int) -> Iterator[str]:
    from mlopsc.stdlib.planning import days_for_arms

    for environment in judged.project.compilation.environments:
        traffic = environment.settings.get("traffic")
        a_day = per_day(traffic.value if traffic else None)
        stage = environment.stages.get(judged.stage.name)
        if a_day and stage is not None:
            days = days_for_arms(rows, a_day, smaller_share(stage.value("strategy")))
            yield f"In `{environment.name}`, with {a_day:,.0f} requests a day, that is {counted(days, 'day')}."


def guarded(judged: Judged) -> Iterator[str]:
    """A guard: what takes a release back while it is under way."""
    level = share(1 - judged.level) if judged.level is not None else "5%"
    shared = "" if judged.level is not None else ", which all guards of the release share"
    word = str((judged.rule.subject or {}).get("function", ""))
    yield (
        f"The release rolls back by itself as soon as it is shown that the contrary holds of this: {measured(judged)} "
        f"of the new version {compared(judged)}."
    )
    yield f"It is asked all the time; that it ever fires although the limit is kept has a chance of {level}{shared}."
    relative = judged.comparison is not None and judged.comparison.limit.baseline == "champion"
    if relative and word == "error_rate":
        yield "An outage that meets both versions proves nothing against the new one."
    if word in ("error_rate", "latency"):
        yield "**Smallest visible change**: 20 bad calls in a row stop it at once; a small excess takes more calls."


def watched(judged: Judged) -> Iterator[str]:
    """A watch: what raises an event in production."""
    rule, word = judged.rule, str((judged.rule.subject or {}).get("function", ""))
    category = judged.subject.category if judged.subject else "quality"
    over = str(rule.clauses.get("over") or _WINDOW)
    name = rule.id.partition(" ")[2] or rule.id
    claim = f"{measured(judged)} {compared(judged)}" if rule.comparisons else measured(judged)
    if word == "age":
        yield f"An event `{name}` in `{category}` as soon as this does not hold: {claim}."
        yield "It is arithmetic: no chance is in it."
        return
    yield f"An event `{name}` in `{category}` when this is shown not to hold over {over}: {claim}."
    if word == "uptime":
        yield from _burning(judged, over)
        return
    yield from _looking(judged, word)


def _burning(judged: Judged, over: str) -> Iterator[str]:
    from mlopsc.stdlib.planning import windows_that_burn

    objective = judged.comparison.limit.offset if judged.comparison else None
    if objective is None:
        return
    minutes = (1 - objective) * (days_of(over) or 30) * 1_440
    pairs = " or ".join(
        f"{one.factor:g} times too fast over {one.long / 3_600:g}h" for one in windows_that_burn(objective)
    )
    budget = f"{minutes / 60:.3g} hours" if minutes >= 120 else f"{minutes:.3g} minutes"
    yield f"{share(1 - objective)} may fail: {budget} of a total outage in {over}."
    if pairs:
        yield f"**Smallest visible change**: failures that use that up {pairs}, from 100 requests or probes on."


def _looking(judged: Judged, word: str) -> Iterator[str]:
    """How often it looks, how many looks may be wrong, and how long it learns."""
    from mlopsc.stdlib.planning import looks_to_learn

    found = _share_of_looks(judged)
    if found is None:
        return
    every, wrong = found
    alarms = judged.rule.clauses.get("alarms") or _ALARMS
    yield (
        f"It looks every {every}. False alarms are accepted up to `{alarms}`, so {share(round(wrong, 3))} of the looks "
        "may be wrong."
    )
    if word == "stable":
        looks = looks_to_learn(wrong)
        days = ceil(looks * (days_of(every) or 0))
        yield (
            f"**Rows**: 100 in each window. It learns from {looks} earlier looks, {counted(days, 'day')}, before it "
            "can fire; each look then says the smallest distance of each column that would have been an event."
        )
        yield "**Smallest visible change**: a distance of 0.1 of a column; half a standard deviation is 0.2."
    elif judged.split:
        yield (
            "**Rows**: 100 labelled ones in each window, and 80% of those that are due. With eight earlier windows it "
            "is held against how these varied; before, the units of the window must prove it."
        )
        yield "**Smallest visible change**: it follows from how much earlier windows varied; each look says it."


def fewest_days(judged: Judged) -> str:
    """For how many days a comparison in service goes on at least, in a few words."""
    compares = judged.comparison is not None and judged.comparison.limit.baseline is not None
    alone = is_independent(judged.environment, judged.stage) or not compares
    return f"{SHADOW_DAYS if alone else FULL_DAYS} days or more"


def days_to_learn(judged: Judged) -> str:
    """How long a watch of drift learns before it can fire, in a few words; empty for others."""
    word = str((judged.rule.subject or {}).get("function", ""))
    share_ = _share_of_looks(judged) if word == "stable" else None
    if share_ is None:
        return ""
    from mlopsc.stdlib.planning import looks_to_learn

    every, wrong = share_
    return f"learns for {counted(ceil(looks_to_learn(wrong) * (days_of(every) or 0)), 'day')}"


def _share_of_looks(judged: Judged) -> tuple[str, float] | None:
    """How often a watch looks, and what share of its looks may be false alarms."""
    from mlopsc.stdlib.planning import LARGEST_SHARE, look_share

    rule = judged.rule
    every = rule.clauses.get("every") or judged.stage.value("every") or rule.clauses.get("over") or _WINDOW
    alarms = Rate.parse(str(rule.clauses.get("alarms") or _ALARMS))
    period, step = days_of(str(alarms.per)), days_of(every)
    if isinstance(alarms.amount, Money) or not period or not step:
        return None
    wrong = look_share(step, alarms.amount, period)
    return (str(every), min(LARGEST_SHARE, wrong)) if wrong > 0 else None


def heard(judged: Judged) -> Iterator[str]:
    """What an event does, and which watches raise it."""
    events = judged.rule.events
    does = judged.rule.clause_at.get("do")
    actions = " ".join(does.text.split()).removeprefix("do ") if does else ""
    names = " or ".join(f"`{one}`" for one in events)
    yield f"On {names}: `{actions}`." if actions else f"On {names}."
    raised = list(dict.fromkeys(one for event in events for one in raising(judged.project, event, judged.stage.name)))
    if raised:
        yield "Raised by " + ", ".join(f"`{one}`" for one in raised) + "."
    else:
        yield "No watch of this monitor raises it."


def raising(project: Project, event: str, monitor: str = "") -> list[str]:
    """The watches that raise an event, which is one's name or a category; those of one monitor if it is named."""
    found: dict[str, None] = {}
    model = project.compilation.model
    for environment in project.compilation.environments:
        for stage in environment.stages.values():
            for rule in stage.rules if monitor in ("", stage.name) else ():
                word = str((rule.subject or {}).get("function", ""))
                declared = model.registry.function(word, rule.declaration.subjects)
                category = "quality" if word in model.metrics else getattr(declared, "category", "")
                if rule.declaration.raises and event in (rule.id, rule.id.partition(" ")[2], category):
                    found[rule.id] = None
    return list(found)
