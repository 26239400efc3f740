"""`python -m …tether MODULE ARGUMENTS` runs a module for as long as whoever started it holds its standard input open.

However a rehearsal ends, `kill -9` included, its router ends as well.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _end_with_starter() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
