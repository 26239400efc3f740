"""Values that may be written for a parameter: those that its description names, and some of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mlopsc.compiler.records import Record
from mlopsc.compiler.render.wording import default_of
from mlopsc.compiler.scaffold.spec import quoted_text
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Subject
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.types import Rising, is_marked, type_of
from mlopsc.compiler.schema.values import SECONDS


class Example(Record):
    """A value as it is written, and what it says; `is_own` for text that everybody writes differently."""

    text: str
    told: str = ""
    is_own: bool = False


_NAMED = re.compile(r"(?:such as|, as) `\"?([^`]+?)\"?`")
_BY_KIND: Mapping[str, tuple[tuple[str, str], ...]] = {
    "duration": (("1h", "an hour"), ("1d", "a day"), ("7d", "a week"), ("28d", "four weeks"), ("1mo", "a month")),
    "share": (("5%", ""), ("10%", ""), ("20%", ""), ("50%", ""), ("100%", "all")),
    "bytes": (("512MB", ""), ("4GB", "")),
    "money": (("400USD", ""),),
    "rate": (("1 / 90d", "one in ninety days"), ("4 / 30d", "four in thirty days"), ("1_000 / 1d", "a thousand a day")),
    "date": (("2025-03-01", ""),),
    "timestamp": (("2025-03-01T06:00Z", "the `Z` is UTC"),),
    "time": (("02:30", ""),),
    "bool": (("true", ""), ("false", "")),
}
_LEVELS = (("95%", "wrong in 5 of 100 cases at most"), ("99%", "wrong in 1 of 100 cases at most"), ("90%", ""))
_LIMITS: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("ratio", "higher"): (("90%", ""), ("99%", ""), ("99.9%", "")),
    ("ratio", "lower"): (("1%", ""), ("5%", "")),
    ("duration", "lower"): (("20ms", ""), ("200ms", ""), ("2d", "")),
    ("count", ""): (("1_000", ""), ("10_000", "")),
}
UNITS: Mapping[str, Mapping[str, str]] = {
    "duration": {"d": "days", "w": "weeks", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds"},
    "share": {"%": "percent"},
    "points": {"pp": "percentage points", "%": "percent"},
    "bytes": {"MB": "megabytes", "GB": "gigabytes"},
    "money": {"USD": "US dollars", "EUR": "euros", "GBP": "pounds"},
    "rate": {" / 30d": "in thirty days", " / 1d": "a day", "USD / 1mo": "US dollars a month"},
}
"""The units that may follow a number, by what it is to be."""


def examples(parameter: Parameter) -> Iterator[Example]:
    """Values that a parameter takes, the likeliest first; each once."""
    found: dict[str, Example] = {}
    for one in _examples(parameter, type_of(parameter)):
        found.setdefault(one.text, one)
    return iter(found.values())


def limits_of(subject: type[Subject], *, is_age: bool) -> Iterator[Example]:
    """Numbers that a subject may be compared with, where its measure has usual ones."""
    for text, told in _LIMITS.get((subject.measure, subject.better), ()):
        if subject.measure != "duration" or is_age == text.endswith("d"):
            yield Example(text, told)


def dimensions_of(type_: types.Type) -> list[str]:
    """The kinds of quantities that a type takes."""
    match type_:
        case types.Plain(dimension=dimension):
            return [dimension]
        case types.OneOf(options=options):
            return [one for option in options for one in dimensions_of(option)]
        case types.ListOf(item=item):
            return dimensions_of(item)
    return []


def _examples(parameter: Parameter, type_: types.Type) -> Iterator[Example]:
    default = default_of(parameter)
    if isinstance(type_, types.LanguageVersion):
        yield Example(str(type_.latest), "the newest")
        return
    kinds = dimensions_of(type_)
    for text in _NAMED.findall(parameter.description):
        if "text" in kinds and _holds(parameter, text):
            yield Example(quoted_text(text), "an example", is_own=True)
        elif kinds and "text" not in kinds:
            yield Example(text, "")
    if default is not None and kinds:
        yield Example(default, "by default")
    if is_marked(parameter, Rising):
        return
    if parameter.constraints.get("ge") == 0.5 and "share" in kinds:
        yield from (Example(*one) for one in _LEVELS)
        return
    for kind in kinds:
        yield from (Example(*one) for one in _BY_KIND.get(kind, ()))


def _holds(parameter: Parameter, text: str) -> bool:
    pattern = parameter.constraints.get("pattern")
    return not pattern or re.search(pattern, text) is not None


def said(text: str) -> str:
    """A length of time in other words, where these say more: `168h` is a week."""
    match = re.fullmatch(r"(\d+)(h|min|s|d)", text)
    if match is None:
        return ""
    seconds = int(match[1]) * SECONDS[match[2]]
    for name, size in (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0 and seconds >= size and not (match[2] == name[0] or match[2] == "min" == name[:3]):
            count = round(seconds / size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return ""
