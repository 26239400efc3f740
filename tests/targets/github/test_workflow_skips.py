"""Where nothing is to be applied, that job is skipped; GitHub skips all that comes after it, unless they ask not to.

act does not: it looks at the needed jobs alone. So this is judged on the file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets.github.pins import KNOWN
from mlopsc.targets.github.policy import findings

BIKE = Path(__file__).parents[3] / "examples" / "bike-demand"


@pytest.fixture(scope="module")
def delivery() -> str:
    compilation = Compilation(DiskWorkspace(BIKE), registry(), "pipeline.mlops")
    (text,) = [file.text for file in compilation.emit(["github"]) if file.path.endswith("-cd.yml")]
    return text


def skipped(text: str) -> list[str]:
    return [one.where for one in findings("cd", text, KNOWN) if one.rule == "skips"]


def test_nothing_is_skipped_with_an_apply_that_was_not_needed(delivery: str) -> None:
    assert "needs.plan-prod.outputs.changes == 'true'" in delivery
    assert skipped(delivery) == []


@pytest.mark.parametrize("job", ["prove-prod", "release-prod-api"])
def test_a_job_that_would_be_skipped_is_found(job: str, delivery: str) -> None:
    before, found, after = delivery.partition(f"\n  {job}:\n")
    broken = before + found + after.replace("!cancelled() && ", "", 1)
    assert skipped(broken) == [f"cd: jobs.{job}.if"]
