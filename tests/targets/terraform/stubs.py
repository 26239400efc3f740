"""`make stubs`: the package with which tests play a provider, in a folder of its own, since its protobuf is an old one.

It lands in .venv/peers/stubs. Where it cannot be installed, the tests that need it are skipped aloud; with CI=true they
fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".venv" / "peers" / "stubs"
PACKAGE = "tf==1.2.*"


def packages() -> Path | None:
    """The folder with the package, if an earlier call of this program made it."""
    return FOLDER if (FOLDER / "tf").is_dir() else None


def main() -> int:
    """Install it unless it is there; say so where that cannot be done, and fail in CI."""
    if packages():
        return 0
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", FOLDER]
    if subprocess.run([*install, PACKAGE], check=False).returncode == 0:
        return 0
    print(f"{'=' * 72}\nSKIPPED: Terraform does NOT read what is written for Azure\n{'=' * 72}", file=sys.stderr)
    return int(os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit(main())
