"""What somebody probably meant, for the label and the fix of a message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mlopsc.compiler.diagnostics import Fix, did_you_mean, replace
from mlopsc.compiler.text import Location, Span


class Meant(NamedTuple):
    """A label and a fix; both are empty where nothing comes close."""

    label: str
    fixes: tuple[Fix, ...]


def meant(at: Location, name: str, known: Iterable[str]) -> Meant:
    """The known name that is closest to one that does not exist."""
    known = list(known)
    longer = [one for one in known if len(name) > 2 and one.lower().startswith(name.lower())]
    close = longer[0] if len(longer) == 1 else did_you_mean(name, known)
    if close is None:
        return Meant("", ())
    return Meant(f"did you mean `{close}`?", (replace(f"Write `{close}`", at, close, safe=False),))


def end_of(at: Location) -> Location:
    """The empty place right behind another."""
    return Location(at.file, Span(at.span.end, at.span.end))


def start_of(at: Location) -> Location:
    """The empty place right before another."""
    return Location(at.file, Span(at.span.start, at.span.start))
