"""Single values of a request as the declared types of their columns.

A value is read as the data stage would read it from its source, or not at all: what a model is asked in service is
what it was trained on. Whole numbers, numbers and truth values are those of JSON or, from CSV, their text; a timestamp
becomes a `datetime` in UTC, a date a `date`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.typed import read_column, text_of

Read = Callable[[Any], Any]
"""Reads one value that is there; raises ValueError when it is not of the type."""

_EXACT = 2**53
_LARGEST = 2**63
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_FRACTION = re.compile(r"[.eE]")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_COMMON_TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.(?:\d{3}|\d{6}))?)?(?:Z|[+-]\d\d:\d\d)?)?")
_COMMON_DATE = re.compile(r"[1-9]\d{3}-\d\d-\d\d")


def reader_of(column: Column, zone: str) -> Read:
    """What reads the values of a column in JSON."""
    match column.type["function"]:
        case "int":
            return _int
        case "float":
            return _float
        case "bool":
            return _bool
        case "timestamp":
            return _timestamps(column, zone)
        case "date":
            return _dates(column, zone)
        case "vector":
            size = column.type["size"]
            assert isinstance(size, int)
            return lambda value: _vector(value, size)
        case _:
            return _text


def text_reader_of(column: Column, zone: str) -> Read:
    """What reads the values of a column in CSV, where all is text."""
    read = reader_of(column, zone)
    match column.type["function"]:
        case "int" | "float":
            return lambda text: read(_number(text)) if _NUMBER.fullmatch(text) else _as_declared(column, zone, text)
        case "bool":
            return lambda text: _TRUTH[text] if text in _TRUTH else _as_declared(column, zone, text)
        case "vector":
            return lambda text: read(json.loads(text))
        case _:
            return read


def _number(text: str) -> int | float:
    return float(text) if _FRACTION.search(text) else int(text)


def _int(value: Any) -> int:
    if type(value) is int and -_LARGEST <= value < _LARGEST:
        return value
    if type(value) is float and abs(value) < _EXACT and value.is_integer():
        return int(value)
    raise ValueError


def _float(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is int and abs(value) < _LARGEST and int(read := float(value)) == value:
        return read
    raise ValueError


def _bool(value: Any) -> bool:
    if type(value) is bool or (type(value) in (int, float) and value in (0, 1)):
        return bool(value)
    raise ValueError


def _text(value: Any) -> str:
    if type(value) is float and not math.isfinite(value):
        raise ValueError
    text = value if type(value) is str else text_of(value)
    if text is None:
        raise ValueError
    text.encode()  # half of a surrogate pair is no text
    return text


def _vector(value: Any, size: int) -> list[float]:
    if type(value) is not list or len(value) != size:
        raise ValueError
    return [_float(number) for number in value]


def _timestamps(column: Column, zone: str) -> Read:
    place = ZoneInfo(zone)

    def read(value: Any) -> datetime:
        if type(value) is not str:
            raise ValueError
        if not _COMMON_TIME.fullmatch(value):
            found: datetime = _as_declared(column, zone, value)
            return found.astimezone(UTC)
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=place)
            if moment.astimezone(UTC).astimezone(place).replace(tzinfo=None) != moment.replace(tzinfo=None):
                raise ValueError  # the clock skips this time
        return moment.astimezone(UTC)

    return read


def _dates(column: Column, zone: str) -> Read:
    def read(value: Any) -> date:
        if type(value) is not str:
            raise ValueError
        day: date = date.fromisoformat(value) if _COMMON_DATE.fullmatch(value) else _as_declared(column, zone, value)
        return day

    return read


def _as_declared(column: Column, zone: str, text: Any) -> Any:
    """What the data stage makes of a text: slower, and the last word on all that is unusual."""
    found = read_column(pd.Series([text], dtype=object), column, zone)
    if found.unreadable[0]:
        raise ValueError
    return found.values[0].as_py()
