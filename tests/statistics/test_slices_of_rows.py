"""Rules by column: which slices are judged, and the verdict over all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlopsc.stdlib.runtime.statistics.gates import judge
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, RowLosses, roc_auc, statistic_of
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Requirement, SliceJudgement, Verdict
from mlopsc.stdlib.runtime.statistics.slices import judge_slices, slice_by
from mlopsc.stdlib.runtime.statistics.units import Units, row_units

AT_MOST = Requirement("<=")


def weather(**sizes_and_means: tuple[int, float]) -> tuple[RowLosses, list[str]]:
    """Losses of rows in slices, each of a size and with a mean, and the slice of each row."""
    stream = np.random.default_rng(11)
    parts = [stream.gamma(4, mean / 4, size=size) for size, mean in sizes_and_means.values()]
    names = [name for name, (size, _) in sizes_and_means.items() for _ in range(size)]
    return RowLosses(np.concatenate(parts), row_units(len(names))), names


def by_name(found: Judgement) -> dict[str, SliceJudgement]:
    """The judgements of slices, by name."""
    return {part.name: part for part in found.slices}


def test_all_slices_must_pass() -> None:
    losses, names = weather(clear=(500, 30), mist=(300, 40))
    found = judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names))
    assert found.verdict is Verdict.PASS
    assert found.reason == "kept by each of 2 values of `weathersit`, which hold 100.0% of the rows"
    worst = by_name(found)["mist"].judgement
    assert (found.estimate, found.upper, found.provable_limit) == (worst.estimate, worst.upper, worst.provable_limit)
    assert (found.rows, found.units) == (800, 800)


def test_a_good_mean_does_not_hide_a_bad_slice() -> None:
    """The planted defect: judged over all rows alone, the rule passes."""
    losses, names = weather(clear=(2000, 30), mist=(200, 70))
    assert judge(losses, 60, AT_MOST).verdict is Verdict.PASS
    found = judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names))
    assert found.verdict is Verdict.FAIL
    assert found.reason == "proven beyond the limit where `weathersit` is `mist`"
    assert found.estimate == by_name(found)["mist"].judgement.estimate


def test_a_slice_without_rows_is_listed_and_not_judged() -> None:
    losses, names = weather(clear=(500, 30), mist=(300, 40))
    found = judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names, known=["clear", "mist", "snow"]))
    assert found.verdict is Verdict.PASS
    snow = by_name(found)["snow"]
    assert (snow.standing, snow.judgement.rows, snow.judgement.estimate) == ("no rows", 0, None)


def test_small_slices_are_listed_while_the_others_hold_90_percent() -> None:
    losses, names = weather(clear=(900, 30), snow=(90, 500))
    found = judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names))
    assert found.verdict is Verdict.PASS
    snow = by_name(found)["snow"]
    assert snow.standing == "too few rows"
    assert snow.judgement.reason == "90 rows, and a slice is judged from 100"
    assert snow.judgement.estimate == pytest.approx(500, rel=0.3)


def test_slices_that_hold_less_than_90_percent_prove_nothing() -> None:
    losses, names = weather(clear=(800, 30), snow=(90, 30), hail=(90, 30))
    found = judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names))
    assert found.verdict is Verdict.UNDECIDED
    assert "hold 81.6% of the rows, and at least 90% must be judged" in found.reason


def test_one_undecided_slice_leaves_all_undecided() -> None:
    losses, names = weather(clear=(800, 30), mist=(120, 59.5))
    found = judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names))
    assert found.verdict is Verdict.UNDECIDED
    assert found.reason == "undecided where `weathersit` is `mist`"
    assert found.rows_needed == by_name(found)["mist"].judgement.rows_needed
    assert found.rows_needed is not None


def test_no_slice_with_rows_enough_is_undecided() -> None:
    losses, names = weather(clear=(50, 30), mist=(50, 30))
    found = judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names))
    assert (found.verdict, found.estimate) == (Verdict.UNDECIDED, None)
    assert "no value of `weathersit`" in found.reason


def test_a_slice_in_too_few_weeks_is_undecided() -> None:
    losses, names = weather(clear=(1000, 30), mist=(200, 30))
    weekly = RowLosses(losses.values, Units(np.append(np.arange(1000) // 20, np.arange(200) // 40), "block(7d)"))
    found = judge_slices(weekly, 60, AT_MOST, slice_by("weathersit", names))
    assert found.verdict is Verdict.UNDECIDED
    assert "only 5 units of `block(7d)`" in by_name(found)["mist"].judgement.reason


def test_proportions_are_judged_from_30_rows() -> None:
    names = ["a"] * 400 + ["b"] * 30 + ["c"] * 29
    hits = RowLosses(np.ones(459), row_units(459), span=(0.0, 1.0))
    found = judge_slices(hits, 0.9, Requirement(">="), slice_by("group", names))
    standings = {part.name: part.standing for part in found.slices}
    assert standings == {"a": "judged", "b": "judged", "c": "too few rows"}
    assert found.verdict is Verdict.PASS


def test_a_chance_excess_among_many_slices_is_no_proof() -> None:
    """The planted defect: each slice tested at 5% by itself; the one that is above by chance would fail the gate."""
    quiet = {f"s{place}": (150, 50.0) for place in range(19)}
    for seed in range(50):
        stream = np.random.default_rng(seed)
        values = np.concatenate([stream.gamma(4, mean / 4, size=size) for size, mean in quiet.values()])
        odd = stream.gamma(4, 60 * 1.05 / 4, size=150)
        losses = RowLosses(np.append(values, odd), row_units(3000))
        names = [*(name for name, (size, _) in quiet.items() for _ in range(size)), *["odd"] * 150]
        alone = judge(losses.select(np.arange(3000) >= 2850), 60, AT_MOST)
        if alone.verdict is Verdict.FAIL:
            break
    assert alone.verdict is Verdict.FAIL
    found = judge_slices(losses, 60, AT_MOST, slice_by("group", names))
    part = by_name(found)["odd"].judgement
    assert (found.verdict, part.verdict) == (Verdict.UNDECIDED, Verdict.UNDECIDED)
    assert "is above 60, no proof among so many slices" in part.reason


def test_holm_proves_more_than_the_first_step() -> None:
    """Once the worst slice is rejected, the next one is held against a larger error rate."""
    losses, names = weather(awful=(300, 200), bad=(300, 66), fine=(300, 20))
    bad = losses.select(np.array(names) == "bad")
    first, second = (judge(bad, 60, Requirement("<=", 1 - 0.05 / tests)).lower for tests in (3, 2))
    assert first is not None
    assert second is not None
    assert first < second
    # Beyond what one test of two may prove, and not beyond what one of three may.
    found = judge_slices(losses, (first + second) / 2, AT_MOST, slice_by("weathersit", names))
    verdicts = {name: part.judgement.verdict for name, part in by_name(found).items()}
    assert verdicts == {"awful": Verdict.FAIL, "bad": Verdict.FAIL, "fine": Verdict.PASS}


def test_the_estimate_decides_slices_without_a_level() -> None:
    losses, names = weather(clear=(500, 30), mist=(120, 70))
    found = judge_slices(losses, 60, Requirement("<=", None), slice_by("weathersit", names))
    assert found.verdict is Verdict.FAIL
    assert by_name(found)["clear"].judgement.verdict is Verdict.PASS


def test_slices_are_compared_with_the_champion_on_their_own_rows() -> None:
    losses, names = weather(clear=(1500, 30), mist=(200, 60))
    worse = np.where(np.array(names) == "mist", 1.3, 0.9) * np.random.default_rng(12).lognormal(sigma=0.1, size=1700)
    new = RowLosses(losses.values * worse, losses.units)
    champion = Baseline(losses, 1.05, label="champion + 5%")
    assert judge(new, champion, AT_MOST).verdict is not Verdict.FAIL
    found = judge_slices(new, champion, AT_MOST, slice_by("weathersit", names))
    assert found.verdict is Verdict.FAIL
    mist = losses.select(np.array(names) == "mist").measure()
    assert by_name(found)["mist"].judgement.limit == pytest.approx(1.05 * mist)


def test_statistics_can_be_sliced() -> None:
    stream = np.random.default_rng(13)
    positive = stream.random(600) < 0.5
    score = stream.normal(size=600) + 3 * positive
    names = np.where(np.arange(600) < 450, "a", "b")
    ranking = roc_auc(positive, score, row_units(600))
    part = ranking.select(names == "b")
    alone = roc_auc(positive[450:], score[450:], row_units(150))
    assert part.measure() == pytest.approx(alone.measure())
    assert part.comparisons == alone.comparisons
    found = judge_slices(ranking, 0.9, Requirement(">="), slice_by("group", names))
    assert found.verdict is Verdict.PASS
    middle = statistic_of(np.median, (score,), row_units(600)).select(names == "a")
    assert middle.measure() == np.median(score[:450])


def test_values_are_named_as_the_spec_would() -> None:
    slices = slice_by("flag", pd.Series([True, False, None, True], dtype="object"), known=[False, True])
    assert slices.names == ("false", "true", "missing")
    assert slices.codes.tolist() == [1, 0, 2, 1]
    categories = slice_by("season", pd.Series(["wet", "dry"], dtype="category"), known=["dry", "wet"])
    assert categories.codes.tolist() == [1, 0]
    assert slice_by("none", []).names == ()


def test_slices_must_fit_the_rows() -> None:
    losses, names = weather(clear=(200, 30))
    with pytest.raises(ValueError, match="199 rows in slices don't fit the 200 rows judged"):
        judge_slices(losses, 60, AT_MOST, slice_by("weathersit", names[1:]))
