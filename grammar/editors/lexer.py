"""Colours for specs in pages and terminals: a lexer for Pygments, which finds it by its entry point."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace, _TokenType

_WORDS: dict[str, list[str]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
_NAME = r"(?:`[^`\n]+`|[^\W\d]\w*)"
_DOTTED = rf"{_NAME}(?:\.{_NAME})*"
_GAP = r"[ \t\r\f\ufeff]"
_NUMBER = r"\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?"
_DATE = r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?(?!\w)"
_TIME = r"\d{2}:\d{2}(?::\d{2})?(?!\w)"

Found = Iterator[tuple[int, _TokenType, str]]
Rule = Any
"""A rule of a state: what pygments takes is a tuple, an `include` or a `default`."""


def _any(group: str) -> str:
    """A pattern for each word of a group, the longest first."""
    longest = sorted(_WORDS[group], key=lambda word: (-len(word), word))
    return rf"\b(?:{'|'.join(map(re.escape, longest))})(?!\w)"


def _known(known: _TokenType, other: _TokenType, *groups: str) -> Callable[..., Found]:
    """What colours one kind for the words of some groups, and another one for the rest."""
    listed = frozenset(word for group in groups for word in _WORDS[group])

    def colour(_lexer: object, match: re.Match[str], _context: object = None) -> Found:
        yield match.start(), known if match.group() in listed else other, match.group()

    return colour


def _groups(*colours: object) -> Callable[..., Found]:
    """A colour for each group of a pattern."""
    coloured: Callable[..., Found] = bygroups(*colours)  # type: ignore[no-untyped-call]
    return coloured


_KIND = _known(Keyword.Declaration, Name.Class, "kinds")
_SETTING = _known(Name.Attribute, Name.Constant, "settings")
_TYPE = _known(Keyword.Type, Name.Class, "types")
_FUNCTION = _known(Name.Builtin, Name.Function, "functions")
_SUBJECT = _known(Name.Builtin, Name, "functions", "events")
_ROLE = _known(Name.Constant, Name, "roles")
_VALUE = _known(Name.Constant, Name, "symbols")
_UNIT = _known(Keyword.Type, Name, "units")

_ITEMS: Sequence[Rule] = (
    include("blank"),
    (
        rf"([^\W\d]\w*)(?:([ \t]+)({_DOTTED}))?(\s*)(\{{)",
        _groups(_KIND, Whitespace, Name.Namespace, Whitespace, Punctuation),
    ),
    (rf"({_NAME})({_GAP}*)(=)(?!=)", _groups(_SETTING, Whitespace, Operator), "value"),
    (
        rf"({_NAME})({_GAP}*)(:)({_GAP}*)({_NAME})?",
        _groups(Name.Variable, Whitespace, Punctuation, Whitespace, _TYPE),
        "tail",
    ),
    (
        rf"({_any('verbs')})([ \t]+)(?!(?:and|or|not|in|true|false|none)\b)({_DOTTED})(?![\w`.]|\s*\()",
        _groups(Keyword, Whitespace, _SUBJECT),
        "tail",
    ),
    (_any("verbs"), Keyword, "tail"),
    (rf"(?={_any('clauses')}\s|(?:and|or|in)\b|[<>=!]=|[,<>+*/\-])", Whitespace, "tail"),
    (r"[{}]", Punctuation),
    include("value of any kind"),
)

_CLAUSE_FOLLOWS = rf"{_GAP}*(?:[<>]=?|==|!=)|[ \t]+[\w\"'`(\[+\-.]|{_GAP}*(?:[,#}}]|$)"
_CLAUSE: Rule = (rf"{_any('clauses')}(?={_CLAUSE_FOLLOWS})(?!\s+(?:and|or|in)\b)", Keyword.Pseudo)

_VALUES: Sequence[Rule] = (
    (r'"""', String.Heredoc, "text"),
    (r'"', String.Double, "string"),
    (r"'[^'\n]*'", String.Single),
    (_DATE, Number.Date),
    (_TIME, Number.Date),
    (rf"({_NUMBER})(%|(?!\d)\w+)?", _groups(Number, _UNIT)),
    (rf"({_any('operators')})", Operator.Word),
    (rf"({_DOTTED})(\s*)(\()", _groups(_FUNCTION, Whitespace, Punctuation), "brackets"),
    (r"[(\[]", Punctuation, "brackets"),
    (_any("literals"), Keyword.Constant),
    (rf"{_any('symbols')}(?!\s*\.)", Name.Constant),
    (r"<=|>=|==|!=|\.\.|[<>+*/\-]", Operator),
    (r"`[^`\n]+`", Name),
    (r"[^\W\d]\w*", Name),
    (r"[.,]", Punctuation),
)

