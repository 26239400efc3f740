"""An environment for one job: packages of others are there, mlopsc is not, so that the job's own pip puts it in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from venv import EnvBuilder

if not os.environ["VERSION"].startswith("3."):
    sys.exit(f"::error::there is no Python {os.environ['VERSION']}")
home = Path(os.environ["RUNNER_TEMP"]) / "python"
EnvBuilder(symlinks=True).create(home)
(packages,) = home.glob("lib/python*/site-packages")
(packages / "others.pth").write_text(os.environ["ACTING_PACKAGES"], encoding="utf-8")
with Path(os.environ["GITHUB_PATH"]).open("a", encoding="utf-8") as file:
    file.write(f"{home / 'bin'}\n")
