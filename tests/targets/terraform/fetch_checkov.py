"""`make checkov`: what looks for weak settings in Terraform, in an environment of its own.

checkov needs other versions of what mlopsc is worked on with, so it cannot be installed beside it. The environment is
made by pip alone in .venv/peers/checkov. Without it, its test is skipped aloud; with CI=true this program fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".venv" / "peers" / "checkov"
PYTHON = FOLDER / "bin" / "python"
MARK = FOLDER / "installed.txt"
WANTED = "checkov>=3.3,<3.4"


def checkov() -> list[str] | None:
    """The command that runs it, if an earlier call of this program installed it."""
    return [str(PYTHON), "-m", "checkov.main"] if MARK.exists() and MARK.read_text("utf-8") == WANTED else None


def install() -> bool:
    """Make the environment; what was interrupted begins again."""
    print("installing checkov into an environment of its own", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", str(FOLDER)],
        [*pip, "--upgrade", "pip>=24.1"],
        [*pip, "--prefer-binary", WANTED],
    ):
        if subprocess.run(command, check=False).returncode:
            return False
    MARK.write_text(WANTED, encoding="utf-8")
    return True


def main() -> int:
    """Install it unless it is there; say so where that cannot be done, and fail in CI."""
    if checkov() is None and not install():
        line = "SKIPPED: Terraform is NOT checked by checkov: pip could not install it"
        print(f"{'=' * len(line)}\n{line}\n{'=' * len(line)}", file=sys.stderr)
        return int(os.environ.get("CI") == "true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
