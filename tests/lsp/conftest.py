"""One server for the tests of a file, and a project for each test in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from lsp_editor import Editor
from lsp_project import write_project

_NUMBERS = count()


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor that is started once for all tests of a file."""
    found = Editor(tmp_path_factory.mktemp("projects"))
    found.start()
    yield found
    found.stop()


@pytest.fixture
def project(editor: Editor) -> str:
    """The folder of a new project, as the editor calls it: a spec with its rows and Python."""
    name = f"project{next(_NUMBERS)}"
    write_project(editor.folder / name)
    return name
