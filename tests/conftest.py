"""What every area of the tests uses: golden files, and signals that reach the programs under test."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from golden import Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_configure() -> None:
    # A shell starts what is to run in the background without Ctrl-C, and children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


LONG = ("together", "rehearsal", "scaffold", "release", "serve")
"""Areas whose tests wait for processes of their own: begun last, one of them would be waited for by all others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {area: place for place, area in enumerate(LONG)}
    root = Path(__file__).parent
    items.sort(key=lambda item: places.get(item.path.relative_to(root).parts[0], len(LONG)))


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
