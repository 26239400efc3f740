"""What a request says is read as the data stage reads it: the quick ways of the router differ in nothing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.typed import read_column
from mlopsc.stdlib.runtime.model.signature import InputColumn, Signature
from mlopsc.stdlib.runtime.serve.frames import frame_of
from mlopsc.stdlib.runtime.serve.messages import packed
from mlopsc.stdlib.runtime.serve.values import reader_of, text_reader_of

ZONE = "Europe/Berlin"
TEXTS = {
    "int": [
        "3",
        "-3",
        "3.0",
        "3.5",
        " 3",
        "1e3",
        "1E400",
        "9007199254740993",
        "12345678901234567890",
        "0x1",
        "",
        "1_000",
    ],
    "float": [
        "0.1",
        "-1e-3",
        "1e999",
        "nan",
        "inf",
        "0.30000000000000004",
        ".5",
        "5.",
        "9007199254740993",
        "1,5",
        "+1",
    ],
    "bool": ["true", "False", "TRUE", "0", "1", "1.0", "yes", "2", " true"],
    "text": ["", "a b", "ünïcode", "\ud800", "NaN"],
    "category": ["clear", "1", "1.0"],
    "timestamp": [
        *("2026-03-01", "2026-03-01 12:00", "2026-03-01T12:00:01", "2026-03-01T12:00:01.123", "2026-03-01T12:00Z"),
        *("2026-03-01T12:00:00+02:00", "2026-03-01T12:00:00.1234567", "2026-03-29 02:30", "2026-10-25 02:30"),
        *("2026-02-30", "20260301", "2026-W09-7", "0001-01-01", "9999-12-31 23:59:59", "noon", "2026-03-01T25:00"),
        *("2026-03-01T12:00:60", "2026-3-1", "2026-03-01 12", "2026-03-01T12:00:00+0200", "2026-03-01T24:00"),
    ],
    "date": [
        "2026-03-01",
        "2026-02-29",
        "20260301",
        "2026-03-01T00:00",
        "2026-03-01T12:00",
        "2026-W09-7",
        "0000-01-01",
    ],
}


def column_of(kind: str) -> Column:
    return Column(name="x", type={"function": kind})


def as_trained(kind: str, value: Any) -> Any:
    """What the data stage reads; "refused" where it reads nothing."""
    found = read_column(pd.Series([value], dtype=object), column_of(kind), ZONE)
    if found.unreadable[0] or not found.values[0].is_valid:
        return "refused"
    read = found.values[0].as_py()
    return read.astimezone(UTC) if isinstance(read, datetime) else read


def as_served(kind: str, value: Any) -> Any:
    try:
        return text_reader_of(column_of(kind), ZONE)(value)
    except (ValueError, OverflowError):
        return "refused"


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in TEXTS.items() for text in texts if text])
def test_texts_are_read_as_in_training(kind: str, text: str) -> None:
    assert as_served(kind, text) == as_trained(kind, text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["int", "float"]), st.from_regex(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?", fullmatch=True))
def test_numbers_are_read_as_in_training(kind: str, text: str) -> None:
    assert as_served(kind, text) == as_trained(kind, text)


@settings(max_examples=200, deadline=None)
@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)), st.sampled_from(["seconds", "milliseconds", "auto"]))
def test_times_are_read_as_in_training(moment: datetime, precision: str) -> None:
    text = moment.isoformat(timespec=precision)
    assert as_served("timestamp", text) == as_trained("timestamp", text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["int", "float"]), st.integers(1 - 2**63, 2**63 - 1) | st.floats())
def test_numbers_of_json_are_read_as_in_training(kind: str, value: float) -> None:
    try:
        served: Any = reader_of(column_of(kind), ZONE)(value)
    except (ValueError, OverflowError):
        served = "refused"
    assert served == as_trained(kind, value)


def test_a_worker_is_given_the_frame_of_training() -> None:
    kinds = ["int", "float", "bool", "text", "category", "timestamp", "date"]
    inputs = tuple(
        InputColumn(name=f"{kind}{optional}", type=kind, optional=optional, levels=("a", "b"))
        for kind in kinds
        for optional in (False, True)
    )
    signature = Signature(inputs=inputs, target="y", task="regression", zone=ZONE)
    moment, day = datetime(2026, 3, 29, 3, 30, tzinfo=UTC), date(2026, 3, 29)
    values = {"int": 3, "float": 0.5, "bool": True, "text": "t", "category": "a", "timestamp": moment, "date": day}
    rows = {one.name: [values[one.type], None if one.optional else values[one.type]] for one in inputs}
    sent = json.loads(packed(rows)[4:])
    made = frame_of(sent, signature)
    expected = signature.conform(pd.DataFrame(rows))
    pd.testing.assert_frame_equal(signature.conform(made), expected)
    for name in made:  # types are those of training already, so that asking costs no copies
        assert made[name].dtype == expected[name].dtype
    unknown = signature.conform(frame_of({**sent, "categoryFalse": ["never", "a"]}, signature))["categoryFalse"]
    assert unknown.isna().tolist() == [True, False]
    assert np.asarray(made["timestampFalse"].dt.hour).tolist() == [5, 5]
