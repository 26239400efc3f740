"""Records: values like those of frozen dataclasses."""

from __future__ import annotations

import copy
import pickle

import pytest

from mlopsc.compiler.records import Record


class Point(Record):
    """Two numbers."""

    x: int
    y: int = 0


class Named(Point):
    """Two numbers with a name."""

    name: str = ""


def test_fields_come_in_the_order_of_the_classes() -> None:
    assert Named.fields == ("x", "y", "name")
    assert Named(1, 2, "a") == Named(x=1, y=2, name="a")
    assert repr(Named(1)) == "Named(x=1, y=0, name='')"


def test_equal_fields_of_one_class_are_equal() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert len({Point(1), Point(1, 0), Named(1)}) == 2


def test_a_record_never_changes() -> None:
    point = Point(1)
    with pytest.raises(AttributeError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del point.x
    assert point.changed(y=5) == Point(1, 5)
    assert point == Point(1)


def test_records_are_copied_and_sent() -> None:
    assert pickle.loads(pickle.dumps(Named(1, 2, "a"))) == Named(1, 2, "a")
    assert copy.deepcopy(Named(1)) == Named(1)
