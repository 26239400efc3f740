"""What a gate found of each requirement: the verdict, the estimate, its bound and the limit, and on how many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.render.cells import safe
from mlopsc.compiler.render.style import Style, Tone

_SIGNS: Mapping[str, tuple[Tone, str]] = {"pass": ("good", "✓"), "fail": ("error", "✗"), "undecided": ("warning", "?")}
_MILLISECONDS = 1000.0


@dataclass(frozen=True)
class GateLines:
    """What there is to say of a gate: before its rules, of each rule (first the rule itself), and after them."""

    head: str
    rules: tuple[tuple[str, ...], ...]
    after: tuple[str, ...]


def gate_lines(
    facts: Mapping[str, Any], notes: Mapping[str, Any], style: Style, place_of: Callable[[str, str], str]
) -> Iterator[str]:
    """The lines about a test stage's record."""
    told = gate_told(facts, notes, style, place_of)
    yield told.head
    for first, *others in told.rules:
        yield first
        yield from (f"    {line}" for line in others)
    yield from told.after


def gate_told(
    facts: Mapping[str, Any], notes: Mapping[str, Any], style: Style, place_of: Callable[[str, str], str]
) -> GateLines:
    """The same in its parts."""
    rows, rules = facts["rows"], facts["rules"]
    looks = {_look(rule) for rule in rules if rule.get("look")}
    units = f" in {rows['units']:,} units of `{safe(str(rows['unit']))}`" if rows["units"] != rows["rows"] else ""
    look = f", {next(iter(looks))}" if len(looks) == 1 else ""
    head = style.ticked(f"judges `{facts['model']}` on {facts['judged_on']}: {rows['rows']:,} rows{units}{look}")
    common = _common_notes(rules)
    told = []
    for rule in rules:
        lines = [*_rule(rule, rows, notes, common, style)]
        if len(looks) > 1 and rule.get("look"):
            lines.append(style("dim", f"{_look(rule)} at these rows"))
        place = place_of(rule["rule"], "") if rule["verdict"] != "pass" else ""
        told.append((*lines, *([f"{style('place', '-->')} {safe(place)}"] if place else [])))
    return GateLines(head, tuple(told), tuple(_after(facts, common, style)))


def _after(facts: Mapping[str, Any], common: Sequence[str], style: Style) -> Iterator[str]:
    yield from waived_lines(facts, style)
    yield from (style("dim", safe(note)) for note in common)
    if any(rule.get("hidden") for rule in facts["rules"]):
        yield style.ticked("a counted look tells the verdict and hides the figures: `reveal = true` shows them", "dim")
    version = facts.get("version")
    if version:
        yield f"the model is version {_version(version)} of `{facts['model']}`"


def waived_lines(facts: Mapping[str, Any], style: Style) -> Iterator[str]:
    """The rules that the environment leaves out, and why."""
    for one in facts.get("waived", ()):
        yield f"{style('dim', '-')} {safe(one['rule'])}  {style('dim', 'waived')}: {safe(one['reason'])}"


def _look(rule: Mapping[str, Any]) -> str:
    return f"look {rule['look']['number']} of {rule['look']['of']}"


def _version(version: Any) -> str:
    return str(version["number"]) if isinstance(version, Mapping) and "number" in version else str(version)


