"""Runs workflows with act: no GitHub, no containers, each run in a folder and with a home of its own.

What is real: the files that `mlopsc build` wrote, GitHub's expressions, conditions, `needs` and job results as act
has them, the scripts, pip, mlopsc from its wheel, and all that it does. What stands in: the machines and their Docker;
the actions in `stand_ins`, Terraform, `aws` and `az` among them; one environment for all jobs, with mlopsc from the
wheel and packages of others from that of the tests, so that a job's pip finds all that it asks for, and downloads
nothing. It is asked for each list once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from venv import EnvBuilder
from zipfile import ZipFile

import pytest
from fetch_act import act

from mlopsc.targets.github.pins import KNOWN

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
REMOTE = "https://github.com/example-org/shop.git"
NOT_OURS = ("__editable__", "mlopsc")
SECONDS = 240
MACHINE = HERE / "stand_ins" / "machine" / "bin"
"""What GitHub's machines come with."""
SYSTEM = "/usr/local/bin:/usr/bin:/bin"
"""Where other programs are looked for: no managers of versions, which start a Python in eight times the time."""


@dataclass(frozen=True)
class Workshop:
    """What all runs of a session share: a folder, and the environment of jobs, with mlopsc from its wheel."""

    folder: Path
    environment: Path

    @property
    def programs(self) -> Path:
        """Where that environment has `python` and `mlopsc`."""
        return self.environment / "bin"


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    results: Mapping[str, str]
    """Jobs that ran, by id: `success` or `failure`. What is not in it was skipped."""
    lines: Sequence[Mapping[str, Any]]
    artifacts: Path

    @property
    def said(self) -> str:
        """All that was printed, for a message that fails."""
        return "\n".join(f"{one.get('jobID', '')}: {one.get('msg', '')}" for one in self.lines)

    def of(self, job: str) -> str:
        """What a job printed, and what act said of it."""
        return "\n".join(str(one.get("msg", "")) for one in self.lines if one.get("jobID") == job)

    def unpacked(self, artifact: str, folder: Path) -> Path:
        """What a job kept."""
        with ZipFile(self.artifacts / f"{artifact}.zip") as archive:
            archive.extractall(folder)
        return folder


def equipped(folder: Path) -> Workshop:
    """Make the wheel of this checkout and the environment of jobs; skip where there is no act, but in CI."""
    if act() is None:
        reason = "there is no act: run `make act`, so that workflows are run"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    wheels, packages = folder / "wheels", folder / "packages"
    # What is built in the checkout itself would meet what others build there.
    source = folder / "source"
    listed = _output(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], ROOT).split("\0")
    for name in listed:
        if name and not name.startswith(("tests/", "examples/", "docs/")) and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels)]
    _output(build, source)
    packages.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(NOT_OURS):
            (packages / entry.name).symlink_to(entry)
    environment = folder / "environment"
    EnvBuilder(symlinks=True).create(environment)
    for entry in (HERE / "stand_ins" / "packages").iterdir():
        if not (packages / entry.name).exists():
            (packages / entry.name).symlink_to(entry)
    (own,) = environment.glob("lib/python*/site-packages")
    (own / "others.pth").write_text(str(packages), encoding="utf-8")
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--find-links", str(wheels), "mlopsc"]
    _output([str(environment / "bin" / "python"), *install], folder)
    shutil.copytree(HERE / "stand_ins" / "machine" / "pip", own / "pip")
    return Workshop(folder, environment)


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder, as somebody whom every commit names."""
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    return _output(["git", *who, *arguments], folder)


def committed(folder: Path, message: str = "Change it") -> str:
    """Commit all that is in a repository; the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD").strip()


def begun(folder: Path) -> None:
    """Make a folder a repository that GitHub would have."""
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "remote", "add", "origin", REMOTE)
    committed(folder, "Begin")


def cloned(repository: Path, folder: Path) -> Path:
    """A copy of what is committed in a repository."""
    git(repository, "clone", "--quiet", str(repository), str(folder))
    git(folder, "remote", "set-url", "origin", REMOTE)
    return folder


def run(
    shop: Workshop,
    project: Path,
    workflow: str,
    event: str,
    payload: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
    told: Mapping[str, str] | None = None,
) -> Run:
    """Run a workflow of a repository as `event` would, with nothing of this process's environment.

    `variables` are for stand-ins: the artifact `ACTING_LOST` is not there for later jobs. `told` are variables that a
    person has set on GitHub; act knows no environments that have their own.
    """
    place = _next(shop.folder / "runs")
    home, artifacts = place / "home", place / "artifacts"
    home.mkdir(parents=True)
    (place / "event.json").write_text(json.dumps(payload or {}), encoding="utf-8")
    command = [str(act()), event, *_options(shop, artifacts, variables or {}, told or {})]
    command += ["--workflows", f".github/workflows/{workflow}.yml", "--eventpath", str(place / "event.json")]
    outside = {"PATH": f"{MACHINE}:{SYSTEM}", "HOME": str(home)}
    done = subprocess.run(
        command, cwd=project, env=outside, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    lines = list(_lines(done.stdout))
    results = {str(one["jobID"]): str(one["jobResult"]) for one in lines if "jobResult" in one}
    assert results, done.stdout + done.stderr
    assert (done.returncode == 0) == ("failure" not in results.values()), done.stdout + done.stderr
    return Run(results, lines, artifacts)


def _options(shop: Workshop, artifacts: Path, variables: Mapping[str, str], told: Mapping[str, str]) -> Iterator[str]:
    yield from ("--json", "--action-offline-mode", "--no-cache-server", "--platform", "ubuntu-24.04=-self-hosted")
    for pin in KNOWN.values():
        folder = HERE / "stand_ins" / pin.action.rpartition("/")[2]
        if folder.is_dir():
            yield from ("--local-repository", f"{pin.action}@{pin.commit}={folder}")
    for name, value in told.items():
        yield from ("--var", f"{name}={value}")
    given = {
        **variables,
        "ACTING_PYTHON": sys.executable,
        "ACTING_ENVIRONMENT": shop.environment,
        "ACTING_ARTIFACTS": artifacts,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        # What these need is there, too: looking for it again takes half of a job.
        "PIP_NO_DEPENDENCIES": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # Only mlopsc keeps something there, by hashes of what it is made of: the same is not worked out in each run.
        "XDG_CACHE_HOME": shop.folder / "cache",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # The last digit of a sum depends on the kind of processor that is named here, if one is.
        **{name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")},
    }
    for name, value in given.items():
        yield from ("--env", f"{name}={value}")


def _lines(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            found = {"msg": line}
        yield found if isinstance(found, dict) else {"msg": line}


def _next(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    place = folder / str(sum(1 for _ in folder.iterdir()) + 1)
    place.mkdir()
    return place


def _output(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
