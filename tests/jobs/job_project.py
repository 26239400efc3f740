"""A small project whose training is a job, and a cloud that is this process."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlopsc.compiler.cli.built import describe
from mlopsc.compiler.cli.spec import Spec
from mlopsc.stdlib.runtime.engine.prepared import Prepared, Request
from mlopsc.stdlib.runtime.engine.runner import run
from mlopsc.stdlib.runtime.jobs.backend import Look
from mlopsc.stdlib.runtime.jobs.submission import Jobs
from mlopsc.stdlib.runtime.store.local import LocalStore

SPEC = """pipeline shop {
  language = 1
  github   = github("example-org/shop")
}

environment dev { platform = local() }

environment prod {
  follows  = dev
  platform = aws(region = "eu-west-1", account = "123456789012")
  network  = existing(vpc = "vpc-1", subnets = ["subnet-1"])
}

data orders {
  source  = csv("orders.csv")
  target  = price
  compute = job(cpu = 1, memory = 2GB, timeout = 1h)

  schema {
    size:  float in 0..10
    price: float
  }

  check rows >= 10
  split = random(train = 60%, validation = 20%, test = 20%)
}

train price {
  data      = orders
  estimator = sklearn("linear_model.LinearRegression")
  compute   = job(cpu = 4, memory = 16GB, timeout = 8h)
  track     = false
  minimize mae(validation)
}
"""
STAGES = ("orders", "price")


def write(folder: Path, spec: str = SPEC) -> Path:
    """The project, with rows and a lock."""
    chance = random.Random(7)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.mlops").write_text(spec, encoding="utf-8")
    (folder / "requirements.txt").write_text("scikit-learn\n", encoding="utf-8")
    sizes = [round(10 * chance.random(), 4) for _ in range(100)]
    rows = [f"{size},{3 * size + chance.gauss(0, 0.5):.4f}\n" for size in sizes]
    (folder / "orders.csv").write_text("size,price\n" + "".join(rows), encoding="utf-8")
    return folder


def request(project: Path, store: Path) -> Request:
    """What a run of production would be asked."""
    built = describe(Spec(project, "pipeline.mlops").compile())
    return Request(built.documents["prod"], project, built.runtimes, store=LocalStore(store))


@dataclass
class Cloud:
    """A cloud: a task runs when it is told to, in a folder of its own; it knows tokens, and forgets on request."""

    project: Path
    store: Path
    started: list[tuple[str, str]] = field(default_factory=list)
    """Stage and token of each task."""
    codes: dict[str, int] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    def start(self, stage: str, token: str, key: str) -> str:
        assert token.startswith(key[:50])
        assert len(token) <= 64
        if (stage, token) not in self.started:
            self.started.append((stage, token))
        return f"arn:task/{self.started.index((stage, token)) + 1}"

    def look(self, task: str) -> Look:
        if task in self.forgotten:
            return Look(is_running=False, reason="forgotten")
        code = self.codes.get(task)
        return Look(code is None, code, "" if code is None else "Essential container in task exited")

    def printed(self, stage: str, task: str) -> Sequence[str]:
        return [f"{stage}: no space left on {task}"]

    def work(self) -> None:
        """The newest task does what it was started for."""
        stage, _ = self.started[-1]
        ended = run(replace(request(self.project, self.store), only=(stage,)))
        self.codes[f"arn:task/{len(self.started)}"] = ended.exit_code

    def fail(self, code: int = 137) -> None:
        """The newest task ends without having done it."""
        self.codes[f"arn:task/{len(self.started)}"] = code


@dataclass
class Time:
    """A clock that only sleeping moves; `then` happens while somebody sleeps."""

    cloud: Cloud
    works_after: float | None = None
    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.works_after is not None and self.now >= self.works_after:
            last = f"arn:task/{len(self.cloud.started)}"
            if last not in self.cloud.codes:
                self.cloud.work()

    def jobs(self) -> Jobs:
        """The jobs as somebody sees them who comes anew."""
        prepared = Prepared(request(self.cloud.project, self.cloud.store))
        return Jobs(prepared, self.cloud, STAGES, clock=lambda: self.now, sleep=self.sleep)
