"""Puts right operators, words, strings and punctuation that are written by habit."""

from __future__ import annotations

import re
from itertools import pairwise

from mlopsc.compiler.syntax import messages_text as say_text
from mlopsc.compiler.syntax import messages_words as say
from mlopsc.compiler.syntax.literals import DOTTED, ESCAPES, PIECE
from mlopsc.compiler.syntax.mending import Mending
from mlopsc.compiler.syntax.messages_items import colon_in_setting
from mlopsc.compiler.syntax.messages_lines import dashed_list
from mlopsc.compiler.syntax.messages_structure import sign_before_block
from mlopsc.compiler.syntax.tokens import (
    INFIX,
    LINE_ENDS,
    NAMES,
    OPERAND_ENDS,
    OPERAND_STARTS,
    Token,
    across,
    are_adjacent,
    end_of,
    kind_at,
    line_start,
    made,
    past_lines,
    recast,
    span_of,
    start_of,
)
from mlopsc.compiler.text import Span

OPERATORS = {
    "&&": ("AND", "and"),
    "&": ("AND", "and"),
    "||": ("OR", "or"),
    "|": ("OR", "or"),
    "!": ("NOT", "not"),
    "~": ("NOT", "not"),
    "<>": ("CMP", "!="),
    "===": ("CMP", "=="),
    "=<": ("CMP", "<="),
    "=>": ("CMP", ">="),
    ":=": ("EQUAL", "="),
}
CONSTANTS = {
    **dict.fromkeys(("True", "TRUE"), "true"),
    **dict.fromkeys(("False", "FALSE"), "false"),
    **dict.fromkeys(("None", "NONE", "null", "Null", "NULL", "nil", "undefined"), "none"),
}
ANSWERS = {"yes": "true", "no": "false", "on": "true", "off": "false"}
CONTROL = {
    **dict.fromkeys(("if", "elif", "unless", "when", "switch"), "if"),
    "else": "else",
    **dict.fromkeys(("for", "foreach", "while", "loop"), "for"),
    **dict.fromkeys(("def", "function", "func", "fn", "return", "class", "try", "with"), "def"),
}
CONDITIONAL = frozenset({"if", "unless", "when"})
NEEDLESS = {**dict.fromkeys(("let", "var", "const", "local", "set"), ""), **dict.fromkeys(("import", "include"), "use")}
PREFIXES = frozenset({"r", "f", "b", "u", "rb", "br", "fr", "rf", "R", "F", "B", "U"})
BEFORE_NAME = LINE_ENDS | {"LPAR", "COMMA"}
LONGEST_NAME = 20
"""How many tokens are taken for one name, if signs or spaces stand in it."""
WORDS = NAMES | {"QUANTITY"}
VALUE_ENDS = frozenset({"", "_NL", "RPAR", "RSQB", "COMMA", "RBRACE"})
BEFORE_VALUE = INFIX | {"EQUAL", "LPAR", "LSQB", "COMMA", "NOT"}
BEFORE_BRACE_LITERAL = BEFORE_VALUE | {"COLON"}


def mend_foreign(mending: Mending) -> None:
    """`&&`, `!`, `<>` and their like."""
    text = mending.token.value
    kind, ours = OPERATORS.get(text, ("EQUAL", "=") if text.endswith("=") else ("SCALE", ""))
    mending.problems.add(say.foreign_operator, span_of(mending.token), ours=ours)
    mending.put(kind, ours or "*")


def mend_semicolon(mending: Mending) -> None:
    """`;` between arguments, between items, or at the end of a line."""
    following = mending.tokens[mending.index + 1 : mending.index + 2]
    is_clause = bool(following) and following[0].value in mending.vocabulary.clauses
    inside = mending.brackets > 0 or (is_clause and kind_at(mending.tokens, mending.index + 2) != "EQUAL")
    is_last = mending.next_kind in ("", "_NL", "RBRACE")
    replacement = "," if inside else "" if is_last else "\n"
    mending.problems.add(say.semicolon, span_of(mending.token), replacement=replacement)
    if inside:
        mending.put("COMMA", ",")
    elif not is_last:
        mending.put("_NL", "\n")