def _common_notes(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is to be said of several rules in the same words, which is then said once."""
    found = [str(one["note"]) for rule in rules for one in rule["judgements"] if one.get("note")]
    return [note for note in dict.fromkeys(found) if found.count(note) > 1]


def _rule(
    rule: Mapping[str, Any], rows: Mapping[str, Any], notes: Mapping[str, Any], common: Sequence[str], style: Style
) -> Iterator[str]:
    tone, mark = _SIGNS[rule["verdict"]]
    verdict = "" if rule["verdict"] == "pass" else f"  {rule['verdict'].upper()}"
    advice = style("dim", "  (only advice: this machine is shared)") if rule["advisory"] else ""
    yield f"{style(tone, mark)} {safe(rule['text'])}{style(tone, verdict)}{advice}"
    measured = notes.get("measured", {}).get(rule["rule"], {})
    judgements = [{**one, **measured} for one in rule["judgements"]]
    for one in judgements:
        yield from _judgement(rule, one, rows, style)
    own = [str(one["note"]) for one in judgements if one.get("note") and one["note"] not in common]
    is_told = any(one.get("estimate") is not None for one in judgements) and rule["verdict"] == "pass"
    if not is_told or any(one.get("estimate") is not None and _is_alone(one) for one in judgements):
        yield style.ticked(safe(rule["reason"]))
    yield from (style("dim", safe(note)) for note in own)
    for line in notes.get("tails", {}).get(rule["rule"], ()) if rule["verdict"] == "fail" else ():
        yield safe(line)


def _is_alone(judgement: Mapping[str, Any]) -> bool:
    """Whether there is an estimate and nothing that it was held against, as in a first release."""
    return judgement.get("limit") is None and judgement.get("lower") is None and judgement.get("upper") is None


def _judgement(
    rule: Mapping[str, Any], judgement: Mapping[str, Any], rows: Mapping[str, Any], style: Style
) -> Iterator[str]:
    parts = [*_figures(rule, judgement), *_evidence(judgement, rows)]
    if parts and not judgement["slices"]:
        yield ", ".join(parts)
    needed = judgement.get("rows_needed")
    if judgement["verdict"] == "undecided" and needed and f"{needed:,}" not in rule["reason"]:
        yield f"about {needed:,} rows would decide; there are {judgement['rows']:,}"
    for one in judgement["slices"]:
        yield from _slice(rule, one, style)


def _figures(rule: Mapping[str, Any], judgement: Mapping[str, Any]) -> Iterator[str]:
    """The estimate, the bound on the side that the limit is on, and the tightest limit that these rows prove."""
    upper, is_passed = judgement["comparison"] in ("<=", "<"), judgement["verdict"] == "pass"
    bound = judgement.get("upper" if upper else "lower")
    other = judgement.get("lower" if upper else "upper")
    if judgement.get("estimate") is not None:
        yield f"estimate {_figure(rule, judgement['estimate'])}"
    if bound is not None and judgement["verdict"] != "fail":
        yield f"{'at most' if upper else 'at least'} {_figure(rule, bound)}{_level(judgement)}"
    if other is not None and judgement["verdict"] == "fail":
        yield f"{'at least' if upper else 'at most'} {_figure(rule, other)}{_level(judgement)}"
    if judgement.get("limit") is not None and (judgement.get("estimate") is not None or judgement.get("baseline")):
        baseline = f" ({judgement['baseline']})" if judgement.get("baseline") else ""
        yield f"limit {_figure(rule, judgement['limit'])}{baseline}"
    provable = judgement.get("provable_limit") if judgement.get("estimate") is not None else None
    if provable is not None and provable != bound and not is_passed:
        yield f"provable limit {_figure(rule, provable)}"


def _level(judgement: Mapping[str, Any]) -> str:
    return f" at {judgement['level'] * 100:g}%" if judgement.get("level") else ""


def _evidence(judgement: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> Iterator[str]:
    """On how many rows and units, unless they are those that are known."""
    rows, units = judgement.get("rows"), judgement.get("units")
    if rows and (known is None or (rows, units) != (known["rows"], known["units"])):
        yield f"{rows:,} rows" + (f" in {units:,} units" if units and units != rows else "")


def _slice(rule: Mapping[str, Any], one: Mapping[str, Any], style: Style) -> Iterator[str]:
    tone, mark = _SIGNS[one["verdict"]]
    if one["standing"] != "judged":
        yield f"{style('dim', '·')} {safe(str(one['slice']))}: {one['standing']}"
        return
    figures = ", ".join([*_figures(rule, {**one, "limit": None}), *_evidence(one)])
    yield f"{style(tone, mark)} {safe(str(one['slice']))}: {figures}"


def _figure(rule: Mapping[str, Any], value: float) -> str:
    if rule["kind"] == "latency":
        return f"{value * _MILLISECONDS:.3g} ms"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
