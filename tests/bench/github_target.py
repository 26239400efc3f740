"""`make bench --only github`: what writing workflows costs, beyond the local build, and how long their proof takes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from measure import Figure, cpu_seconds, median_of
from specs import many_stages, write_project
from terraform import MLOPSC, ROOT, three_environments

_LOCAL = ("--target", "local", "--target", "prometheus")
_SERVED = """\
environment stage {
  follows  = dev
  platform = aws(region = "eu-west-1", account = "210987654321")
}
environment prod {
  follows  = stage
  platform = aws(region = "eu-west-1", account = "123456789012")
}
"""


def github(work: Path) -> Iterator[Figure]:
    """CPU seconds beyond the local build, and seconds on the wall of all tests of workflows, on two cores."""
    yield Figure("workflows of 3 environments, beside the local build", beside(three(work / "github")), 0.5, "s")
    yield Figure("workflows of 200 stages, beside the local build", beside(large(work / "large")), 1.5, "s")
    begun = time.monotonic()
    cpu = cpu_seconds([sys.executable, "-m", "pytest", *_PROOF], ROOT)
    taken = time.monotonic() - begun
    yield Figure("the whole proof of the workflows, on the wall", taken, 120, "s", note=f"{cpu:.0f} s of CPU")


_PROOF = ("-q", "-n", "2", "--dist", "loadfile", "-m", "integration or not integration", "tests/targets/github")


def three(folder: Path) -> Path:
    """The example in three environments, in a repository."""
    return in_repository(three_environments(folder))


def large(folder: Path) -> Path:
    """200 stages in three environments, of which two are delivered to, and a release of one of the models."""
    head, separator, stages = many_stages(201).partition("data rows_0")
    named, _, _ = head.partition("environment stage")
    settings = 'pipeline bench { github = github("example-org/bench") }'
    spec = f"{named.replace('pipeline bench {}', settings)}{_SERVED}\n{separator}{stages}"
    return in_repository(write_project(folder, f"{spec}release api {{\n  model = model_0\n  gate  = gate_0\n}}\n"))


def in_repository(project: Path) -> Path:
    """A project at the top of a repository, as GitHub knows it."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", project], check=True)
    return project


def beside(project: Path) -> float:
    """CPU seconds of writing workflows where there are none, beyond those of the local build."""
    local = median_of(5, lambda: cpu_seconds([MLOPSC, "build", *_LOCAL], project))
    return median_of(5, lambda: first(project)) - local


def first(project: Path) -> float:
    """CPU seconds of a build that writes all workflows."""
    shutil.rmtree(project / ".github", ignore_errors=True)
    return cpu_seconds([MLOPSC, "build", *_LOCAL, "--target", "github"], project)