def mend_percent(mending: Mending) -> None:
    """`%` that follows no number."""
    mending.problems.add(say.foreign_operator, span_of(mending.token), ours="")
    mending.put("SCALE", "*")


def mend_string(mending: Mending) -> None:
    """A string in double quotes: its escapes and interpolations must mean something."""
    text, start = mending.token.value, start_of(mending.token)
    mending.keep()
    if "\\" not in text and "${" not in text:
        return
    for match in PIECE.finditer(text, 1, len(text) - 1):
        span = Span(start + match.start(), start + match.end())
        if match["escape"]:
            if len(match["escape"]) == 2 and match["escape"][1] not in ESCAPES:
                mending.problems.add(say_text.bad_escape, span)
        elif not DOTTED.fullmatch(match["name"]):
            mending.problems.add(say_text.bad_interpolation, span)


def mend_open_string(mending: Mending) -> None:
    """A string, a name or a block of text without its end: up to the end of the line, or of the chunk."""
    what, quote, kind = {
        "OPEN_STRING": ("string", '"', "STRING"),
        "OPEN_RAW": ("string", "'", "RAW_STRING"),
        "OPEN_NAME": ("name", "`", "QUOTED_NAME"),
        "OPEN_TEXT": ("block of text", '"""', "TEXT"),
    }[mending.token.type]
    text = mending.token.value
    span = span_of(mending.token)
    shown = Span(span.start, span.start + len(text.partition("\n")[0].rstrip()))
    mending.problems.add(say_text.unterminated, shown, what=what, quote=quote)
    mending.put(kind, text.rstrip() + quote if len(text.strip()) > 1 else f"{quote} {quote}")


def mend_smart_string(mending: Mending) -> None:
    """A string in typographic quotes."""
    inner = re.sub("[“”„«»‘’]", "", mending.token.value).replace("\\", "\\\\").replace('"', '\\"')
    mending.problems.add(say_text.smart_quotes, span_of(mending.token), text=f'"{inner}"')
    mending.put("STRING", f'"{inner}"')


def mend_comment(mending: Mending) -> None:
    """A comment with the signs of another language: not a token, like any comment."""
    mending.problems.add(say_text.foreign_comment, span_of(mending.token))


def mend_stray(mending: Mending) -> None:
    """A character of no use: passed over; a row of the same is one mistake."""
    token = mending.token
    previous = mending.tokens[mending.index - 1] if mending.index else None
    if previous is None or previous.type != "STRAY" or not are_adjacent(previous, token):
        mending.problems.add(say_text.stray_character, span_of(token))


def mend_reserved(mending: Mending) -> None:
    """`in: int`: a reserved word where only a name can stand."""
    is_named = mending.next_kind in ("COLON", "EQUAL", "DOT") or mending.last_kind == "DOT"
    starts = mending.at_line_start or mending.last_kind in ("LPAR", "COMMA", "DOT") or mending.next_kind == "DOT"
    if is_named and starts:
        mending.problems.add(say.reserved_name, span_of(mending.token))
        mending.put("QUOTED_NAME", f"`{mending.token.value}`")
    else:
        mending.keep()


def mend_name(mending: Mending) -> None:
    """A word: most are what they are."""
    word = mending.token.value
    if mending.at_line_start and mending.next_kind not in ("EQUAL", "COLON"):
        if word in CONTROL and word not in mending.vocabulary.verbs | mending.vocabulary.kinds:
            return _pass_over_statement(mending, CONTROL[word])
        if word in NEEDLESS and mending.next_kind in OPERAND_STARTS:
            return _pass_over_word(mending)
    if (word in CONSTANTS or word in ANSWERS) and _is_constant(mending):
        ours = CONSTANTS.get(word) or ANSWERS[word]
        mending.problems.add(say.foreign_constant, span_of(mending.token), ours=ours)
        return mending.put(ours.upper(), ours)
    if word in PREFIXES and mending.next_kind in ("STRING", "RAW_STRING"):
        return _mend_prefix(mending)
    if word in CONDITIONAL and mending.last_kind in OPERAND_ENDS and mending.next_kind in OPERAND_STARTS:
        return _pass_over_condition(mending)
    if word in ("AND", "OR") and mending.last_kind in OPERAND_ENDS and mending.next_kind in OPERAND_STARTS:
        mending.problems.add(say.foreign_operator, span_of(mending.token), ours=word.lower())
        return mending.put(word, word.lower())
    return mending.keep()


