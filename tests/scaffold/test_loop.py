"""`mlopsc add`: the blocks of the whole loop fit a spec that `init` wrote, and can be rehearsed as they are."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scaffolding import begin, mlopsc, write

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.scaffold.production import compared_in_service, limited_in_service
from mlopsc.compiler.semantics.model import RuleModel
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

BLOCKS = ("environment prod", "release", "monitor")

GATED = """pipeline flowers {{}}

data flowers {{
  source = csv("flowers.csv")
  target = petal
  schema {{
    width: float in 0..
    wild:  bool
    petal: float in 0..
  }}
  check rows >= 10
  split = random(train = 60%, validation = 20%, test = 20%)
}}

train model {{
  data      = flowers
  estimator = sklearn("linear_model.LinearRegression")
}}

test gate {{
  model = model
{rules}
}}
"""


def hourly(rows: int = 1_440) -> pd.DataFrame:
    """Sixty days by the hour, and a number that follows from the others."""
    random = np.random.default_rng(5)
    at = pd.date_range("2025-01-06", periods=rows, freq="h")
    cold = random.normal(10, 5, rows).round(1)
    return pd.DataFrame({"at": at, "cold": cold, "demand": (200 + 12 * cold + random.normal(0, 15, rows)).round(1)})


def customers(rows: int = 3_000) -> pd.DataFrame:
    """Customers without a time, who leave after two calls or more."""
    random = np.random.default_rng(5)
    calls = random.poisson(2, rows)
    churned = np.where((calls >= 2) ^ (random.random(rows) < 0.05), "yes", "no")
    return pd.DataFrame({"age": random.integers(18, 80, rows), "calls": calls, "churned": churned})


def whole_loop(folder: Path, rows: pd.DataFrame, said: str = "") -> Path:
    """A project with all blocks, checked; `said` is a line more for its data stage."""
    data = folder / "rows.csv"
    rows.to_csv(data, index=False)
    begin(folder, data)
    project = folder / "my project"
    spec = project / "pipeline.mlops"
    spec.write_text(re.sub(r"(?m)^(  target = .*)", rf"\1\n{said}", spec.read_text("utf-8"), count=1), "utf-8")
    for block in BLOCKS:
        assert mlopsc(project, f"add {block}").code == 0
    checked = mlopsc(project, "check --strict")
    assert checked.out == "my_project: 5 stages, 2 environments, no findings\n"
    return project


def test_what_is_added_for_rows_in_time_notices_drift_and_tells_which_line_did(tmp_path: Path) -> None:
    project = whole_loop(tmp_path, hourly(), "outcome = independent")
    ended = mlopsc(project, "rehearse prod --inject drift@1d")
    assert ended.code == 0, ended.out + ended.err
    spec = (project / "pipeline.mlops").read_text("utf-8").splitlines()
    notified = re.search(r"`notify\(you@example\.com\)`.*?by pipeline\.mlops:(\d+):", ended.out, re.DOTALL)
    assert notified is not None
    assert spec[int(notified[1]) - 1].startswith("  on quality do")
    assert "drift was noticed after" in ended.out


def test_what_is_added_for_rows_without_a_time_rolls_back_a_failing_model(tmp_path: Path) -> None:
    project = whole_loop(tmp_path, customers())
    ended = mlopsc(project, "rehearse prod --inject errors@1d --inject label-delay@2d --days 4")
    assert ended.code == 1, ended.out + ended.err
    assert "errors was noticed after" in ended.out
    assert re.search(r"label-delay was not noticed, though `watch accuracy\(feedback\)", ended.out)
    assert re.search(r"rollback +`guard error_rate <= champion \* 2` does not hold", ended.out)


def test_a_gate_that_stays_closed_is_not_called_unnoticed_trouble(tmp_path: Path) -> None:
    project = whole_loop(tmp_path, customers())
    spec = project / "pipeline.mlops"
    spec.write_text(re.sub(r"(require accuracy\(test\) >=) \d+%", r"\1 99.9%", spec.read_text("utf-8")), "utf-8")
    ended = mlopsc(project, "rehearse prod --inject errors --days 6")
    assert ended.code == 1
    assert "nothing: no model passed, so nothing was served" in ended.out
    assert "was not noticed" not in ended.out


def test_versions_are_compared_where_the_data_says_how(tmp_path: Path) -> None:
    begin(tmp_path, write(tmp_path, "diabetes.csv"))
    project = tmp_path / "my project"
    spec = project / "pipeline.mlops"
    before = spec.read_text("utf-8")
    unsaid = mlopsc(project, "add release").out
    assert re.search(r"(?m)^  # require mae\(feedback\) <= champion \+ 5% at 95% within 28d$", unsaid)
    assert "assign = COLUMN" in unsaid
    for said, written in (("outcome = independent", "otherwise = promote"), ("unit = sex", "assign    = sex")):
        spec.write_text(before.replace("  target = ", f"  {said}\n  target = "), "utf-8")
        out = mlopsc(project, "add release").out
        assert re.search(r"(?m)^  require mae\(feedback\) <= champion \+ 5% at 95% within 28d$", out), out
        assert written in out
        assert mlopsc(project, "check").code == 0


def test_a_score_stage_needs_rows_that_can_be_named(tmp_path: Path) -> None:
    begin(tmp_path, write(tmp_path, "diabetes.csv"))
    project = tmp_path / "my project"
    refused = mlopsc(project, "add score")
    assert (refused.code, "add one first: mlopsc add release" in refused.err) == (2, True)
    mlopsc(project, "add release")
    refused = mlopsc(project, "add score")
    assert (refused.code, "add `key = …` to `diabetes`" in refused.err) == (2, True)
    spec = project / "pipeline.mlops"
    spec.write_text(spec.read_text("utf-8").replace("  target = ", "  key = [age, s1, s2]\n  target = "), "utf-8")
    assert mlopsc(project, "fmt").code == 0
    assert "model = api" in mlopsc(project, "add score").out
    assert "no findings" in mlopsc(project, "check --strict").out
    assert mlopsc(project, "fmt --check").code == 0
    assert "there is no data stage `rows`" in mlopsc(project, "add score --name weekly --data rows").err


def rules_of(*lines: str) -> tuple[RuleModel, ...]:
    text = GATED.format(rules="\n".join(f"  require {line}" for line in lines))
    compilation = Compilation(MemoryWorkspace({"pipeline.mlops": text, "flowers.csv": ""}), registry())
    assert not compilation.has_errors, [one.message for one in compilation.diagnostics]
    return compilation.environments[0].stages["gate"].rules


@pytest.mark.parametrize(
    ("lines", "compared", "limited"),
    [
        (
            ["mae(test) <= 4 at 95% assuming 3", "mae(test) <= champion + 5% at 95%"],
            "mae(feedback) <= champion + 5%",
            "mae(feedback) <= 4",
        ),
        (["mae(test) <= 7 by wild", "mae(test) <= 4 at 95%"], "", "mae(feedback) <= 4"),
        (["r2(test) >= champion - 0.02", "r2(test) >= 0.8"], "", "r2(feedback) >= 0.8"),
        (["mae(validation) <= champion", "latency(p95) <= 20ms"], "", ""),
    ],
)
def test_rules_of_a_gate_become_rules_of_production(lines: list[str], compared: str, limited: str) -> None:
    rules = rules_of(*lines)
    assert compared_in_service(rules) == compared
    assert limited_in_service(rules) == limited
