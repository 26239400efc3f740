"""The words for a file of pins that cannot be followed."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message
from mlopsc.compiler.text import Location


@message("E640", "pins that cannot be followed")
def wrong_pins(code: Code, at: Location, place: str, fact: str, hint: str) -> Diagnostic:
    """The workflows name every action by a commit, and `.github/mlopsc-pins.yml`, at the top of the repository, says
    which. The file is yours to change. What it says must be a release and a commit of 40 hex digits for actions that
    the workflows use: a commit that is guessed, or a name that nobody looks at, would be found only on GitHub, or
    never. Nothing is written until it is mended; without the file, the releases that `mlopsc` knows are used.
    `mlopsc pins check` looks at it alone.
    """
    return Diagnostic(code, at, f"`{place}`: {fact}", label="its workflows are written by that file", hint=hint)
