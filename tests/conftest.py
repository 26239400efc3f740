"""What every area of the tests uses: golden files, and signals that reach the programs under test."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from golden import Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_configure() -> None:
    # The runs of tests are nobody's business on the page of the job that tests.
    os.environ.pop("GITHUB_STEP_SUMMARY", None)
    # A shell starts what is to run in the background without Ctrl-C, and children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


LONG = (
    "together/test_kill_together.py",
    "serve/test_serve_faults.py",
    "scaffold/test_loop.py",
    "rehearsal/test_rehearsals.py",
    "serve/test_serve_loop.py",
    "runtime_test/test_gate_champion.py",
    "scaffold/test_init.py",
    "examples/test_bike_example.py",
    "release/test_release_crashes.py",
    "release/test_release_commands.py",
    "rehearsal/test_rehearsals_stopped.py",
    "monitor/test_kill.py",
    "runtime_tracking/test_tracking.py",
    "newuser/test_readme.py",
)
"""The files that take longest, the longest first: begun last, one of them would be waited for by all others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first in the share of each worker: pytest-xdist cuts the list into one piece for each."""
    root = Path(__file__).parent
    places = {name: place for place, name in enumerate(LONG)}
    shares: list[list[pytest.Item]] = [[] for _ in range(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))]
    rest = []
    for item in items:
        place = places.get(item.path.relative_to(root).as_posix())
        if place is None:
            rest.append(item)
        else:
            shares[place % len(shares)].append(item)
    size, at = len(items) // len(shares), 0
    for share in shares:
        share.sort(key=lambda item: places[item.path.relative_to(root).as_posix()])
        room = max(0, size - len(share))
        share += rest[at : at + room]
        at += room
    items[:] = [item for share in shares for item in share] + rest[at:]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Holds a text against a committed file, or writes the file under `--update-golden`."""

    def hold(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        assert path.exists(), f"there is no {path.name} yet: run pytest --update-golden and read the diff"
        with path.open(encoding="utf-8", newline="") as file:
            assert text == file.read()

    return hold
