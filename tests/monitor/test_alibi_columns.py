"""Columns made ready for alibi-detect: no value gets lost, and what cannot be compared is refused."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from mlopsc.compiler.schema.validation import validate
from mlopsc.stdlib import detectors, registry
from mlopsc.stdlib.monitor import Detector
from mlopsc.stdlib.runtime.monitor import alibi
from mlopsc.stdlib.runtime.monitor.alibi_columns import (
    MISSING,
    encode,
    kind_of,
    refuse_missing,
    refuse_others,
    without_rare,
)
from mlopsc.stdlib.runtime.store.faults import OperationError

WORDS = ("alibi.ks", "alibi.cvm", "alibi.chi2", "alibi.tabular", "alibi.fet", "alibi.classifier")
ONLINE = ("alibi.cvm_online", "alibi.fet_online")


def test_all_detectors_are_words_of_the_language_with_their_licence() -> None:
    known = registry().functions_of(Detector)
    assert sorted(known) == sorted((*WORDS, *ONLINE))
    for declaration in known.values():
        assert "licence (Business Source License 1.1)" in " ".join((declaration.__doc__ or "").split())
        assert declaration.word == type(validate(Detector, {"function": declaration.word})).word


def test_ranks_keep_the_order_of_numbers_and_put_missing_and_infinite_ones_where_they_belong() -> None:
    window = pd.DataFrame({"x": [2.5, np.nan, -np.inf, 1e308]})
    reference = pd.DataFrame({"x": [np.inf, 2.5, -1e308, np.nan]})
    (x,) = encode(window, reference)
    assert x.kind == "number"
    assert x.missing == 2
    assert x.window.tolist() == [2, MISSING, 0, 3]
    assert x.reference.tolist() == [4, 2, 1, MISSING]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([1, 2, None], dtype="Int64"), "number"),
        (pd.Series([1.5, None], dtype=object), "number"),
        (pd.Series([True, None], dtype=object), "truth"),
        (pd.Series([True, None], dtype="boolean"), "truth"),
        (pd.Series(["a", None]), "category"),
        (pd.Series(["a", "b"], dtype="category"), "category"),
        (pd.Series(pd.to_datetime(["2025-01-01", None])), "number"),
        (pd.Series([None, None], dtype=object), None),
    ],
)
def test_the_kind_of_a_column_does_not_depend_on_what_is_missing(values: pd.Series, kind: str | None) -> None:
    assert kind_of(values) == kind


def test_times_are_compared_in_their_order() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    window = pd.DataFrame({"at": [start + timedelta(days=1), pd.NaT]})
    reference = pd.DataFrame({"at": [start, start + timedelta(days=2)]})
    (at,) = encode(window, reference)
    assert at.window.tolist() == [1, MISSING]
    assert at.reference.tolist() == [0, 2]


def test_a_column_that_is_empty_on_one_side_is_compared_as_missing() -> None:
    (x,) = encode(pd.DataFrame({"x": [None, None]}), pd.DataFrame({"x": [1.0, 2.0]}))
    assert x.kind == "number"
    assert x.distance == 1


def test_texts_that_mix_types_are_levels_by_their_text() -> None:
    (c,) = encode(pd.DataFrame({"c": ["a", 1, None]}), pd.DataFrame({"c": ["a", "1", "b"]}))
    assert c.kind == "category"
    assert c.window.tolist() == [1, 0, MISSING]


def test_what_changed_its_type_is_refused_with_its_name() -> None:
    with pytest.raises(OperationError, match="`x` holds a category in the window and a number") as refused:
        encode(pd.DataFrame({"x": ["a", "b"]}), pd.DataFrame({"x": [1.0, 2.0]}))
    assert refused.value.hint


def test_a_column_that_the_window_lacks_is_named() -> None:
    with pytest.raises(OperationError, match="no column `y`"):
        encode(pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0], "y": [2.0]}))


def test_columns_of_the_wrong_kind_are_refused_with_what_would_do() -> None:
    columns = encode(pd.DataFrame({"c": ["a"], "x": [1.0]}), pd.DataFrame({"c": ["b"], "x": [2.0]}))
    with pytest.raises(OperationError, match="compares numbers and truth values, and `c` holds categories") as refused:
        refuse_others(columns, detectors.AlibiKolmogorovSmirnov.takes, "alibi.ks")
    assert "alibi.tabular()" in refused.value.hint
    refuse_others(columns, detectors.AlibiTabular.takes, "alibi.tabular")


def test_missing_truth_values_are_refused_and_counted() -> None:
    columns = encode(pd.DataFrame({"t": [True, None, None]}), pd.DataFrame({"t": [False, True, None]}))
    with pytest.raises(OperationError, match=r"`t` lacks 3 of them"):
        refuse_missing(columns, "alibi.fet")


def test_rare_levels_become_one_and_common_ones_stay() -> None:
    common = ["a"] * 100 + ["b"] * 100
    frame = pd.DataFrame({"c": [*common, *(f"rare{number}" for number in range(20))]})
    (column,) = encode(frame, frame)
    assert len(np.unique(column.window)) == 22
    pooled = without_rare(column)
    assert len(np.unique(pooled.window)) == 3
    assert sorted(np.unique(pooled.window, return_counts=True)[1].tolist()) == [20, 100, 100]


def test_without_alibi_detect_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"x": np.arange(200.0)})
    monkeypatch.setattr(alibi, "missing_of", lambda _: ("alibi_detect",))
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    with pytest.raises(OperationError, match="needs alibi-detect, which is not installed") as refused:
        alibi.detect(detectors.AlibiKolmogorovSmirnov(), frame, frame, 0.05)
    assert refused.value.hint == 'pip install "mlopsc[run,alibi]"'
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(OperationError, match=r"has no release for Python 3\.13") as refused:
        alibi.detect(detectors.AlibiKolmogorovSmirnov(), frame, frame, 0.05)
    assert "Python 3.12" in refused.value.hint
