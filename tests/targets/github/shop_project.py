"""A small project for workflows: a branch of stages up to a gate, one beside it where that matters, and rows."""

from __future__ import annotations

import csv
import json
import random
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SPEC = """pipeline shop {
  language = 1
  owner    = "ml@example.com"
  github   = github(repository = "example-org/shop")
}

environment dev { platform = local() }

environment prod {
  follows  = dev
  platform = local()
}

data orders {
  source = csv("orders.csv")
  unit   = row
  target = price

  schema {
    size:  float in 0..10
    rush:  int in 0..1
    price: float
  }

  check rows >= 100
  split = random(train = 60%, validation = 10%, test = 30%)
}

train price {
  data      = orders
  estimator = sklearn("linear_model.LinearRegression")
  track     = false
  minimize mae(validation)
}

test price_gate {
  model = price
  require mae(test) <= 1 at 95%
}
"""
BESIDE = """data visits {
  source = csv("visits.csv")

  schema {
    page:    category
    seconds: float in 0..
  }

  check rows >= 10
}

"""
VISITS = ("train price {", f"{BESIDE}train price {{")
"""The change by which there is a stage beside the branch."""
PROD = """environment prod {
  follows  = dev
  platform = local()
}
"""
SERVICE = """
release api {
  model = price
  gate  = price_gate
}

monitor live {
  release = api
  watch uptime >= 99% over 30d
}
"""


def changed(spec: str, *changes: tuple[str, str]) -> str:
    """A spec with each of these written another way at its first place."""
    for old, new in changes:
        assert old in spec
        spec = spec.replace(old, new, 1)
    return spec


def _delivered(platform: str) -> str:
    service = f"  platform = {platform}\n  budget   = 400USD / 1mo\n  traffic  = 20_000 / 1d\n"
    return changed(SPEC, (PROD, PROD.replace("  platform = local()\n", service)))


PROVED = _delivered('aws(region = "eu-west-1", account = "123456789012")')
"""The same, to be proved in a cloud."""
DELIVERED = PROVED + SERVICE
"""The same, with a service there."""
ON_AZURE = _delivered('azure("westeurope", "11111111-2222-3333-4444-555555555555")') + SERVICE
"""The same in another cloud."""
TARGETS = ("local", "prometheus", "terraform", "image", "github")
IGNORED = ".mlops/\norigins.json\n__pycache__/\n"


def write(folder: Path, spec: str, programs: Path) -> None:
    """The spec, its rows and what it is built to."""
    chance = random.Random(7)
    folder.mkdir(parents=True)
    (folder / "pipeline.mlops").write_text(spec, encoding="utf-8")
    (folder / "requirements.txt").write_text("scikit-learn\n", encoding="utf-8")
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    sizes = [(round(10 * chance.random(), 4), chance.choice([0, 1])) for _ in range(600)]
    orders = [(size, rush, round(3 * size + 5 * rush + chance.gauss(0, 0.5), 4)) for size, rush in sizes]
    _table(folder / "orders.csv", ["size", "rush", "price"], orders)
    visits = [(chance.choice("abc"), round(50 * chance.random(), 3)) for _ in range(60)]
    _table(folder / "visits.csv", ["page", "seconds"], visits)
    build(folder, programs)


def change(folder: Path, old: str, new: str, programs: Path | None) -> None:
    """Write something else in the spec, and build it again where there are programs for it."""
    spec = folder / "pipeline.mlops"
    text = spec.read_text("utf-8")
    assert old in text
    spec.write_text(text.replace(old, new), encoding="utf-8")
    if programs:
        build(folder, programs)


def build(folder: Path, programs: Path) -> None:
    """Write what the spec makes."""
    targets = [word for name in TARGETS for word in ("--target", name)]
    done = subprocess.run(
        [programs / "mlopsc", "build", *targets], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def outcomes(folder: Path, programs: Path, pipeline: str = "shop") -> dict[str, str]:
    """How each stage ends in development where the runner of this machine runs them all."""
    command = [programs / "python", f"deploy/{pipeline}/dev/run.py", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    summaries = [one["summary"] for one in events if one["event"] == "StageFinished"]
    return {one["stage"]: one["outcome"] for one in summaries}


def records(store: Path) -> dict[str, Mapping[str, Any]]:
    """What a store knows of stages that have ended, by key."""
    return by_key(path.read_bytes() for path in store.glob("index/*/*/*.json"))


def by_key(entries: Iterable[bytes]) -> dict[str, Mapping[str, Any]]:
    """What entries of an index say, by key."""
    found = [json.loads(entry)["record"] for entry in entries]
    return {record["key"]: record for record in found}


def _table(path: Path, names: list[str], rows: list[Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names, *rows])
