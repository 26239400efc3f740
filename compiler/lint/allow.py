"""`# mlopsc: allow NAME -- why`: leaves out what a rule of the linter finds on a line, if a reason is given."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlopsc.compiler.diagnostics import Code, Diagnostic, Edit, Fix, Severity, did_you_mean, message, replace
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location

_ALLOW = re.compile(r"#\s*mlopsc:\s*allow\s+(?P<names>[\w, -]*?)\s*(?:--\s*(?P<why>.*\S)\s*)?$")


@dataclass(frozen=True)
class Allowance:
    """One name in such a comment; `line` is the line of the file that it is about, `at` is the comment."""

    name: str
    reason: str
    line: int
    at: Location


@message("L901", "unused-allow", Severity.WARNING)
def unused_allow(code: Code, allowance: Allowance) -> Diagnostic:
    """A comment allows what is not found on its line any more: the reason that it gives misleads the next reader.

    wrong:
    ```mlops
    owner = "mobility-ml@example.com"

    pipeline demand {  # mlopsc: allow missing-owner -- a demo
      owner = owner
    }
    ```

    right:
    ```mlops
    owner = "mobility-ml@example.com"

    pipeline demand {
      owner = owner
    }
    ```
    """
    edit = Edit(allowance.at, "")
    return Diagnostic(
        code,
        allowance.at,
        f"there is no `{allowance.name}` to allow on line {allowance.line}",
        label="allows nothing",
        fixes=(Fix("Remove the comment", (edit,), safe=True),),
    )


@message("L902", "unknown-allow", Severity.WARNING)
def unknown_allow(code: Code, allowance: Allowance, close: str | None) -> Diagnostic:
    """A comment allows something that is no rule of the linter. Only lint rules can be allowed; an error can't.

    wrong:
    ```mlops
    pipeline demand {  # mlopsc: allow mising-owner -- a demo
      language = 1
    }
    ```

    right:
    ```mlops
    pipeline demand {
      language = 1
    }
    ```
    """
    mended = allowance.at.text.replace(allowance.name, close or "", 1)
    fixes = (replace(f"Write `{close}`", allowance.at, mended),) if close else ()
    return Diagnostic(
        code,
        allowance.at,
        f"`{allowance.name}` is no rule of the linter",
        label=f"did you mean `{close}`?" if close else "",
        hint="" if close else "`mlopsc explain` lists the rules; errors cannot be allowed.",
        fixes=fixes,
    )


@message("L903", "allow-without-reason", Severity.WARNING)
def allow_without_reason(code: Code, allowance: Allowance) -> Diagnostic:
    """A comment allows something and does not say why. Whoever reads the spec in a year has to know; so without a
    reason the comment does nothing.

    wrong:
    ```mlops
    limit = 45  # mlopsc: allow unused-constant

    pipeline demand {
      language = 1
    }
    ```

    right:
    ```mlops
    limit = 45  # mlopsc: allow unused-constant -- the dashboard reads it

    pipeline demand {
      language = 1
    }
    ```
    """
    return Diagnostic(
        code,
        allowance.at,
        f"`{allowance.name}` is allowed without a reason",
        label="not honoured",
        hint=f"Write `# mlopsc: allow {allowance.name} -- ` and why.",
    )


def without_allowed(
    found: Iterable[Diagnostic], files: Iterable[ast.File], rules: Mapping[str, Code], off: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """What was found and is not allowed, and what is wrong with the comments that allow.

    `rules` are codes by name; a comment that allows one that is `off` allows nothing now, and is no mistake.
    """
    allowances = [allowance for file in files for allowance in allowances_of(file)]
    used: set[Allowance] = set()
    for diagnostic in found:
        allowing = [one for one in allowances if one.reason and allows(one, diagnostic)]
        used.update(allowing)
        if not allowing:
            yield diagnostic
    for allowance in allowances:
        if allowance.name not in rules:
            yield unknown_allow(allowance, did_you_mean(allowance.name, rules))
        elif not allowance.reason:
            yield allow_without_reason(allowance)
        elif allowance not in used and allowance.name not in off:
            yield unused_allow(allowance)


def allowances_of(file: ast.File) -> Iterator[Allowance]:
    """What the comments of a file allow."""
    for chunk, start in zip(file.chunks, file.starts, strict=True):
        origin = ast.Origin(file.source, start)
        for comment in chunk.comments:
            if match := _ALLOW.match(comment.text):
                at = origin.at(comment)
                for name in re.split(r"[\s,]+", match["names"]):
                    yield Allowance(name, match["why"] or "", _line_meant(at), at)


def _line_meant(at: Location) -> int:
    """The line of the comment, or the next one with code where the comment has a line of its own."""
    line = at.position.line
    if at.file.line(line)[: at.position.column - 1].strip():
        return line
    following = range(line + 1, len(at.file.line_starts) + 1)
    return next((number for number in following if _has_code(at.file.line(number))), line)


def _has_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def allows(allowance: Allowance, diagnostic: Diagnostic) -> bool:
    """Whether a comment is about what was found: the rule and the lines."""
    place = diagnostic.location
    return (
        allowance.name == diagnostic.code.title
        and allowance.at.file.path == place.file.path
        and place.position.line <= allowance.line <= place.end.line
    )
