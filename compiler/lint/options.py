"""`[tool.mlopsc]` of a `pyproject.toml`: how bad a rule is in this project, and which ones are switched off, with why.

```toml
[tool.mlopsc.severity]
unused-stage = "error"

[tool.mlopsc.off]
single-environment = "a pilot; one is enough until it is decided"
```
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from posixpath import dirname, join, normpath
from types import MappingProxyType

from mlopsc.compiler.diagnostics import Code, Diagnostic, Severity, did_you_mean, message, replace
from mlopsc.compiler.records import Record
from mlopsc.compiler.text import Location, SourceFile, Span
from mlopsc.compiler.workspace import SourceProblem, Workspace

FILE = "pyproject.toml"
_TABLE = "tool.mlopsc"
_KNOWN = ("severity", "off")
_SEVERITIES = tuple(one.value for one in Severity)


class Options(Record):
    """What a project says of rules, by their names: how bad each is, and why some are switched off."""

    severity: Mapping[str, Severity] = MappingProxyType({})
    off: Mapping[str, str] = MappingProxyType({})


@message("L904", "unknown-option")
def unknown_option(code: Code, at: Location, what: str, close: str | None, known: Collection[str]) -> Diagnostic:
    """`[tool.mlopsc]` of `pyproject.toml` has a word that is none: a table besides `severity` and `off`, a rule that
    there is not, or a severity besides `error`, `warning` and `info`. It would be silently without effect.

    wrong:
    ```toml
    [tool.mlopsc.severity]
    unused-stages = "error"
    ```

    right:
    ```toml
    [tool.mlopsc.severity]
    unused-stage = "error"
    ```
    """
    word = at.text.strip('"')
    fixes = (replace(f"Write `{close}`", at, at.text.replace(word, close), safe=False),) if close else ()
    few = ", ".join(f"`{one}`" for one in known)
    return Diagnostic(
        code,
        at,
        f"`{word}` is no {what}",
        label=f"did you mean `{close}`?" if close else "",
        hint=""
        if close
        else "`mlopsc explain` lists the rules."
        if what == "rule of the linter"
        else f"There are {few}.",
        fixes=fixes,
    )


@message("L905", "off-without-reason")
def off_without_reason(code: Code, at: Location, rule: str) -> Diagnostic:
    """`[tool.mlopsc.off]` switches a rule off and does not say why. Whoever reads it in a year has to know, as with a
    comment that allows something on a line.

    wrong:
    ```toml
    [tool.mlopsc.off]
    single-environment = true
    ```

    right:
    ```toml
    [tool.mlopsc.off]
    single-environment = "a pilot; one is enough until it is decided"
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{rule}` is switched off without a reason",
        label="not honoured",
        hint=f'Write `{rule} = "…"` with why.',
    )


@message("L906", "unreadable-options")
def unreadable_options(code: Code, at: Location, why: str) -> Diagnostic:
    """A `pyproject.toml` that seems to have a `[tool.mlopsc]` is no TOML, or has something else than a table there, so
    that what it says of rules cannot be followed.

    wrong:
    ```toml
    [tool.mlopsc.off]
    single-environment = a pilot
    ```

    right:
    ```toml
    [tool.mlopsc.off]
    single-environment = "a pilot"
    ```
    """
    return Diagnostic(code, at, f"`{FILE}` cannot be read: {why}", label="here", hint="Correct it.")


def options_of(workspace: Workspace, main: str, rules: Iterable[str]) -> tuple[Options, tuple[Diagnostic, ...]]:
    """What the nearest `pyproject.toml` with a `[tool.mlopsc]` says, beside the spec or above it, and its mistakes."""
    for path in _places(workspace, main):
        if not workspace.exists(path):  # what is missing costs a search for names like it
            continue
        try:
            text = workspace.read(path)
        except SourceProblem:
            continue
        if "mlopsc" in text and (found := _parsed(path, text, frozenset(rules))) is not None:
            return found
    return Options(), ()


