"""A playground as a program of its own, and a browser that has it open."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import PATIENCE, Browser
from page_bundle import ROOT, needs_bundle

BIKE = ROOT / "examples" / "bike-demand"


class Program:
    """A running `mlopsc playground`: its address, and how it is stopped."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "mlopsc.compiler.cli", "playground", "--no-open", *arguments]
        environment = {name: text for name, text in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/(\S+)/", self.first)
        assert found is not None, self.stop()
        self.address, self.port, self.token = found[0], int(found[1]), found[2]

    def stop(self) -> tuple[int, str]:
        """Press Ctrl-C; the exit code, and all that was said on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


Start = Callable[..., Program]


def _copy(folder: Path) -> Path:
    return shutil.copytree(BIKE, folder / "bike", ignore=shutil.ignore_patterns("deploy", "__pycache__", ".*"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts playgrounds, which are gone after the test."""
    needs_bundle()
    started: list[Program] = []

    def begin(*arguments: str, folder: Path | None = None) -> Program:
        started.append(Program(folder or tmp_path, *arguments))
        return started[-1]

    yield begin
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    """A browser, started once."""
    with Browser() as found:
        yield found


@pytest.fixture
def browser(window: Browser) -> Iterator[Browser]:
    """The browser, in daylight and wide; whatever its console says is an error."""
    window.said.clear()
    window.resize(1440, 900)
    window.darken("light")
    yield window
    window.open("about:blank")
    assert window.said == []


@pytest.fixture(scope="module")
def bike(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A playground of a copy of the bike example, which no test saves."""
    needs_bundle()
    found = Program(_copy(tmp_path_factory.mktemp("opened")))
    yield found
    found.stop()
