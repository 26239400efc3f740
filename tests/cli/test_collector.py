"""When commands look for garbage: seldom, and not at their end."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import atexit, gc, sys
from mlopsc.compiler.cli.main import main
atexit.register(lambda: print(gc.get_threshold()[0], gc.isenabled(), gc.get_freeze_count() > 10_000))
sys.argv[1:] = ["--version"]
main()
"""


def test_a_command_looks_seldom_and_not_at_its_end() -> None:
    """What was registered before `main` ran is called after all that it registered."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["100000 False True"]
