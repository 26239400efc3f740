"""Puts right numbers, units, money, dates and ranges that are written by habit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlopsc.compiler.syntax import messages_numbers as say
from mlopsc.compiler.syntax.literals import NUMBER, is_valid_date, is_valid_time
from mlopsc.compiler.syntax.mending import Mending
from mlopsc.compiler.syntax.messages_words import odd_name
from mlopsc.compiler.syntax.tokens import LITERALS, are_adjacent, end_of, kind_at, line_start, span_of, start_of
from mlopsc.compiler.text import Span

GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d_,])(?:\.\d+)?(?:%|[^\W\d]+)?(?!\w)")
DECIMAL = re.compile(r"\d+,\d{1,2}(?![\d_,])(?:%|[^\W\d]+)?(?!\w)")
SPACED = re.compile(r"[1-9]\d{0,2}(?: \d{3})+(?![\d_])(?:%|[^\W\d]+)?(?!\w)")
UNIT = re.compile(r"%|[^\W\d_]*")
PART = re.compile(r"(\d+)([a-z]+)")
MILLISECONDS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
MONTHS = {"mo": 1, "y": 12}
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
LONGEST = 300


def mend_quantity(mending: Mending) -> None:
    """A number: its digits, its unit, and what was torn off either."""
    token = mending.token
    if mending.at_line_start and mending.next_kind in ("COLON", "EQUAL") and not token.value.isdigit():
        mending.problems.add(odd_name, span_of(token), replacement=f"`{token.value}`")
        mending.put("QUOTED_NAME", f"`{token.value}`")
    elif _mend_grouped(mending) or _mend_unit_apart(mending) or _mend_currency_behind(mending):
        return
    else:
        _check_quantity(mending)


def _mend_grouped(mending: Mending) -> bool:
    """`5,000` and `5 000`; in brackets `1,200` may be two elements, `1,000` and `x = 1,200` are not."""
    start = start_of(mending.token)
    match = GROUPED.match(mending.text, start) or SPACED.match(mending.text, start)
    is_list = mending.brackets and mending.last_kind != "EQUAL" and match and "," in match[0] and ",0" not in match[0]
    if match is None or is_list:
        return not match and _mend_decimal(mending)
    replacement = re.sub("[, ]", "_", match[0])
    mending.problems.add(say.thousands, Span(*match.span()), replacement=replacement)
    mending.put("QUANTITY", replacement, Span(*match.span()))
    mending.skip_to(match.end())
    return True


def _mend_decimal(mending: Mending) -> bool:
    """`99,9`, where no comma can stand."""
    match = DECIMAL.match(mending.text, start_of(mending.token))
    if match is None or (mending.brackets and mending.last_kind != "EQUAL"):
        return False
    replacement = match[0].replace(",", ".")
    details = {"reason": "a point sets the decimals apart", "replacement": replacement}
    mending.problems.add(say.malformed_number, Span(*match.span()), **details)
    mending.put("QUANTITY", replacement, Span(*match.span()))
    mending.skip_to(match.end())
    return True


def _mend_unit_apart(mending: Mending) -> bool:
    """`50 %` and `7 d`."""
    token = mending.token
    if mending.next_kind not in ("PERCENT", "NAME") or not _is_bare(token.value):
        return False
    unit = mending.tokens[mending.index + 1]
    words = mending.vocabulary.units - mending.vocabulary.clauses
    follower = kind_at(mending.tokens, mending.index + 2)
    if unit.type == "NAME" and (unit.value not in words or follower in ("EQUAL", "COLON", "LPAR", "DOT")):
        return False
    span = Span(start_of(token), end_of(unit))
    mending.problems.add(say.unit_apart, span, replacement=token.value + unit.value)
    mending.put("QUANTITY", token.value + unit.value, span)
    mending.index += 1
    return True


def _mend_currency_behind(mending: Mending) -> bool:
    """`400€`."""
    token = mending.token
    if mending.next_kind != "CURRENCY" or not _is_bare(token.value):
        return False
    sign = mending.tokens[mending.index + 1]
    _put_money(mending, token.value, sign.value, Span(start_of(token), end_of(sign)))
    mending.index += 1
    return True


def _put_money(mending: Mending, digits: str, sign: str, span: Span) -> None:
    replacement = digits + SIGNS[sign]
    mending.problems.add(say.currency_sign, span, replacement=replacement)
    mending.put("QUANTITY", replacement, span)


def _is_bare(text: str) -> bool:
    match = NUMBER.fullmatch(text)
    return match is not None and not match["unit"]


def _check_quantity(mending: Mending) -> None:
    token = mending.token
    match = NUMBER.fullmatch(token.value)
    assert match is not None
    digits, unit = match["number"], match["unit"]
    if digits[0] == "0" and digits[1:2].isdecimal():
        replacement = (digits.lstrip("0_") if digits.strip("0_")[:1].isdecimal() else "0") + unit
        mending.problems.add(say.leading_zero, span_of(token), replacement=replacement)
        mending.put("QUANTITY", replacement)
    elif len(digits) > LONGEST or float(digits) == float("inf"):
        _put_malformed(mending, "larger than any number that can be stored", "")
    elif UNIT.fullmatch(unit) and unit not in ("e", "E"):
        mending.keep()
    else:
        _check_unit(mending, digits, unit)


def _check_unit(mending: Mending, digits: str, unit: str) -> None:
    """A unit that is none: part of an exponent, of another base or of grouped digits, or two units at once."""
    text = mending.token.value
    if unit in ("e", "E"):
        _put_malformed(mending, "the exponent has no digits", "")
    elif re.fullmatch(r"[xob][0-9a-fA-F]+", unit) and digits == "0" and (value := _based(text)):
        _put_malformed(mending, "numbers are decimal", value)
    elif not unit.strip("_0123456789"):
        _put_malformed(mending, "single `_` between digits", "_".join(re.findall(r"\d+", text)))
    else:
        mending.problems.add(say.two_units, span_of(mending.token), replacement=_joined_units(text))
        mending.put("HOLE", text)


def _based(text: str) -> str:
    try:
        return str(int(text, 0))
    except ValueError:
        return ""


def _joined_units(text: str) -> str:
    """`2d12h` as `60h`; "" where the parts do not add up."""
    parts = PART.findall(text)
    if "".join(digits + unit for digits, unit in parts) != text:
        return ""
    for sizes in (MILLISECONDS, MONTHS):
        if all(unit in sizes for _, unit in parts):
            smallest = min((unit for _, unit in parts), key=sizes.__getitem__)
            return f"{sum(int(digits) * sizes[unit] for digits, unit in parts) // sizes[smallest]}{smallest}"
    return ""


def _put_malformed(mending: Mending, reason: str, replacement: str) -> None:
    mending.problems.add(say.malformed_number, span_of(mending.token), reason=reason, replacement=replacement)
    if _is_bare(replacement):
        mending.put("QUANTITY", replacement)
    else:
        mending.put("HOLE", mending.token.value)


def mend_bad_number(mending: Mending) -> None:
    """`.5`, `5.` and `1.2.3`."""
    text = mending.token.value
    if text.count(".") > 1:
        _put_malformed(mending, "a version or an address is text", f'"{text}"')
    elif text.startswith("."):
        _put_malformed(mending, "a digit stands before the point", f"0{text}")
    else:
        _put_malformed(mending, "a digit stands after the point", text.replace(".", "") if text.endswith(".") else "")


def mend_currency(mending: Mending) -> None:
    """`$400`; a sign before anything else is passed over."""
    token = mending.token
    following = mending.tokens[mending.index + 1] if mending.next_kind == "QUANTITY" else None
    if following is not None and are_adjacent(token, following) and _is_bare(following.value):
        _put_money(mending, following.value, token.value, Span(start_of(token), end_of(following)))
        mending.index += 1
    else:
        mending.problems.add(say.currency_sign, span_of(token), replacement="")


def mend_date(mending: Mending) -> None:
    """A date whose digits are in place: does the calendar have it?"""
    _keep_valid(mending, is_valid_date(mending.token.value))


def mend_time(mending: Mending) -> None:
    """A time of day whose digits are in place: does the clock have it?"""
    _keep_valid(mending, is_valid_time(mending.token.value))


def _keep_valid(mending: Mending, is_valid: bool) -> None:
    if is_valid:
        mending.keep()
    else:
        mending.problems.add(say.malformed_date, span_of(mending.token), replacement="")
        mending.put("HOLE", mending.token.value)


def mend_bad_date(mending: Mending) -> None:
    """`2025-3-1` and `2:30`: digits are missing."""
    text = mending.token.value
    sign, kind = ("-", "DATE") if "-" in text else (":", "TIME")
    replacement = sign.join(part.zfill(2) for part in text.split(sign))
    is_valid = is_valid_date(replacement) if kind == "DATE" else is_valid_time(replacement)
    mending.problems.add(say.malformed_date, span_of(mending.token), replacement=replacement if is_valid else "")
    mending.put(kind if is_valid else "HOLE", replacement)


def mend_open_range(mending: Mending) -> None:
    """`0 .. 5`, where the range was not meant to be open."""
    token, index = mending.token, mending.index
    high = mending.tokens[index + 1] if index + 1 < len(mending.tokens) else None
    is_spaced = mending.text[start_of(token) - 1 : start_of(token)] in (" ", "\t")
    is_value = high is not None and (
        high.type in LITERALS
        or high.type in ("SIGN", "LPAR")
        or (high.type == "NAME" and is_spaced and high.value not in mending.vocabulary.clauses)
    )
    if not is_value or high is None:
        mending.keep()
        return
    has_low = mending.last_kind in LITERALS | {"NAME"} and line_start(mending.done) < len(mending.done) - 1
    low = mending.done[-1] if has_low else token
    high_end = end_of(high) if high.type in LITERALS | {"NAME"} else start_of(high)
    replacement = "".join(_squeezed(mending.text[start_of(low) : high_end]))
    mending.problems.add(say.range_with_spaces, Span(start_of(low), high_end), replacement=replacement)
    mending.put("UP_TO", "..")


def _squeezed(text: str) -> Iterator[str]:
    return (char for char in text if not char.isspace())
