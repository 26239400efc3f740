"""The plots of a page, read by Mermaid's own parser: whatever names and figures are, they stay plots of these."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import mermaid_parser
import pytest

from mlopsc.stdlib.runtime.engine.outcome import StageRecord, Verdict
from mlopsc.stdlib.runtime.summary.plots import LEGEND, plots

Parse = Callable[[Sequence[str]], list[str]]
HOSTILE = [
    '"',
    "`",
    "#quot;",
    "%%{init: {}}%%",
    "%% x",
    "\n",
    "]",
    "\\",
    ";",
    "<b>",
    "&amp;",
    "```",
    "---",
    "",
    "漢é",
    "\x00",
]
PIECES = [*HOSTILE, "a", "1", " ", "bar [1]", "title", "x-axis", "-->", "<=", "\u2028", "😀", "“"]


@pytest.fixture(scope="module")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Parse:
    reason = "there is no parser of Mermaid: run `make workflows`"
    if not mermaid_parser.there():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return lambda texts: mermaid_parser.parsed(texts, tmp_path_factory.mktemp("diagrams"))


def judgement(comparison: str = "<=", **given: Any) -> dict[str, Any]:
    found = {"estimate": 8.0, "lower": 7.0, "upper": 9.0, "limit": 10.0, "verdict": "pass", "slices": []}
    return {"comparison": comparison, **found, **given}


def gate(*rules: tuple[str, dict[str, Any]]) -> StageRecord:
    told = [{"rule": f"rule{i}", "text": text, "judgements": [one]} for i, (text, one) in enumerate(rules)]
    return StageRecord("gate", "test", "k", Verdict.OK, facts={"rules": told})


def search(better: str, *scores: float | None) -> StageRecord:
    objective = {"metric": "mae", "on": "validation", "better": better}
    candidates = [{"score": score, "parameters": {}} for score in scores]
    return StageRecord("m", "train", "k", Verdict.OK, facts={"objective": objective, "candidates": candidates})


def diagrams(record: StageRecord) -> list[str]:
    """The texts of a record's plots."""
    return re.findall(r"^```mermaid\n(.*?)\n^```$", "\n".join(plots(record)), re.M | re.S)


def by_segment(names: Sequence[str], **given: Any) -> dict[str, Any]:
    slices = [judgement(slice=name, estimate=float(i + 1)) for i, name in enumerate(names)]
    return judgement(estimate=None, slices=slices, **given)


def test_requirements_of_all_units_stand_beside_each_other() -> None:
    """A figure on the wrong side of its limit takes more than 100 % of it, whichever side that is."""
    record = gate(
        ("require mae(test) <= 10 at 95%", judgement()),
        ("require accuracy(test) >= 0.8 at 95%", judgement(">=", estimate=0.64, lower=0.5, upper=0.7, limit=0.8)),
    )
    (text,) = diagrams(record)
    assert '  x-axis ["mae(test) ≤ 10 at 95%", "accuracy(test) ≥ 0.8 at 95%"]' in text
    assert "  bar [90, 160]\n  bar [80, 125]\n  line [100, 100]" in text
    assert f"_{LEGEND}_" in [*plots(record)]


def test_segments_are_held_against_their_limit() -> None:
    (text,) = diagrams(gate(("require mae(test) <= 10 at 95% by region", by_segment(["north", "south"]))))
    assert '  title "mae(test) ≤ 10 at 95% by region"' in text
    assert '  x-axis ["north", "south"]' in text
    assert "  bar [9, 9]\n  bar [1, 2]\n  line [10, 10]" in text


def test_candidates_stand_in_their_order() -> None:
    (text,) = diagrams(search("higher", 0.5, None, 0.9, 0.7))
    assert "  x-axis [1, 2, 3]" in text
    assert "  line [0.9, 0.7, 0.5]" in text


def test_what_was_measured_by_the_clock_is_drawn() -> None:
    record = gate(("require latency(p95) <= 20ms", judgement(estimate=None, upper=None, limit=None)))
    assert diagrams(record) == []
    record.notes["measured"] = {"rule0": {"estimate": 0.01, "upper": 0.015, "limit": 0.02}}  # type: ignore[index]
    assert "  bar [75]\n  bar [50]\n" in diagrams(record)[0]


@pytest.mark.parametrize(
    "record",
    [
        gate(("hidden", judgement(estimate=None, lower=None, upper=None))),
        gate(("first release", judgement(limit=None))),
        gate(("below nothing", judgement(limit=-1.0))),
        gate(("no figure", judgement(estimate=float("nan")))),
        gate(("one segment", by_segment(["all"]))),
        search("lower", 1.0),
        search("lower"),
        StageRecord("rows", "data", "k", Verdict.OK),
    ],
    ids=lambda record: str(record.facts.get("rules", [{"text": record.kind}])[0]["text"]),
)
def test_what_says_nothing_is_not_drawn(record: StageRecord) -> None:
    assert [*plots(record)] == []


def test_plots_are_few_and_short() -> None:
    names = [f"{i}" * 300 for i in range(500)]
    record = gate(*[(f"require mae(test) <= 10 by {'x' * 300}{i}", by_segment(names)) for i in range(50)])
    texts = diagrams(record)
    assert len(texts) == 4
    assert all("(484 more are not shown)" in text for text in texts)
    assert len("\n".join(texts)) < 10_000


def records() -> Iterator[StageRecord]:
    """Of hostile names and figures; the same ones each time."""
    chance = random.Random(5)
    figures = [0.0, 1e-12, 1e12, -3.5, 7.0, 1 / 3, None, float("inf"), float("nan"), 10**30]
    for _ in range(60):
        names = ["".join(chance.choices(PIECES, k=chance.randint(0, 6))) for _ in range(5)]
        given = {name: chance.choice(figures) for name in ("estimate", "lower", "upper", "limit")}
        side = chance.choice(["<=", ">=", "=="])
        yield gate((names[0], judgement(side, **given)), (names[1], by_segment(names, limit=given["limit"])))
        yield search("lower", *chance.choices(figures, k=4))


def test_mermaid_reads_what_is_drawn(parse: Parse) -> None:
    texts = [text for record in records() for text in diagrams(record)]
    assert len(texts) > 60
    found = parse(texts)
    assert [(text, said) for text, said in zip(texts, found, strict=True) if said != "xychart"] == []
    for text in texts:
        words = [line.split()[0] for line in text.splitlines()]
        assert words[1:5] == ["xychart-beta", "title", "x-axis", "y-axis"]
        assert set(words[5:]) <= {"bar", "line"}


def test_the_parser_finds_what_is_wrong(parse: Parse) -> None:
    right = diagrams(gate(("mae", judgement())))[0]
    texts = [right, right.replace("bar [", "bar [1e3, "), right.replace('["mae"', '["m"ae"'), right + "\n  pie"]
    assert [said.partition(":")[0] for said in parse(texts)] == ["xychart", "wrong", "wrong", "wrong"]
