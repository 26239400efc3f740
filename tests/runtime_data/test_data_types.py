"""Values as declared types: without loss, or marked as unreadable."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from data_stages import column
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.typed import TypedColumn, read_column

INT64 = st.integers(-(2**63), 2**63 - 1)


def read(values: Any, word: str, zone: str = "UTC", **more: Any) -> TypedColumn:
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    return read_column(series, Column.model_validate(column("x", word, **more)), zone)


def values(read: TypedColumn) -> list[Any]:
    return list(read.values.to_pylist())


@given(st.lists(st.one_of(INT64, st.none()), min_size=1))
def test_whole_numbers_keep_every_digit_however_they_are_written(numbers: list[int | None]) -> None:
    texts = [None if number is None else str(number) for number in numbers]
    for written in (texts, pd.Series(numbers, dtype="Int64"), pd.Series(numbers, dtype=object)):
        found = read(written, "int")
        assert values(found) == numbers
        assert not found.unreadable.any()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_back_to_the_bit(numbers: list[float]) -> None:
    for written in (numbers, [repr(number) for number in numbers]):
        assert values(read(written, "float")) == numbers


@given(st.lists(st.floats(), min_size=1))
def test_a_float_is_a_whole_number_only_if_it_is_exactly_one(numbers: list[float]) -> None:
    found = read(numbers, "int")
    for number, value, unreadable in zip(numbers, values(found), found.unreadable, strict=True):
        if np.isnan(number):
            assert value is None
            assert not unreadable
        else:
            exact = np.isfinite(number) and abs(number) < 2**53 and number == int(number)
            assert unreadable != exact
            assert value == (int(number) if exact else None)


@given(st.lists(st.one_of(st.text(), st.none()), min_size=1))
def test_texts_come_back_as_they_are(texts: list[str | None]) -> None:
    for word in ("text", "category"):
        assert values(read(pd.Series(texts, dtype=object), word)) == texts


@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1))
def test_timestamps_come_back_to_the_microsecond(times: list[dt.datetime]) -> None:
    expected = [time.replace(tzinfo=dt.UTC) for time in times]
    offset = dt.timezone(dt.timedelta(hours=5, minutes=30))
    aware = [time.astimezone(offset).isoformat() for time in expected]
    for written in (times, [time.isoformat() for time in times], expected, aware):
        found = read(written, "timestamp")
        assert values(found) == expected


@given(st.lists(st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)), min_size=1))
def test_dates_come_back(days: list[dt.date]) -> None:
    midnights = [dt.datetime.combine(day, dt.time()) for day in days]
    for written in (days, [day.isoformat() for day in days], midnights):
        assert values(read(written, "date")) == days


@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1))
def test_vectors_come_back(vectors: list[list[float]]) -> None:
    for written in (vectors, [repr(vector) for vector in vectors], [np.array(vector) for vector in vectors]):
        assert values(read(pd.Series(written, dtype=object), "vector", size=3)) == vectors


UNREADABLE: list[tuple[str, Any]] = [
    ("int", ["3.5"]),
    ("int", [3.5]),
    ("int", ["three"]),
    ("int", ["1_000"]),
    ("int", [float("inf")]),
    ("int", [2**63]),
    ("int", ["9223372036854775808", "x"]),
    ("int", [9.007199254740993e15]),
    ("int", [dt.date(2025, 1, 1)]),
    ("float", ["1,5"]),
    ("float", ["inf"]),
    ("float", [float("-inf")]),
    ("float", [2**53 + 1]),
    ("float", [[1.0]]),
    ("bool", ["yes"]),
    ("bool", [2]),
    ("bool", [0.5]),
    ("text", [b"raw"]),
    ("text", [["a"]]),
    ("text", ["half a pair \ud800"]),
    ("timestamp", ["01/02/2025"]),
    ("timestamp", ["2025-13-01"]),
    ("timestamp", ["soon"]),
    ("timestamp", [1735689600]),
    ("timestamp", ["2025-01-01T00:00:00.123456789"]),
    ("date", ["2025-01-01 00:00:01"]),
    ("date", [20250101]),
    ("date", ["2025-02-29"]),
    ("vector", ["[1, 2]"]),
    ("vector", ["[1, 2, NaN]"]),
    ("vector", [[1.0, 2.0, float("inf")]]),
    ("vector", ["1 2 3"]),
    ("vector", [3.0]),
]


@pytest.mark.parametrize(("word", "written"), UNREADABLE)
def test_what_a_type_cannot_hold_is_marked_and_never_bent(word: str, written: list[Any]) -> None:
    found = read(pd.Series(written, dtype=object), word, **({"size": 3} if word == "vector" else {}))
    assert found.unreadable.all()
    assert values(found) == [None] * len(written)


def test_what_stands_beside_an_unreadable_value_is_read() -> None:
    found = read(["9007199254740993", "x", None, "7"], "int")
    assert values(found) == [9007199254740993, None, None, 7]
    assert found.unreadable.tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    "written",
    [
        [True, False, None],
        [1, 0, None],
        [1.0, 0.0, None],
        ["true", "FALSE", None],
        ["1", "0", None],
        [True, "0", None],
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series([1, 0, None], dtype="Int64"),
    ],
)
def test_truth_values(written: Any) -> None:
    assert values(read(written, "bool")) == [True, False, None]


def test_numbers_as_categories_do_not_depend_on_how_they_are_stored() -> None:
    for written in (
        [1, 2],
        [1.0, 2.0],
        ["1", "2"],
        pd.Series([1, 2]).astype("category"),
        pd.Series([1.0, 2], dtype=object),
    ):
        assert values(read(written, "category")) == ["1", "2"]
    assert values(read([1.5, None], "category")) == ["1.5", None]
    assert values(read([True, False], "category")) == ["true", "false"]
    assert values(read(pd.Series([Decimal("1.50"), dt.date(2025, 1, 1)]), "text")) == ["1.50", "2025-01-01"]


def test_missing_values_are_missing_and_not_unreadable() -> None:
    for word in ("int", "float", "bool", "text", "category", "timestamp", "date", "vector"):
        for written in ([None, None], [float("nan"), None], [pd.NaT, pd.NaT]):
            found = read(pd.Series(written, dtype=object), word, **({"size": 3} if word == "vector" else {}))
            assert values(found) == [None, None]
            assert not found.unreadable.any()


ODD = {
    "sparse": pd.Series(pd.arrays.SparseArray([0, 1, 0])),
    "complex": pd.Series([1 + 2j, 2, 3]),
    "interval": pd.Series(pd.interval_range(0, 3)),
    "period": pd.Series(pd.period_range("2020", "2022", freq="Y")),
    "timedelta": pd.Series(pd.to_timedelta([1, 2, 3], unit="s")),
    "float16": pd.Series([1, 2, 3], dtype="float16"),
    "Float64": pd.Series([1.5, None, 3], dtype="Float64"),
    "uint64": pd.Series([2**64 - 1, 1, 2], dtype="uint64"),
    "levels": pd.Series(pd.Categorical([1, 2, None])),
    "levels of times": pd.Series(pd.Categorical(pd.to_datetime(["2020-01-01", "2021-01-01", None]))),
    "seconds": pd.Series(np.array(["2020-01-01", "300000-01-01"], dtype="datetime64[s]")),
    "far": pd.Series(["9999-12-31", "0001-01-01", "10000-01-01", "-0001-01-01"]),
    "arrow numbers": pd.Series([1, None, 9007199254740993], dtype=pd.ArrowDtype(pa.int64())),
    "arrow times": pd.Series([dt.datetime(2020, 1, 1), None], dtype=pd.ArrowDtype(pa.timestamp("ms"))),
    "arrow lists": pd.Series([[1.0, 2.0, 3.0], None], dtype=pd.ArrowDtype(pa.list_(pa.float64()))),
    "arrow decimals": pd.Series([Decimal("1.50"), None], dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
    "arrow levels": pd.Series(["a", None], dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
    "arrow bytes": pd.Series([b"a", None], dtype=pd.ArrowDtype(pa.binary())),
    "objects": pd.Series(
        [(1, 2), {"a": 1}, {1, 2}, [1], object(), b"x", None, 1j, pd.Period("2020"), dt.timedelta(1), pd.NaT, pd.NA, pd]
    ),
}
WORDS = ("int", "float", "bool", "text", "category", "timestamp", "date", "vector")


@pytest.mark.parametrize("kind", ODD)
def test_no_type_of_pandas_is_too_odd(kind: str) -> None:
    for word in WORDS:
        found = read(ODD[kind], word, zone="America/New_York", **({"size": 3} if word == "vector" else {}))
        nothing = found.values.is_null().to_numpy(zero_copy_only=False)
        assert (nothing == (found.unreadable | ODD[kind].isna().to_numpy())).all()
        assert len(values(found)) == len(ODD[kind])


def test_odd_types_hold_what_they_hold() -> None:
    assert values(read(ODD["sparse"], "int")) == [0, 1, 0]
    assert values(read(ODD["levels"], "int")) == [1, 2, None]
    assert values(read(ODD["levels of times"], "date")) == [dt.date(2020, 1, 1), dt.date(2021, 1, 1), None]
    assert values(read(ODD["uint64"], "int")) == [None, 1, 2]
    assert values(read(ODD["far"], "date"))[0] in (dt.date(9999, 12, 31), None)  # pandas 2 ends in the year 2262
    assert values(read(ODD["arrow numbers"], "int")) == [1, None, 9007199254740993]
    assert values(read(ODD["arrow times"], "date")) == [dt.date(2020, 1, 1), None]
    assert values(read(ODD["arrow lists"], "vector", size=3)) == [[1.0, 2.0, 3.0], None]
    assert values(read(ODD["arrow decimals"], "float")) == [1.5, None]
    assert read(ODD["objects"], "text").unreadable.sum() == 10
    assert read(ODD["objects"], "int").unreadable.sum() == 10


def test_the_clock_of_the_zone() -> None:
    written = ["2025-03-30 01:30", "2025-03-30 02:30", "2025-10-26 02:30", "2025-10-26 02:30+01:00"]
    found = read(written, "timestamp", zone="Europe/Berlin")
    assert found.unreadable.tolist() == [False, True, False, False]  # 02:30 is skipped in March
    assert found.ambiguous == 1  # and there twice in October; an offset says which
    utc = [time.astimezone(dt.UTC).isoformat() for time in values(found) if time]
    assert utc == ["2025-03-30T00:30:00+00:00", "2025-10-26T00:30:00+00:00", "2025-10-26T01:30:00+00:00"]


def test_a_date_is_a_midnight_of_the_zone() -> None:
    midnight = pd.Series(pd.to_datetime(["2025-06-01T22:00:00Z", "2025-06-01T00:00:00Z"], utc=True))
    found = read(midnight, "date", zone="Europe/Berlin")
    assert values(found) == [dt.date(2025, 6, 2), None]
    assert found.unreadable.tolist() == [False, True]
