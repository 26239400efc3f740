"""The README shows what the program prints: the example is run, and held against the page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGING = re.compile(r"\d+(?:[.,]\d+)*")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a run of the bike example in `prod` prints."""
    folder = tmp_path_factory.mktemp("readme") / "bike"
    left = shutil.ignore_patterns(".mlops", "deploy", "mlops.lock", "__pycache__")
    shutil.copytree(ROOT / "examples/bike-demand", folder, ignore=left)
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "run", "-e", "prod"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def shown() -> list[str]:
    """The lines of the summary in the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```text\n(rides data .*?)```", text, re.DOTALL)
    assert found is not None
    return [line.strip() for line in found[1].splitlines() if line.strip()]


def masked(line: str) -> str:
    """A line without its numbers, and without a verdict that a busy machine may change."""
    return CHANGING.sub("#", line).replace("  FAIL", "").replace("  (only advice: this machine is shared)", "").strip()


def is_of_this_machine(line: str) -> bool:
    """Whether a line depends on how fast the machine is, or stands for some that were left out."""
    return line.startswith("…") or "latency" in line or " ms" in line or "version" in line or "demand_gate test" in line


def test_what_the_readme_shows_is_what_is_printed(printed: str) -> None:
    told = {masked(line) for line in printed.splitlines()}
    lines = [line for line in shown() if not is_of_this_machine(line)]
    assert len(lines) > 15
    assert [line for line in lines if masked(line) not in told] == []


def test_a_line_that_is_not_printed_would_be_found(printed: str) -> None:
    told = {masked(line) for line in printed.splitlines()}
    assert masked("✓ require mae(test) <= 45 at 95% assuming nothing") not in told


@pytest.mark.parametrize(
    ("page", "said", "rule"),
    [
        ("README.md", r" event .*`mae`.*", "watch mae(feedback) "),
        ("README.md", r" action .*`retrain\(demand\)`.*", "on quality do retrain(demand, "),
        ("docs/tutorial.md", r" rollback .*`require mae\(feedback\).*\n.*", "require mae(feedback) "),
        ("docs/tutorial.md", r" rollback .*`guard latency\(p95\).*\n.*", "guard latency(p95) "),
    ],
)
def test_what_a_rehearsal_is_shown_to_do_is_done_by_the_line_that_is_named(page: str, said: str, rule: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(said + r"\n +by pipeline\.mlops:(\d+):3\n", text)
    assert found is not None
    lines = (ROOT / "examples/bike-demand/pipeline.mlops").read_text(encoding="utf-8").splitlines()
    assert lines[int(found[1]) - 1].startswith(f"  {rule}")
