"""Puts right, token by token, what people write by habit, and notes each mistake: the parser sees what was meant."""

from __future__ import annotations

from collections.abc import Callable

from mlopsc.compiler.syntax import mend_numbers, mend_words
from mlopsc.compiler.syntax.mending import Mending
from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.syntax.tokens import CLOSERS, OPENERS, Token
from mlopsc.compiler.syntax.vocabulary import Vocabulary

MENDERS: dict[str, Callable[[Mending], None]] = {
    "QUANTITY": mend_numbers.mend_quantity,
    "BAD_NUMBER": mend_numbers.mend_bad_number,
    "CURRENCY": mend_numbers.mend_currency,
    "DATE": mend_numbers.mend_date,
    "TIME": mend_numbers.mend_time,
    "BAD_DATE": mend_numbers.mend_bad_date,
    "BAD_TIME": mend_numbers.mend_bad_date,
    "OPEN_RANGE": mend_numbers.mend_open_range,
    "FOREIGN": mend_words.mend_foreign,
    "SEMICOLON": mend_words.mend_semicolon,
    "PERCENT": mend_words.mend_percent,
    "STRING": mend_words.mend_string,
    "OPEN_STRING": mend_words.mend_open_string,
    "OPEN_RAW": mend_words.mend_open_string,
    "OPEN_NAME": mend_words.mend_open_string,
    "OPEN_TEXT": mend_words.mend_open_string,
    "SMART_STRING": mend_words.mend_smart_string,
    "SLASH_COMMENT": mend_words.mend_comment,
    "STRAY": mend_words.mend_stray,
    "AND": mend_words.mend_reserved,
    "OR": mend_words.mend_reserved,
    "NOT": mend_words.mend_reserved,
    "IN": mend_words.mend_reserved,
    "TRUE": mend_words.mend_reserved,
    "FALSE": mend_words.mend_reserved,
    "NONE": mend_words.mend_reserved,
    "NAME": mend_words.mend_name,
    "SIGN": mend_words.mend_dash,
    "EQUAL": mend_words.mend_sign,
    "COLON": mend_words.mend_sign,
    "LBRACE": mend_words.mend_brace,
}


def mend(text: str, tokens: list[Token], vocabulary: Vocabulary, problems: Problems) -> list[Token]:
    """The tokens of a chunk as they were meant."""
    mending = Mending(text, tokens, vocabulary, problems)
    while mending.index < len(tokens):
        kind = mending.token.type
        mender = MENDERS.get(kind)
        if mender:
            mender(mending)
        else:
            mending.keep()
            mending.brackets += (kind in OPENERS) - (kind in CLOSERS)
        mending.index += 1
    return mending.done
