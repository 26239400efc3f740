"""Examples as a user meets them: copies of what is committed, and commands in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
RIGHT = (("check",), ("fmt", "--check"), ("build", "--check"))
"""What must be true of every example as it is committed."""


def mlopsc(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a copy of an example, on a machine that is shared: a latency is only advice there."""
    environment = {**os.environ, "NO_COLOR": "1", "CI": "true"}
    command = [sys.executable, "-m", "mlopsc.compiler.cli", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def copied(example: str, into: Path) -> Path:
    """An example as it is committed, without what runs left there."""
    left = shutil.ignore_patterns(".mlops", "__pycache__", "origins.json", ".pytest_cache")
    return Path(shutil.copytree(EXAMPLES / example, into / example, ignore=left))


def facts(folder: Path, stage: str) -> dict[str, object]:
    """What the last run says of a stage."""
    runs = sorted((folder / ".mlops" / "runs").iterdir(), key=lambda run: int(run.name))
    stages = json.loads((runs[-1] / "run.json").read_text(encoding="utf-8"))["stages"]
    found: dict[str, object] = next(one for one in stages if one["stage"] == stage)
    return found