def _is_constant(mending: Mending) -> bool:
    """Whether a word stands alone as a value; `yes` and its like only as the value of a setting or argument."""
    if mending.token.value in ANSWERS:
        return mending.last_kind == "EQUAL" and mending.next_kind in VALUE_ENDS
    return mending.last_kind in BEFORE_VALUE and mending.next_kind not in ("DOT", "LPAR", "EQUAL", "COLON")


def _mend_prefix(mending: Mending) -> None:
    word, string = mending.token, mending.tokens[mending.index + 1]
    if not are_adjacent(word, string):
        return mending.keep()
    inner = string.value[1:-1]
    is_raw = "r" in word.value.lower() and "'" not in inner
    text = f"'{inner}'" if is_raw else string.value if string.type == "STRING" else f'"{inner}"'
    text = re.sub(r"\{(?=[^\W\d])", "${", text) if "f" in word.value.lower() else text
    span = Span(start_of(word), end_of(string))
    mending.problems.add(say_text.prefixed_string, span, text=text)
    mending.put("RAW_STRING" if is_raw else "STRING", text, span)
    mending.index += 1
    return None


def _pass_over_word(mending: Mending) -> None:
    ours = NEEDLESS[mending.token.value]
    mending.problems.add(say.needless_word, span_of(mending.token), ours=ours)
    if ours:
        mending.put("NAME", ours)


def _pass_over_statement(mending: Mending, word: str) -> None:
    """`if …` to the end of its line, with the block that it opens."""
    mending.problems.add(say.control_flow, span_of(mending.token), word=mending.token.value if word == "def" else word)
    while mending.next_kind not in ("", "_NL", "LBRACE", "RBRACE"):
        mending.index += 1
    if mending.next_kind == "LBRACE":
        mending.index = closing_brace(mending, mending.index + 1)


def _pass_over_condition(mending: Mending) -> None:
    """`a if b else c`: only `a` is kept."""
    mending.problems.add(say.control_flow, span_of(mending.token), word="if")
    while mending.next_kind not in VALUE_ENDS | {"LBRACE"}:
        mending.index += 1


def mend_sign(mending: Mending) -> None:
    """`=` and `:`: the name before them may be written as no name can be."""
    start = len(mending.done)
    while start and mending.done[start - 1].type not in BEFORE_NAME:
        start -= 1
        if len(mending.done) - start > LONGEST_NAME:
            return mending.keep()
    is_argument = kind_at(mending.done, start - 1) in ("LPAR", "COMMA") and mending.brackets > 0
    if is_argument and mending.token.type == "COLON" and mending.last_kind in NAMES:
        mending.problems.add(colon_in_setting, span_of(mending.token), name=mending.done[-1].value)
        return mending.put("EQUAL", "=")
    if len(mending.done) - start > 1:
        is_type = mending.token.type == "COLON" and mending.next_kind != "_NL"
        is_field = is_type and _enclosing_kind(mending) in mending.vocabulary.fielded
        _join_name(mending, start, "`" if is_field else "")
    return mending.keep()


def _enclosing_kind(mending: Mending) -> str:
    """The kind of the block that is open, or ""."""
    depth = 0
    for index in range(len(mending.done) - 1, -1, -1):
        depth += {"LBRACE": 1, "RBRACE": -1}.get(mending.done[index].type, 0)
        if depth == 1:
            header = line_start(mending.done, index)
            return mending.done[header].value if header < index else ""
    return ""


def _join_name(mending: Mending, start: int, quote: str) -> None:
    """`learning-rate`, and before a colon `max temp`: the tokens from `start` on as one name."""
    parts = mending.done[start:]
    is_chain = len(parts) > 2 and all(
        token.type in WORDS if number % 2 == 0 else token.value == "-" for number, token in enumerate(parts)
    )
    is_hyphenated = is_chain and all(are_adjacent(left, right) for left, right in pairwise(parts))
    roles = mending.vocabulary.kinds | mending.vocabulary.verbs
    is_spaced = len(parts) > 1 and bool(quote) and all(token.type in WORDS for token in parts)
    if is_hyphenated or (is_spaced and parts[0].value not in roles):
        span = across(parts)
        text = mending.text[span.start : span.end]
        name = f"`{text}`" if quote else re.sub(r"\W", "_", text)
        mending.problems.add(say.odd_name, span, replacement=name)
        mending.done[start:] = [made("QUOTED_NAME", name if quote else f"`{name}`", span, parts[0])]