_INTERPOLATION: Rule = (
    r"(\$\{)(\s*)([^\W\d]\w*(?:\.[^\W\d]\w*)*)(\s*)(\})",
    _groups(String.Interpol, Whitespace, Name.Variable, Whitespace, String.Interpol),
)


class MlopsLexer(RegexLexer):
    """For specs of `mlopsc`.

    What a word is hangs on where it stands: `at` is a clause after the subject of a rule, and a column in `time = at`.
    """

    name = "MLOps"
    url = "https://github.com/mlopsc/mlopsc"
    aliases: ClassVar[list[str]] = ["mlops"]
    filenames: ClassVar[list[str]] = ["*.mlops"]
    version_added = ""
    flags = re.MULTILINE

    tokens: ClassVar[dict[str, list[Rule]]] = {
        "root": list(_ITEMS),
        "blank": [(rf"{_GAP}+", Whitespace), (r"\n", Whitespace), include("comment")],
        "comment": [
            (
                r"(#\s*mlopsc:\s*allow)(\s+)([\w, -]*?)(?=\s*(?:--|$))",
                _groups(Comment.Special, Whitespace, Name.Tag),
                "reason",
            ),
            (r"#[^\n]*", Comment.Single),
        ],
        "reason": [(r"[^\n]+", Comment.Single, "#pop"), default("#pop")],
        "value": [(r"\n", Whitespace, "#pop"), (r"(?=\})", Whitespace, "#pop"), include("in a line")],
        "tail": [
            (
                rf"(,)({_GAP}*)(#[^\n]*)?(\n)",
                _groups(Punctuation, Whitespace, Comment.Single, Whitespace),
            ),
            (r"\n", Whitespace, "#pop"),
            (r"(?=\})", Whitespace, "#pop"),
            (r"(\brole)(\s+)(\w+)", _groups(Keyword.Pseudo, Whitespace, _ROLE)),
            # what follows an operator is a value, whatever it is called
            (
                rf"([<>=!]=|[<>+*/\-])({_GAP}+)(?!(?:true|false|none|not)\b)({_NAME})(?![\w`]|\s*[(.])",
                _groups(Operator, Whitespace, _VALUE),
            ),
            _CLAUSE,
            include("in a line"),
        ],
        "in a line": [(rf"{_GAP}+", Whitespace), include("comment"), include("value of any kind")],
        "brackets": [
            (r"[)\]]", Punctuation, "#pop"),
            (r"(?=[{}])", Whitespace, "#pop"),
            include("blank"),
            (rf"({_NAME})(\s*)(=)(?!=)", _groups(Name.Attribute, Whitespace, Operator)),
            include("value of any kind"),
        ],
        "value of any kind": list(_VALUES),
        "string": [
            (r'"', String.Double, "#pop"),
            (r"(?=\n)", Whitespace, "#pop"),
            (r'\\(?:u[0-9a-fA-F]{4}|[ntr"\\$])', String.Escape),
            _INTERPOLATION,
            (r'[^"\\\n$]+|[\\$]', String.Double),
        ],
        "text": [(r'"""', String.Heredoc, "#pop"), _INTERPOLATION, (r'[^"$]+|["$]', String.Heredoc)],
    }