def _places(workspace: Workspace, main: str) -> Iterator[str]:
    """Where a `pyproject.toml` may be: beside the spec, and in each folder above it within the repository."""
    folder = dirname(main) or "."
    above = len(workspace.folder.resolve().parts) - 1 if workspace.folder is not None else 0
    for _ in range(folder.count("/") + (folder != ".") + above + 1):
        yield normpath(join(folder, FILE))
        if workspace.exists(normpath(join(folder, ".git"))):
            return
        folder = normpath(join(folder, ".."))


@lru_cache(maxsize=4)
def _parsed(path: str, text: str, rules: frozenset[str]) -> tuple[Options, tuple[Diagnostic, ...]] | None:
    """What a text says; None where it has no `[tool.mlopsc]`."""
    import tomllib

    file = SourceFile(path, text)
    try:
        tool = tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        if not re.search(rf"^\s*\[\s*{_TABLE}\b", text, re.MULTILINE):
            return None
        return Options(), (unreadable_options(_line_of(file, str(error)), str(error)),)
    table = tool.get("mlopsc") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        return Options(), (unreadable_options(_place(file, "mlopsc"), f"`{_TABLE}` is no table"),)
    return _read(file, table, rules)


def _read(file: SourceFile, table: dict[str, object], rules: frozenset[str]) -> tuple[Options, tuple[Diagnostic, ...]]:
    problems: list[Diagnostic] = []
    severity: dict[str, Severity] = {}
    off: dict[str, str] = {}
    for key, content in table.items():
        if key not in _KNOWN:
            problems.append(unknown_option(_place(file, key), "option of mlopsc", did_you_mean(key, _KNOWN), _KNOWN))
        elif not isinstance(content, dict):
            problems.append(unreadable_options(_place(file, key), f"`{_TABLE}.{key}` is no table"))
        for rule, value in content.items() if key in _KNOWN and isinstance(content, dict) else ():
            at = _place(file, rule, key)
            if rule not in rules:
                problems.append(unknown_option(at, "rule of the linter", did_you_mean(rule, rules), sorted(rules)))
            elif key == "off" and isinstance(value, str) and value.strip():
                off[rule] = value.strip()
            elif key == "off":
                problems.append(off_without_reason(at, rule))
            elif value in _SEVERITIES:
                severity[rule] = Severity(value)
            else:
                wrong = _value_of(at)
                problems.append(unknown_option(wrong, "severity", did_you_mean(str(value), _SEVERITIES), _SEVERITIES))
    return Options(severity, off), tuple(problems)


def _place(file: SourceFile, key: str, table: str = "") -> Location:
    """Where a key stands, in its table if one is named; else where the table begins."""
    quoted = rf'(?P<key>"{re.escape(key)}"|{re.escape(key)})'
    header = re.search(rf"^\s*\[\s*{_TABLE}(\s*\.\s*{re.escape(table)})?\s*[\].]", file.text, re.MULTILINE)
    start = header.start() if header else 0
    patterns = (rf"^\s*\[\s*{_TABLE}\s*\.\s*{quoted}", rf"^[^#\n]*?(?<![\w-]){quoted}\s*[=.]", quoted)
    found = next((one for each in patterns if (one := re.compile(each, re.MULTILINE).search(file.text, start))), None)
    return Location(file, Span(*found.span("key")) if found else Span(start, start))


def _value_of(at: Location) -> Location:
    """What follows the `=` after a key, on its line."""
    found = re.compile(r"\s*=\s*([^#\n]*[^#\s])").match(at.file.text, at.span.end)
    return Location(at.file, Span(*found.span(1))) if found else at


def _line_of(file: SourceFile, error: str) -> Location:
    """The line that an error of TOML names."""
    found = re.search(r"at line (\d+), column (\d+)", error)
    line = min(int(found[1]), len(file.line_starts)) if found else 1
    start = file.line_starts[line - 1]
    return Location(file, Span(start, start + len(file.line(line))))
