"""alibi-detect's detectors for real: they see a change, and where there is none they keep to the level of a look.

alibi-detect cannot be installed beside the newest numpy; `make alibi` runs this in an environment of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("alibi_detect", reason="alibi-detect needs an environment of its own: make alibi")

from monitored import BEGIN, DAY, Service

from mlopsc.compiler.schema.validation import validate
from mlopsc.stdlib.monitor import Detector
from mlopsc.stdlib.runtime.monitor import alibi
from mlopsc.stdlib.runtime.monitor.alibi import detect
from mlopsc.stdlib.runtime.statistics.drift import DriftVerdict, prepare
from mlopsc.stdlib.runtime.store.faults import OperationError

Generator = np.random.Generator

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "alibi.ks": ("x", "hour"),
    "alibi.cvm": ("x", "hour"),
    "alibi.chi2": ("kind", "open"),
    "alibi.tabular": ("x", "hour", "kind", "open"),
    "alibi.fet": ("open",),
    "alibi.classifier": ("x", "hour", "kind", "open"),
    "alibi.cvm_online": ("x",),
    "alibi.fet_online": ("open",),
}
"""What each is tried on: numbers with missing values, whole numbers with ties, levels with a rare one, truth values."""
OFFLINE = tuple(word for word in COLUMNS if not word.endswith("online"))


def rows(
    random: Generator, number: int, *, shift: float = 0.0, missing: float = 0.1, tilt: float = 0.0, share: float = 0.3
) -> pd.DataFrame:
    x = random.normal(shift, 1, number)
    x[random.random(number) < missing] = np.nan
    levels = np.array([0.5 - tilt, 0.3, 0.199 + tilt, 0.001])
    return pd.DataFrame(
        {
            "x": x,
            "hour": random.integers(0, 24, number),
            "kind": random.choice(["dry", "wet", "snow", "hail"], number, p=levels),
            "open": random.random(number) < share,
        }
    )


CHANGES = {
    "x": partial(rows, shift=0.6),
    "kind": partial(rows, tilt=0.2),
    "open": partial(rows, share=0.55),
}
"""One change a column."""


def look(word: str, window: pd.DataFrame, reference: pd.DataFrame, level: float = 0.05, **given: Any) -> DriftVerdict:
    names = list(COLUMNS[word])
    detector = validate(Detector, {"function": word, **given})
    return detect(detector, window[names], reference[names], level)


@pytest.mark.parametrize("word", OFFLINE)
def test_without_a_change_there_are_no_more_alarms_than_the_level(word: str) -> None:
    looks = 40 if word == "alibi.classifier" else 300
    alarms = 0
    for number in range(looks):
        random = np.random.default_rng(number)
        alarms += look(word, rows(random, 250), rows(random, 600)).event
    # 99.9% of binomial counts at 5% are at most 28 of 300 and 7 of 40.
    assert alarms <= (28 if looks == 300 else 7)


def test_ties_that_nobody_breaks_would_be_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alibi, "without_ties", lambda window, reference: (window, reference))
    looks = (np.random.default_rng(number) for number in range(100))
    alarms = sum(look("alibi.cvm", rows(random, 800), rows(random, 3_000)).event for random in looks)
    # Of 100 looks at 5%, 99.9% have at most 13.
    assert alarms > 13


@pytest.mark.parametrize(("word", "column"), [(word, name) for word in OFFLINE for name in COLUMNS[word]])
def test_a_change_is_found_and_its_column_stands_first(word: str, column: str) -> None:
    random = np.random.default_rng(7)
    if column not in CHANGES:
        assert column == "hour"
        window = rows(random, 500)
        window["hour"] //= 2
    else:
        window = CHANGES[column](random, 500)
    verdict = look(word, window, rows(random, 2_000), level=0.001)
    assert verdict.event
    assert not verdict.learning
    assert verdict.p is not None
    assert verdict.p < 0.001
    first = verdict.columns[0]
    assert first.column == column
    if word == "alibi.classifier":
        assert "the columns together have changed" in verdict.reason
    else:
        assert [one.column for one in verdict.columns if one.drifted] == [column]
        assert f"moved: `{column}` by {first.distance:.2f}" in verdict.reason


@pytest.mark.parametrize("correction", ["bonferroni", "fdr"])
def test_both_corrections_name_the_columns_that_moved(correction: str) -> None:
    random = np.random.default_rng(3)
    verdict = look(
        "alibi.tabular", rows(random, 500, shift=0.6, tilt=0.2), rows(random, 2_000), 0.001, correction=correction
    )
    assert {one.column for one in verdict.columns if one.drifted} == {"x", "kind"}
    assert sorted(one.p for one in verdict.columns) == [one.p for one in verdict.columns]


@pytest.mark.parametrize("word", ["alibi.ks", "alibi.cvm", "alibi.tabular", "alibi.classifier"])
def test_more_missing_values_are_a_change_and_never_a_silent_nan(word: str) -> None:
    random = np.random.default_rng(5)
    verdict = look(word, rows(random, 600, missing=0.4), rows(random, 2_000))
    assert verdict.event
    assert verdict.columns[0].column == "x"
    assert "missing values of `x` count as a level" in verdict.reason
    assert all(not np.isnan(one.p) for one in verdict.columns)


def test_distances_are_those_of_the_default_detector() -> None:
    random = np.random.default_rng(11)
    window, reference = rows(random, 400, shift=0.3), rows(random, 900)
    found = {one.column: one.distance for one in look("alibi.tabular", window, reference).columns}
    for name in ("x", "hour"):
        assert found[name] == pytest.approx(prepare(reference[name], "numbers").distance(window[name]).value, abs=0.05)
    for name in ("kind", "open"):
        assert found[name] == pytest.approx(prepare(reference[name], "levels").distance(window[name]).value)


def test_what_only_goes_together_differently_is_seen_by_the_classifier_alone() -> None:
    random = np.random.default_rng(13)
    reference, window = rows(random, 3_000, missing=0), rows(random, 1_500, missing=0)
    reference["open"] = reference["x"] > 0.5
    window["open"] = random.permutation(window["x"].to_numpy() > 0.5)
    assert not look("alibi.tabular", window, reference).event
    assert look("alibi.classifier", window, reference).event


@pytest.mark.parametrize(
    ("word", "change"),
    [("alibi.cvm_online", {"shift": 1.5}), ("alibi.fet_online", {"share": 0.9}), ("alibi.fet_online", {"share": 0.02})],
)
def test_online_detectors_find_a_change_in_the_middle_of_a_window(word: str, change: dict[str, float]) -> None:
    random = np.random.default_rng(17)
    window = pd.concat([rows(random, 100), rows(random, 100, **change)], ignore_index=True)
    verdict = look(word, window, rows(random, 1_000), level=0.2)
    assert verdict.event
    (name,) = COLUMNS[word]
    assert [one.column for one in verdict.columns if one.drifted] == [name]
    assert "alarm at row" in verdict.reason


@pytest.mark.parametrize("word", [word for word in COLUMNS if word.endswith("online")])
def test_online_detectors_keep_to_the_level_of_a_whole_look(word: str) -> None:
    alarms = 0
    for number in range(15):
        random = np.random.default_rng(1_000 + number)
        alarms += look(word, rows(random, 120), rows(random, 1_000), level=0.2, seed=number).event
    # 99.9% of binomial counts at 20% are at most 9 of 15.
    assert alarms <= 9


def test_an_online_detector_refuses_a_level_that_it_cannot_keep() -> None:
    random = np.random.default_rng(19)
    with pytest.raises(OperationError, match="cannot keep to a false alarm in 5,000 looks"):
        look("alibi.cvm_online", rows(random, 200), rows(random, 500), level=0.0002)


def test_truth_values_that_never_changed_in_the_reference_are_left_out_aloud() -> None:
    random = np.random.default_rng(23)
    verdict = look("alibi.fet_online", rows(random, 200), rows(random, 500, share=0.0), level=0.2)
    assert not verdict.event
    assert "left out, as the reference holds one value only: `open`" in verdict.reason


@pytest.mark.parametrize("word", ["alibi.fet", "alibi.fet_online"])
def test_missing_truth_values_are_refused(word: str) -> None:
    random = np.random.default_rng(29)
    window = rows(random, 200)
    window["open"] = window["open"].astype(object).where(random.random(200) < 0.5, None)
    with pytest.raises(OperationError, match=r"`open` lacks \d+ of them"):
        look(word, window, rows(random, 500), level=0.2)


@pytest.mark.parametrize("word", OFFLINE)
def test_columns_that_hold_one_value_only_are_no_change(word: str) -> None:
    random = np.random.default_rng(31)
    window, reference = rows(random, 200), rows(random, 500)
    for frame in (window, reference):
        frame["x"], frame["hour"], frame["kind"], frame["open"] = np.nan, 3, "dry", True
    verdict = look(word, window, reference)
    assert not verdict.event
    assert all(one.distance == 0 for one in verdict.columns)


def test_few_rows_are_nothing_to_judge() -> None:
    random = np.random.default_rng(37)
    verdict = look("alibi.ks", rows(random, 99), rows(random, 500))
    assert (verdict.event, verdict.learning, verdict.p) == (False, True, None)
    assert "99 rows" in verdict.reason


@pytest.mark.parametrize("word", COLUMNS)
def test_the_same_rows_get_the_same_verdict_and_the_callers_draws_are_its_own(word: str) -> None:
    random = np.random.default_rng(41)
    window, reference = rows(random, 150), rows(random, 500)
    np.random.seed(5)
    first = look(word, window, reference, level=0.2)
    drawn = np.random.random()
    np.random.seed(5)
    assert np.random.random() == drawn
    assert look(word, window, reference, level=0.2) == first


def test_a_monitor_looks_with_the_detector_of_its_watch(make_service: Callable[..., Service]) -> None:
    service = make_service("watch stable(features, detector = alibi.tabular()) over 7d, alarms <= 1 / 90d")
    service.serve(BEGIN, BEGIN + 7 * DAY, change=lambda rows: rows.assign(temp=rows["temp"] + 8))
    (event,) = service.look(BEGIN + 7 * DAY + 60).events
    assert event["category"] == "drift"
    assert "`alibi.tabular`: p" in event["text"]
    assert event["evidence"]["columns"][0]["column"] == "temp"


def test_a_detector_that_cannot_take_the_columns_leaves_the_window_undecided(
    make_service: Callable[..., Service],
) -> None:
    service = make_service("watch stable(features, detector = alibi.ks()) over 7d, alarms <= 1 / 90d")
    service.serve(BEGIN, BEGIN + 7 * DAY)
    assert service.look(BEGIN + 7 * DAY + 60).events == ()
    (look,) = [one for one in service.records() if one["category"] == "drift"]
    assert look["status"] == "undecided"
    assert "`alibi.ks` compares numbers and truth values, and `weather` holds categories" in look["text"]


def test_alibi_detect_is_imported_by_nothing_but_a_look_with_it() -> None:
    script = (
        "import sys\n"
        "from mlopsc.stdlib import registry\n"
        "from mlopsc.stdlib.runtime.monitor import alibi\n"
        "registry()\n"
        "print('alibi_detect' in sys.modules, 'transformers' in sys.modules, 'numba' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False"]


def test_a_look_is_silent_on_both_streams() -> None:
    script = (
        "import numpy, pandas\n"
        "from mlopsc.stdlib.detectors import AlibiClassifier\n"
        "from mlopsc.stdlib.runtime.monitor.alibi import detect\n"
        "frame = pandas.DataFrame({'x': numpy.arange(300.0)})\n"
        "assert not detect(AlibiClassifier(), frame, frame, 0.01).learning\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
