"""Splits a file into its top-level items without parsing it, so that an edit costs the parse of one item."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from mlopsc.compiler.syntax.vocabulary import Vocabulary

DEEPEST = 64
SCAN = r"""
    (?P<filler>  ^ (?: [ \t\r\f\uFEFF]* (?:\#[^\n]*)? \n )+ )
  | (?P<head>    ^ \uFEFF? (?=[^\W\d]|`) )
  | (?P<text>    \"{3} TEXT_END )
  | (?P<endless> \"{3} )
  | (?P<literal> "(?:[^"\\\n]|\\.)*"? | '[^'\n]*'? | `[^`\n]*`? | \#[^\n]* | //[^\n]* | /\*[\s\S]*?(?:\*/|\Z) )
  | (?P<comma>   , [ \t\r]* (?:\#[^\n]*)? \n )
  | (?P<open>    \{+ )
  | (?P<close>   \} )
  | (?P<bracket> [\[(]+ )
  | (?P<closing> [\])] )
"""
INFIX = re.compile(r"(?:and|or|in|not[ \t]+in)\b(?![ \t]*[:={])")


class Split(NamedTuple):
    """The texts of a file's chunks, in order; where braces or brackets nest too deep to be meant, the offset."""

    texts: list[str]
    too_deep: int | None = None


class Patterns(NamedTuple):
    """What finds the parts that matter: `strict` ends a text block that is never closed before the next header."""

    header: re.Pattern[str]
    scan: re.Pattern[str]
    strict: re.Pattern[str]


@dataclass
class Scan:
    """How far the scan has come: where chunks start, and what is open."""

    starts: list[int] = field(default_factory=lambda: [0])
    depth: int = 0
    brackets: list[str] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    """Starts inside brackets: they count only if the brackets are never closed."""


def split(text: str, vocabulary: Vocabulary) -> Split:
    """The chunks of a text, which together are the text again.

    A chunk begins where a line begins with a name at column 0, outside braces and brackets that are closed; and,
    whatever is open, where such a line is the header of a top-level block.
    """
    patterns = _patterns(vocabulary)
    scanned = _scan(text, patterns.scan, patterns.header)
    if scanned is None:
        scanned = _scan(text, patterns.strict, patterns.header)
    if isinstance(scanned, int):
        return Split([text], scanned)
    starts = scanned or [0]
    return Split([text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)])


@cache
def _patterns(vocabulary: Vocabulary) -> Patterns:
    kinds = "|".join(sorted(map(re.escape, vocabulary.kinds - vocabulary.nested))) or r"(?!)"
    header = rf"(?:{kinds})(?:[ \t]+[\w.`\"'-]+)?[ \t]*(?:\{{|\r?$|\#)"
    ends = {"scan": r'[\s\S]*?"{3}', "strict": rf'(?:[^\n]|\n(?!{header}))*?(?:"{{3}}|(?=\n{header})|\Z)'}
    compiled = {
        name: re.compile(SCAN.replace("TEXT_END", end), re.VERBOSE | re.MULTILINE) for name, end in ends.items()
    }
    return Patterns(re.compile(header, re.MULTILINE), compiled["scan"], compiled["strict"])


def _scan(text: str, pattern: re.Pattern[str], header: re.Pattern[str]) -> list[int] | int | None:
    """Where chunks start; or the offset of nesting too deep; or None if a text block never ends."""
    scan = Scan()
    filler_start = filler_end = comma_end = -1
    for match in pattern.finditer(text):
        kind = match.lastgroup
        if kind == "filler":
            filler_start, filler_end = match.span()
        elif kind == "comma":
            comma_end = match.end()
        elif kind == "head":
            start = filler_start if filler_end == match.start() else match.start()
            if start != comma_end and not INFIX.match(text, match.end()):
                _begin(scan, start, header.match(text, match.end()) is not None)
        elif kind == "endless":
            return None
        elif kind != "literal" and kind != "text":
            _nest(scan, kind, match[0])
            if scan.depth + len(scan.brackets) > DEEPEST:
                return match.start()
    return scan.starts + scan.held


def _begin(scan: Scan, start: int, is_header: bool) -> None:
    """A line that may begin a chunk: it does at the top of the file, and with a header anywhere."""
    if scan.depth and not is_header:
        return
    if scan.brackets and not is_header:
        scan.held.append(start)
        return
    scan.starts += scan.held
    scan.held = []
    if start > scan.starts[-1]:
        scan.starts.append(start)
    scan.depth = 0
    scan.brackets = []


def _nest(scan: Scan, kind: str | None, text: str) -> None:
    """Braces and brackets: a brace ends every bracket that is open."""
    match kind:
        case "open" | "close":
            scan.starts += scan.held
            scan.brackets, scan.held = [], []
            scan.depth = scan.depth + len(text) if kind == "open" else max(0, scan.depth - 1)
        case "bracket":
            scan.brackets += text
        case "closing":
            opener = "(" if text == ")" else "["
            while scan.brackets and scan.brackets.pop() != opener:
                pass
            if not scan.brackets:
                scan.held = []
