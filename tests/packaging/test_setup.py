"""What make sets up by itself: once, again after an interruption, and with a message where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from areas import ROOT

INTERPRETER = f"""#!/bin/sh
# Stands for Python: notes what it is asked to install, installs nothing, and breaks where the test says.
case "$*" in "-c "*) exec "{sys.executable}" "$@" ;; esac
echo "$*" >> calls
case "$*" in *"${{BREAKS:-nowhere}}"*) exit 1 ;; esac
case "$*" in
  "-m venv"*) rm -rf .venv && mkdir -p .venv/bin && for name in python ruff mypy; do cp "$0" .venv/bin/$name; done ;;
esac
"""
ENVIRONMENT, PIP, INSTALLATION, SUITE = ".venv", "pip>=24.1", ".[dev]", "worksteal"
"""The last word of each thing that is asked: to make the environment, to get its pip, to install, to test."""


def outside_make() -> dict[str, str]:
    """The environment without what a make that runs these tests would tell the make of a test."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


class Checkout:
    """A folder with the Makefile, and a Python that notes what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".ci").mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", ".ci/run"):
            shutil.copy(ROOT / name, folder / name)
        (folder / "python").write_text(INTERPRETER, encoding="utf-8")
        (folder / "python").chmod(0o755)

    def make(self, python: str = "./python", breaks: str = "") -> tuple[int, list[str], str]:
        """Run `make test`, with what `run` tells."""
        return self.run("make", "test", f"PYTHON={python}", breaks=breaks)

    def run(self, *command: str, breaks: str = "") -> tuple[int, list[str], str]:
        """Run a command; its exit code, the last word of each call of Python, ruff or mypy, and what stderr got."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**outside_make(), "PYTHON": "./python", **({"BREAKS": breaks} if breaks else {})},
            capture_output=True,
            text=True,
            check=False,
        )
        file = self.folder / "calls"
        calls = [line.split(" ")[-1] for line in file.read_text("utf-8").splitlines()] if file.exists() else []
        file.unlink(missing_ok=True)
        return done.returncode, calls, done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a clone with spaces")


def test_it_is_set_up_once(checkout: Checkout) -> None:
    assert checkout.make() == (0, [ENVIRONMENT, PIP, INSTALLATION, SUITE], "")
    assert checkout.make() == (0, [SUITE], "")


@pytest.mark.parametrize(
    ("breaks", "before", "again"),
    [
        ("-m venv", [ENVIRONMENT], [ENVIRONMENT, PIP, INSTALLATION, SUITE]),
        (PIP, [ENVIRONMENT, PIP], [ENVIRONMENT, PIP, INSTALLATION, SUITE]),
        (INSTALLATION, [ENVIRONMENT, PIP, INSTALLATION], [INSTALLATION, SUITE]),
    ],
)
def test_what_was_interrupted_is_done_again(
    breaks: str, before: list[str], again: list[str], checkout: Checkout
) -> None:
    code, calls, _ = checkout.make(breaks=breaks)
    assert (code, calls) == (2, before)
    assert checkout.make() == (0, again, "")


def test_an_installation_that_fails_says_how_to_go_on(checkout: Checkout) -> None:
    assert "then run the same again" in checkout.make(breaks=INSTALLATION)[2]


def test_what_pyproject_lists_anew_is_installed(checkout: Checkout) -> None:
    checkout.make()
    earlier = (checkout.folder / "pyproject.toml").stat().st_mtime - 1
    for mark in (".made", ".ready"):
        os.utime(checkout.folder / ".venv" / mark, (earlier, earlier))
    assert checkout.make() == (0, [INSTALLATION, SUITE], "")


ALL = [
    *(".", ".", "", "tests/packaging/floors.py", "tests/packaging/alibi.py", "tests/targets/promtool.py"),
    *("tests/targets/terraform/stubs.py", "tests/targets/terraform/fetch_checkov.py"),
    *("tests/targets/github/fetch_act.py", "tests/targets/github/workflow_checkers.py"),
    *("tests/targets/github/mermaid_parser.py", "tests/editors/editor_tools.py"),
    *("tests/playground/page_bundle.py", "integration", SUITE),
]
"""The last word of each thing that CI asks: two of ruff, mypy without any, the lowest versions, the detectors of
alibi-detect, Prometheus' checker, what plays a provider of Terraform, checkov, act, the checkers of workflows,
Mermaid's parser, what judges editor packages, the page of the playground, what takes large programs of others, the
suite."""


@pytest.mark.parametrize(
    ("breaks", "code", "calls"),
    [("", 0, ALL), ("check .", 1, ALL[1:]), ("format", 1, ALL), ("floors", 1, ALL), ("pytest", 1, ALL)],
)
def test_ci_asks_everything_and_fails_with_any_of_it(
    breaks: str, code: int, calls: list[str], checkout: Checkout
) -> None:
    checkout.make()
    assert checkout.run("bash", ".ci/run", breaks=breaks)[:2] == (code, calls)


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ("sys.version_info = (3, 10, 4)", "and mlopsc needs 3.11 or newer; name one with: make PYTHON=python3.12"),
        (
            "sys.modules['ensurepip'] = None",
            "without venv; install it (on Debian and Ubuntu: apt install python3-venv)",
        ),
    ],
)
def test_a_python_that_does_not_fit_is_told(
    hidden: str, said: str, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.folder / "sitecustomize.py").write_text(f"import sys\n{hidden}\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(checkout.folder))
    code, calls, told = checkout.make()
    assert (code, calls) == (2, [])
    assert told.startswith("`./python` is Python ")
    assert said in told
    assert "Traceback" not in told


def test_a_python_that_is_not_there_is_told(checkout: Checkout) -> None:
    code, calls, told = checkout.make(python="python9")
    assert (code, calls) == (2, [])
    assert told.startswith("there is no `python9`; mlopsc needs Python 3.11 or newer: make PYTHON=")


def test_help_lists_every_target(checkout: Checkout) -> None:
    done = subprocess.run(
        ["make", "help"], cwd=checkout.folder, env=outside_make(), capture_output=True, text=True, check=True
    )
    declared = next(line for line in (ROOT / "Makefile").read_text("utf-8").split("\n") if line.startswith(".PHONY"))
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(declared.split()[1:])
