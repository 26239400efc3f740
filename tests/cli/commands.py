"""Running commands: in this process where that is enough, else as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SPEC = """pipeline orders {
  owner = "shop@example.com"
}

data orders {
  source = csv("orders.csv")
  target = price

  schema {
    weight: float in 0..100
    items:  int in 1..
    price:  float in 0..
  }

  check rows >= 100
  split = random(train = 60%, validation = 20%, test = 20%)
}

train prices {
  data      = orders
  estimator = sklearn("linear_model.LinearRegression")
  minimize mae(validation)
}

test gate {
  model = prices
  require mae(test) <= 5 at 95%
}
"""
"""A spec that runs in seconds and whose gate opens."""


def untracked(spec: str) -> str:
    """The spec without a record in MLflow, which takes longer to make than all the rest of a run."""
    return spec.replace("  estimator =", "  track     = false\n  estimator =")


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def start(
    *arguments: str,
    folder: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    limits: str = "",
) -> Done:
    """Run the program in a process of its own; `limits` are commands of `sh` before it, such as `ulimit -f 1`."""
    command = [sys.executable, "-m", "mlopsc.compiler.cli", *arguments]
    if limits:
        command = ["sh", "-c", f'{limits}; exec "$@"', "sh", *command]
    variables = {**os.environ, "NO_COLOR": "1", **(environment or {})}
    done = subprocess.run(command, cwd=folder, input=stdin, env=variables, capture_output=True, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def write_project(folder: Path, spec: str = SPEC, rows: int = 2000) -> Path:
    """A project with rows whose price follows from the rest, but for a little noise."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.mlops").write_text(spec, encoding="utf-8")
    (folder / "requirements.txt").write_text("scikit-learn\n", encoding="utf-8")
    lines = ["weight,items,price,note"]
    for i in range(rows):
        weight, items = (i * 37 % 100) / 2, 1 + i % 7
        lines.append(f"{weight},{items},{3 * weight + 10 * items + (i * 53 % 11) / 10},n{i}")
    (folder / "orders.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder
