"""The words for what goes wrong before a file is parsed, between files, and inside the compiler itself."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message
from mlopsc.compiler.text import Location


@message("E000", "internal compiler error")
def internal_error(code: Code, at: Location, phase: str, error: str, trace: str) -> Diagnostic:
    """The compiler met a case that it was not written for. The spec is not to blame, whatever is wrong with it.

    Nothing has been written. Please report it with the lines below the message and, if you can, the smallest part
    of the spec that still shows it.
    """
    return Diagnostic(
        code,
        at,
        f"the compiler failed while {phase}: {error}",
        hint=f"This is a mistake in mlopsc, not in your spec. Please report it with these lines:\n{trace}",
    )


@message("E001", "missing file")
def missing_file(code: Code, at: Location, path: str, hint: str) -> Diagnostic:
    """A spec that is given to `mlopsc`, or that another spec uses, does not exist. Paths count from the folder of the
    first spec.

    wrong:
    ```mlops
    use "shraed.mlops"
    ```
    """
    return Diagnostic(code, at, f"there is no file `{path}`", label="looked for here", hint=hint)


@message("E002", "unreadable file")
def unreadable_file(code: Code, at: Location, fact: str, hint: str) -> Diagnostic:
    """A file is there but cannot be read: it is a folder, its permissions forbid it, or the disk fails."""
    return Diagnostic(code, at, fact, hint=hint)


@message("E003", "files that use each other")
def cyclic_use(code: Code, at: Location, path: Sequence[Location], name: str) -> Diagnostic:
    """A file uses another one that, directly or through others, uses it back. Names must come from somewhere first:
    move what both need into a third file that neither of the two has to be used by.
    """
    return Diagnostic(
        code,
        at,
        f"`{name}` uses itself",
        label="this leads back to where it began",
        related=tuple(Label(step, "through here") for step in path),
        hint="Move what both files need into a third one, and use that from both.",
    )


@message("E004", "package that cannot be loaded")
def broken_package(code: Code, at: Location, package: str, reason: str) -> Diagnostic:
    """A spec names a function of an installed package, and the package cannot be loaded, or declares words that do
    not begin with its own name. Reinstall the package, or tell whoever makes it.
    """
    return Diagnostic(code, at, f"the package `{package}` cannot be loaded: {reason}", hint="Install it again.")
