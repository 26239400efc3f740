"""`make demo`: the bike-sharing example from spec to verdict on real data, and then its life in production, in minutes.

Works on a copy in build/demo, made anew each time, so that it always begins cold and leaves the example as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / "build" / "demo" / "bike-demand"
MLOPSC = Path(sys.executable).parent / "mlopsc"
LEFT_BEHIND = shutil.ignore_patterns(".mlops", "__pycache__", ".pytest_cache")

STEPS = (
    ("Is the spec right? Names, types, units, the graph, the statistics:", ["check"]),
    ("Train a model and hold it against its gate, as production would:", ["run", "--environment", "prod"]),
    ("And again, with nothing changed:", ["run", "--environment", "prod"]),
    (
        "Eight weeks of production in a minute. On day 14 the world changes: who notices, and what happens then?",
        ["rehearse", "prod", "--inject", "drift", "--days", "58"],
    ),
)


def heading(text: str) -> None:
    """Say what comes next."""
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    print(f"\n{text}" if plain else f"\n\033[1m{text}\033[0m", flush=True)


def show(arguments: list[str]) -> int:
    """Run one command in the copy, as a user would type it."""
    print(f"$ mlopsc {' '.join(arguments)}", flush=True)
    begun = time.perf_counter()
    code = subprocess.run([str(MLOPSC), *arguments], cwd=COPY, check=False).returncode
    print(f"({time.perf_counter() - begun:.1f} s)", flush=True)
    return code


def main() -> int:
    """All steps; ends with the code of the first that did not succeed."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "bike-demand", COPY, ignore=LEFT_BEHIND)
    for text, arguments in STEPS:
        heading(text)
        if code := show(arguments):
            return code
    heading("The project, to look around in: cd build/demo/bike-demand")
    print("Next: open the page in a browser; mlopsc rehearse prod --inject errors; mlopsc graph")
    return 0


if __name__ == "__main__":
    sys.exit(main())
