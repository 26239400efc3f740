"""What the compiler has to say: one type for every message, whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from inspect import getdoc
from typing import Concatenate, Generic, NamedTuple, ParamSpec

from mlopsc.compiler.records import Record
from mlopsc.compiler.text import Location, Span

P = ParamSpec("P")


class Severity(StrEnum):
    """How bad it is; only errors keep anything from being written."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(NamedTuple):
    """A kind of message: its stable number, the title of its page, and how bad it is unless said otherwise.

    The page itself is the docstring of the function that makes the message (see `compiler.catalogue`).
    """

    id: str
    title: str
    severity: Severity = Severity.ERROR


class Label(Record):
    """A few words about another place that matters to a message ("first defined here")."""

    location: Location
    text: str


class Edit(Record):
    """Replace the characters at a location with other text."""

    location: Location
    text: str


class Fix(Record):
    """Edits that mend a mistake. Safe ones keep or make the meaning that was plainly intended; others want a look."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


class Diagnostic(Record):
    """One mistake, one message.

    `message` states a fact with names in backticks, `label` is the few words shown at the caret, `hint` says the
    next step where a fix cannot.
    """

    code: Code
    location: Location
    message: str
    label: str = ""
    related: tuple[Label, ...] = ()
    hint: str = ""
    fixes: tuple[Fix, ...] = ()
    severity_override: Severity | None = None

    @property
    def severity(self) -> Severity:
        """How bad it is: as its code says, unless said otherwise."""
        return self.severity_override or self.code.severity

    @property
    def is_error(self) -> bool:
        """Whether it keeps anything from being written."""
        return self.severity is Severity.ERROR

    @property
    def order(self) -> tuple[str, Span, str]:
        """The order in which messages are shown: by file, place and code."""
        return self.location.file.path, self.location.span, self.code.id


@dataclass(frozen=True)
class Message(Generic[P]):
    """A code and the function that words its messages; calling it gives the function its code as first argument."""

    code: Code
    make: Callable[Concatenate[Code, P], Diagnostic]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Diagnostic:
        return self.make(self.code, *args, **kwargs)

    @property
    def page(self) -> str:
        """What `mlopsc explain` shows: the docstring of the function."""
        return getdoc(self.make) or ""


def message(
    id: str, title: str, severity: Severity = Severity.ERROR
) -> Callable[[Callable[Concatenate[Code, P], Diagnostic]], Message[P]]:
    """Make the decorated function the one place that words the messages of code `id`.

    The function takes its `Code` as first parameter; callers leave it out.
    """

    def decorate(make: Callable[Concatenate[Code, P], Diagnostic]) -> Message[P]:
        return Message(Code(id, title, severity), make)

    return decorate


def replace(title: str, location: Location, text: str, *, safe: bool = True) -> Fix:
    """A fix that puts `text` in the place of what stands at `location`."""
    return Fix(title, (Edit(location, text),), safe)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, if one is close enough to be worth offering."""
    from difflib import get_close_matches

    names = {candidate.lower(): candidate for candidate in sorted(known)}
    close = get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """`text` with the edits made; of overlapping edits only the first (by place) is made."""
    done: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.location.span):
        if edit.location.span.start < at:
            continue
        done += [text[at : edit.location.span.start], edit.text]
        at = edit.location.span.end
    return "".join([*done, text[at:]])
