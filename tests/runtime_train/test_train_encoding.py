"""Columns on their way into an estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.encoding import ColumnEncoder
from mlopsc.stdlib.runtime.model.parity import _differing


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "flag": [True, False, True],
            "kind": pd.Categorical(["b", "a", None], categories=["a", "b", "never"]),
            "made": ["x", "y", "x"],
        }
    )


def test_levels_are_those_of_the_fitted_rows_and_unknown_is_missing() -> None:
    encoder = ColumnEncoder("ordinal").fit(frame())
    assert encoder.levels_ == {"kind": ["a", "b"], "made": ["x", "y"]}
    later = frame().assign(kind=["never", "a", "b"], made=["z", None, "y"])
    np.testing.assert_array_equal(encoder.transform(later), [[1, 1, np.nan, np.nan], [2, 0, 0, np.nan], [3, 1, 1, 1]])
    assert encoder.native == [2, 3]


def test_one_hot_has_a_column_for_each_level_and_nothing_for_a_missing_one() -> None:
    encoder = ColumnEncoder("one-hot").fit(frame())
    assert encoder.get_feature_names_out() == ["n", "flag", "kind=a", "kind=b", "made=x", "made=y"]
    np.testing.assert_array_equal(encoder.transform(frame())[2], [3, 1, 0, 0, 1, 0])
    assert encoder.native == []


def test_a_category_with_too_many_levels_for_the_estimator_becomes_columns() -> None:
    many = pd.DataFrame({"kind": [f"level {i:03}" for i in range(300)], "n": range(300)})
    encoder = ColumnEncoder("ordinal").fit(many)
    assert encoder.native == []
    assert encoder.transform(many).shape == (300, 301)


def test_a_frame_keeps_categories_with_the_levels_of_training() -> None:
    encoder = ColumnEncoder("frame").fit(frame())
    made = encoder.transform(frame().iloc[:1])
    assert list(made["kind"].cat.categories) == ["a", "b"]
    assert made["n"].dtype == np.float64


def test_a_vector_becomes_its_numbers() -> None:
    vectors = pd.DataFrame({"v": [[1.0, 2.0], [3.0, 4.0], None]})
    encoder = ColumnEncoder("one-hot").fit(vectors)
    assert encoder.get_feature_names_out() == ["v[0]", "v[1]"]
    np.testing.assert_array_equal(encoder.transform(vectors), [[1, 2], [3, 4], [np.nan, np.nan]])
    with pytest.raises(StageFailure, match="3 numbers in a row where training had 2"):
        encoder.transform(pd.DataFrame({"v": [[1.0, 2.0, 3.0]]}))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (pd.to_datetime(["2011-01-01"]), "holds times"),
        (["some text"], "holds text"),
        ([{"a": 1}], "holds values of type mixed"),
    ],
)
def test_what_no_estimator_takes_is_refused(values: object, told: str) -> None:
    with pytest.raises(StageFailure, match=told) as raised:
        ColumnEncoder("one-hot", texts=("odd",)).fit(pd.DataFrame({"odd": values}))
    assert "`features` step" in raised.value.hint


def test_a_column_that_has_gone_or_changed_its_kind_is_told() -> None:
    encoder = ColumnEncoder("one-hot").fit(frame())
    with pytest.raises(StageFailure, match="no `flag`, which they had in training"):
        encoder.transform(frame().drop(columns="flag"))
    with pytest.raises(StageFailure, match="`n` held numbers in training"):
        encoder.transform(frame().assign(n=["one", "two", "three"]))


def test_differences_are_seen_beside_infinite_missing_and_tiny_values() -> None:
    expected = np.array([[np.inf, 1.0], [2.0, np.nan], [3.0, 1e6], [-np.inf, 0.0]])
    assert not _differing(expected, expected.copy()).any()
    found = expected.copy()
    found[1, 0], found[3, 1] = 2.0 + 1e-6, 1e-7
    assert np.argwhere(_differing(expected, found)).tolist() == [[1, 0]]
    found[0, 0], found[1, 1] = -np.inf, 1.0
    assert np.argwhere(_differing(expected, found)).tolist() == [[0, 0], [1, 0], [1, 1]]