def mend_brace(mending: Mending) -> None:
    """`{`: of a block, or of a value that the language does not have."""
    line = mending.done[line_start(mending.done) :]
    if mending.last_kind == "NAME" and kind_at(line, 1) == "EQUAL":
        mending.done.pop()
        return _pass_over_literal(mending)
    if mending.last_kind not in BEFORE_BRACE_LITERAL:
        _join_name(mending, line_start(mending.done) + 1, "")
        return mending.keep()
    line = line[:-1]
    is_header = bool(line) and line[0].value in mending.vocabulary.kinds and len(line) <= 2
    if mending.last_kind in ("EQUAL", "COLON") and is_header and all(token.type in NAMES for token in line):
        sign = mending.done.pop()
        mending.problems.add(sign_before_block, span_of(sign), name=line[-1].value)
        return mending.keep()
    return _pass_over_literal(mending)


def _pass_over_literal(mending: Mending) -> None:
    """`{a: 1}`, up to the brace that closes it."""
    end = closing_brace(mending, mending.index)
    span = Span(start_of(mending.token), end_of(mending.tokens[end]))
    first_line = mending.text[span.start : span.end].partition("\n")[0]
    mending.problems.add(say.brace_literal, Span(span.start, span.start + len(first_line)))
    mending.put("HOLE", "", span)
    mending.index = end


def closing_brace(mending: Mending, index: int) -> int:
    """The index of the brace that closes the one at `index`; without one, the last token of its line."""
    depth = 0
    for at in range(index, len(mending.tokens)):
        depth += {"LBRACE": 1, "RBRACE": -1}.get(mending.tokens[at].type, 0)
        if depth == 0:
            return at
    while kind_at(mending.tokens, index + 1) not in ("", "_NL"):
        index += 1
    return index


def mend_dash(mending: Mending) -> None:
    """`- "a"` on lines of their own below a `=`: a list of another language."""
    above = past_lines(mending.done, len(mending.done) - 1, step=-1)
    if not _is_dash(mending, mending.index) or kind_at(mending.done, above) not in ("EQUAL", "COLON"):
        return mending.keep()
    first, sign = mending.token, mending.done[above]
    del mending.done[above + 1 :]
    elements = [_element(mending)]
    while _is_dash(mending, following := past_lines(mending.tokens, mending.index + 1)):
        mending.index = following
        elements.append(_element(mending))
    mending.done[-1] = recast(sign, "EQUAL", "=")
    whole = Span(start_of(sign), end_of(mending.token))
    texts = [mending.text[start_of(element[0]) : end_of(element[-1])] for element in elements if element]
    gap = "" if mending.text[whole.start - 1].isspace() else " "
    listed = f"{gap}= [{', '.join(texts)}]" if "#" not in mending.text[whole.start : whole.end] else ""
    mending.problems.add(dashed_list, span_of(first), whole=whole, replacement=listed)
    return mending.put("HOLE", "", Span(start_of(first), whole.end))


def _element(mending: Mending) -> list[Token]:
    """The tokens from a dash to the end of its line, which are passed over."""
    start = mending.index + 1
    while mending.next_kind not in ("", "_NL", "LBRACE", "RBRACE"):
        mending.index += 1
    return mending.tokens[start : mending.index + 1]


def _is_dash(mending: Mending, index: int) -> bool:
    """Whether a dash begins an element: on its line the first, and set off from what follows."""
    if kind_at(mending.tokens, index) != "SIGN" or kind_at(mending.tokens, index - 1) != "_NL":
        return False
    dash, following = mending.tokens[index], mending.tokens[index + 1 : index + 2]
    return dash.value == "-" and bool(following) and not are_adjacent(dash, following[0])
