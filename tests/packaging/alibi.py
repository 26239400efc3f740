"""`make alibi`: alibi-detect's detectors at work, in an environment of their own.

alibi-detect needs numpy 1 and pandas 2, and Python 3.12 at most, so it cannot be installed beside what mlopsc is worked
on with. The environment is made by pip alone in .venv/peers/alibi, and made anew when what it needs changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from areas import ROOT
from packaging.requirements import Requirement
from requirements import CORE, requirements

FOLDER = ROOT / ".venv" / "peers" / "alibi"
PYTHON = FOLDER / "bin" / "python"
MARK = FOLDER / "installed.txt"
NEWEST = (3, 12)
"""The newest Python that alibi-detect's dependencies have wheels for."""
TOOLS = ("pytest", "hypothesis")
TESTS = ("tests/monitor/test_alibi.py", "tests/monitor/test_alibi_columns.py")


def fitting_python() -> str | None:
    """A Python that alibi-detect can be installed with: this one, or another one on the path."""
    if sys.version_info[:2] <= NEWEST:
        return sys.executable
    for name in ("python3.12", "python3.11"):
        found = shutil.which(name)
        works = found and subprocess.run([found, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if works and works.returncode == 0:
            return found
    return None


def _all_requirements() -> list[Requirement]:
    return [one for extra in (CORE, "run", "alibi") for one in requirements(extra)]


def install(python: str) -> int:
    """Make the environment unless it is there already; what was interrupted begins again."""
    wanted = "\n".join([*map(str, _all_requirements()), *TOOLS])
    if MARK.exists() and MARK.read_text("utf-8") == wanted:
        return 0
    print("installing mlopsc[run,alibi] into an environment of its own", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [python, "-m", "venv", str(FOLDER)],
        [*pip, "--upgrade", "pip>=24.1"],
        [*pip, "--editable", f"{ROOT}[run,alibi]", *TOOLS],
    ):
        # pip's builder warns of folder names that do no harm.
        done = subprocess.run(command, env={**os.environ, "PYTHONWARNINGS": "ignore"}, check=False)
        if done.returncode:
            return done.returncode
    MARK.write_text(wanted, encoding="utf-8")
    return 0


def main() -> int:
    """Install and test; where no Python fits, say so where nobody can miss it."""
    python = fitting_python()
    if python is None:
        here = f"{sys.version_info[0]}.{sys.version_info[1]}"
        line = f"SKIPPED: alibi-detect has no release for Python {here}, and neither 3.12 nor 3.11 is on the path"
        print(f"{'=' * len(line)}\n{line}\nits detectors are NOT tested here\n{'=' * len(line)}", file=sys.stderr)
        return 0
    code = install(python)
    if code:
        return code
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error::pytest.PytestWarning", *TESTS]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
