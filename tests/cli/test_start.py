"""What starting a command loads: this decides how fast `check` and `fmt` answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = {"lark", "pydantic", "pydantic_core", "rich", "jinja2", "networkx", "email", "asyncio", "urllib3"}
PROBE = """
import sys
from mlopsc.compiler.cli.main import run
code = run({arguments!r})
print(*sorted({{name.partition(".")[0] for name in sys.modules}}), file=sys.stderr)
sys.exit(code)
"""


def loaded_by(*arguments: str, folder: Path) -> set[str]:
    """The packages that a command imports, once the tables of the grammar are in the user's cache."""
    script = PROBE.format(arguments=arguments)
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_quick_commands_load_only_what_they_need(command: str, project: Path) -> None:
    found = loaded_by(command, folder=project)
    assert "click" in found
    assert found & TOOLS == set()


def test_what_must_not_be_loaded_would_be_seen(project: Path) -> None:
    assert {"pydantic", "networkx"} <= loaded_by("graph", folder=project)
