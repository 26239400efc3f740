"""The TextMate grammar: what VS Code, JetBrains and others colour a spec by before a server has answered.

It looks at one line at a time, so what a word is hangs on where it stands: `at` is a clause after the subject of a
rule, and a column in `time = at`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mlopsc.compiler.render.editors.words import Words

Pattern = dict[str, Any]

NAME = r"(?:`[^`\n]+`|[^\W\d]\w*)"
DOTTED = rf"{NAME}(?:\.{NAME})*"
ESCAPE = r"\\(?:u[0-9a-fA-F]{4}|[ntr\"\\$])"
INTERPOLATION = r"(\$\{)\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*(\})"
NUMBER = r"\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?"
ALLOW = r"(#)\s*(mlopsc:\s*allow)\s+([\w, -]*?)\s*(?:(--)\s*(.*))?$"
_DATE = r"\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?(?!\w)"
_TIME = r"\b\d{2}:\d{2}(?::\d{2})?(?!\w)"
_NO_OPERAND = r"(?<![<>=!+*/\-.])(?<![<>=!+*/\-]\s)"
_LINE_END = r"(?=\})|(?<!,)$"


def grammar(words: Words) -> dict[str, Any]:
    """The grammar as JSON has it."""
    return {
        "name": "mlops",
        "scopeName": "source.mlops",
        "fileTypes": ["mlops"],
        "patterns": [{"include": "#items"}],
        "repository": {**_items(words), **_values(words), **_texts()},
    }


def one_of(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _items(words: Words) -> Mapping[str, Pattern]:
    return {
        "items": _include("comment", "block", "setting", "field", "rule", "continuation", "expression"),
        "block": _block(words),
        "setting": _setting(words),
        "field": _field(words),
        "rule": _rule(words),
        "continuation": {
            "begin": rf"^\s*(?=,|(?:{one_of(words.clauses)}|and|or|in)\s+(?![\s:{{]|=(?!=))|[<>=!+*/\-])",
            "end": _LINE_END,
            "patterns": [{"include": "#tail"}],
        },
        "clause": _clause(words),
        "tail": _include("comment", "clause", "expression"),
    }


def _block(words: Words) -> Pattern:
    kind = rf"(?:(\b(?:{one_of(words.kinds)})\b)|(\b[^\W\d]\w*))"
    return {
        "name": "meta.block.mlops",
        "begin": rf"{kind}(?:[ \t]+({DOTTED}))?\s*(\{{)",
        "beginCaptures": _captures(
            "storage.type.block", "entity.name.type.unknown", "entity.name.section", "punctuation.section.block.begin"
        ),
        "end": r"\}",
        "endCaptures": _captures(whole="punctuation.section.block.end"),
        "patterns": [{"include": "#items"}],
    }


def _setting(words: Words) -> Pattern:
    known = rf"(\b(?:{one_of(words.settings)})\b)"
    return {
        "begin": rf"(?:{known}|({NAME}))\s*(=)(?!=)",
        "beginCaptures": _captures("keyword.other.setting", "variable.other.constant", "keyword.operator.assignment"),
        "end": r"(?=\})|$",
        "patterns": [{"include": "#comment"}, {"include": "#expression"}],
    }


def _field(words: Words) -> Pattern:
    kind = rf"(?:(\b(?:{one_of(words.types)})\b)|({NAME}))?"
    return {
        "begin": rf"({NAME})\s*(:)\s*{kind}",
        "beginCaptures": _captures(
            "variable.other.member.column", "punctuation.separator.type", "support.type", "entity.name.type.unknown"
        ),
        "end": _LINE_END,
        "patterns": [{"match": rf"\b(role)\s+({one_of(words.roles)})\b", "captures": _role()}, {"include": "#tail"}],
    }


def _role() -> Mapping[str, Pattern]:
    return _captures("keyword.other.clause", "constant.language.role")


def _rule(words: Words) -> Pattern:
    subject = rf"(?!(?:and|or|not|in|true|false|none)\b)({DOTTED})(?![\w`.]|\s*\()"
    return {
        "name": "meta.rule.mlops",
        "begin": rf"\b({one_of(words.verbs)})\b(?:[ \t]+{subject})?",
        "beginCaptures": {
            **_captures("keyword.control.verb"),
            "2": {"patterns": [{"include": "#known"}, {"include": "#name"}]},
        },
        "end": _LINE_END,
        "patterns": [{"include": "#tail"}],
    }


def _clause(words: Words) -> Pattern:
    follows = r"(?:\s*(?:[<>]=?|==|!=)|\s+[\w\"'`(\[+\-.]|\s*(?:,|#|\}|$))"
    return {
        "match": rf"{_NO_OPERAND}\b({one_of(words.clauses)})\b(?={follows})(?!\s+(?:and|or|in)\b)",
        "captures": _captures("keyword.other.clause"),
    }


def _values(words: Words) -> Mapping[str, Pattern]:
    return {
        "expression": _include("comment", "text", "moment", "quantity", "call", "brackets", "operator", "word", "name"),
        "moment": {"name": "constant.other.date.mlops", "match": rf"{_DATE}|{_TIME}"},
        "quantity": {
            "match": rf"\b({NUMBER})(?:(%|(?:{one_of(words.units)})(?!\w))|((?!\d)\w+))?",
            "captures": _captures("constant.numeric", "keyword.other.unit", "invalid.illegal.unit"),
        },
        "call": _call(),
        "brackets": {
            "patterns": [
                _bracketed(r"\[", r"\]", "list", _include("expression")),
                _bracketed(r"\(", r"\)", "group", _include("expression")),
            ]
        },
        "operator": {
            "patterns": [
                {"name": "keyword.operator.logical.mlops", "match": rf"\b(?:{one_of(words.operators)})\b"},
                {"name": "keyword.operator.comparison.mlops", "match": "<=|>=|==|!=|<|>"},
                {"name": "keyword.operator.range.mlops", "match": r"\.\."},
                {"name": "keyword.operator.arithmetic.mlops", "match": r"[+\-*/]"},
                {"name": "punctuation.separator.comma.mlops", "match": ","},
            ]
        },
        "word": {
            "patterns": [
                {"name": "constant.language.mlops", "match": rf"\b(?:{one_of(words.literals)})\b"},
                {"name": "constant.language.symbol.mlops", "match": rf"\b(?:{one_of(words.symbols)})\b(?!\s*\.)"},
            ]
        },
        "known": {
            "match": rf"\b(?:({one_of(words.events)})|({one_of(words.functions)}))\b",
            "captures": _captures("support.constant.event", "support.function"),
        },
        "known-function": {"name": "support.function.mlops", "match": rf"\b(?:{one_of(words.functions)})\b"},
        "name": {
            "patterns": [
                {"name": "variable.other.quoted.mlops", "match": r"`[^`\n]+`"},
                {"name": "variable.other.mlops", "match": r"[^\W\d]\w*"},
            ]
        },
    }


def _call() -> Pattern:
    argument = {
        "match": rf"({NAME})\s*(=)(?!=)",
        "captures": _captures("variable.parameter", "keyword.operator.assignment"),
    }
    callee = {"match": r"[^\W\d]\w*", "name": "entity.name.function.mlops"}
    return {
        "name": "meta.function-call.mlops",
        "begin": rf"(?!(?:and|or|not|in)\b)({DOTTED})\s*(\()",
        "beginCaptures": {
            "1": {"patterns": [{"include": "#known-function"}, callee]},
            **_captures(second="punctuation.section.arguments.begin"),
        },
        "end": r"(\))|(?=[{}])",
        "endCaptures": _captures("punctuation.section.arguments.end"),
        "patterns": [argument, {"include": "#expression"}],
    }


def _bracketed(begin: str, end: str, kind: str, inside: Pattern) -> Pattern:
    return {
        "begin": begin,
        "beginCaptures": _captures(whole=f"punctuation.section.{kind}.begin"),
        "end": rf"({end})|(?=[{{}}])",
        "endCaptures": _captures(f"punctuation.section.{kind}.end"),
        **inside,
    }


def _texts() -> Mapping[str, Pattern]:
    interpolation = {
        "name": "meta.interpolation.mlops",
        "match": INTERPOLATION,
        "captures": _captures("punctuation.section.embedded", "variable.other", "punctuation.section.embedded"),
    }
    escape = {"name": "constant.character.escape.mlops", "match": ESCAPE}
    return {
        "comment": {
            "patterns": [
                {
                    "name": "comment.line.number-sign.mlops",
                    "match": ALLOW,
                    "captures": {
                        **_captures("punctuation.definition.comment", "keyword.other.allow", "entity.name.tag.rule"),
                        "4": {"name": "punctuation.separator.reason.mlops"},
                    },
                },
                {
                    "name": "comment.line.number-sign.mlops",
                    "match": r"(#).*$",
                    "captures": _captures("punctuation.definition.comment"),
                },
            ]
        },
        "text": {
            "patterns": [
                _quoted("string.quoted.triple", '"""', '"""', [interpolation]),
                _quoted("string.quoted.double", '"', r'"|$', [escape, interpolation]),
                _quoted("string.quoted.single.raw", "'", "'|$", []),
            ]
        },
    }


def _quoted(name: str, begin: str, end: str, inside: list[Pattern]) -> Pattern:
    return {
        "name": f"{name}.mlops",
        "begin": begin,
        "beginCaptures": _captures(whole="punctuation.definition.string.begin"),
        "end": end,
        "endCaptures": _captures(whole="punctuation.definition.string.end"),
        "patterns": inside,
    }


def _include(*names: str) -> Pattern:
    return {"patterns": [{"include": f"#{name}"} for name in names]}


def _captures(*scopes: str, whole: str = "", second: str = "") -> dict[str, Pattern]:
    """The scopes of groups 1, 2, … of a pattern, of the whole of it, or of its second group alone."""
    named = {"0": whole, "2": second} if whole or second else {}
    named |= {str(number): scope for number, scope in enumerate(scopes, 1)}
    return {number: {"name": f"{scope}.mlops"} for number, scope in named.items() if scope}
