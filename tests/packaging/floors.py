"""`make floors`: the lowest versions that the core and [run] admit, installed and put to work.

They are installed into build/floors, anew when they change; then everything is imported, the bike example runs to its
verdict and once more with nothing to do, and the tests of what depends most on versions run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from venv import EnvBuilder

from areas import ROOT
from requirements import CORE, PYPROJECT, lowest, requirements

FLOORS = ROOT / "build" / "floors"
PYTHON = FLOORS / "bin" / "python"
MARK = FLOORS / "installed.txt"
NEWEST = (3, 12)
"""The newest Python that has wheels of these versions."""

TESTS = (
    "tests/runtime_data/test_data_types.py",
    "tests/runtime_train/test_train_stage.py",
    "tests/runtime_train/test_train_metrics.py",
    "tests/store/test_store_contract.py",
    "tests/service/test_request_log.py",
)
TOOLS = ("pytest", "pytest-xdist", "hypothesis")


def pins() -> list[str]:
    """`name==version` of each package, as low as it may be."""
    return [f"{one.name}=={lowest(one)}" for extra in (CORE, "run") for one in requirements(extra)]


def install() -> None:
    """Make the environment unless it is there already; what was interrupted begins again."""
    wanted = PYPROJECT.read_text("utf-8")
    if MARK.exists() and MARK.read_text("utf-8") == wanted:
        return
    print(f"installing {', '.join(pins())}", flush=True)
    shutil.rmtree(FLOORS, ignore_errors=True)
    EnvBuilder(with_pip=True).create(FLOORS)
    constraints = FLOORS / "constraints.txt"
    constraints.write_text("\n".join(pins()), encoding="utf-8")
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    run([*pip, "--constraint", constraints, *pins(), *TOOLS], ROOT)
    run([*pip, "--no-deps", "--editable", ROOT], ROOT)
    MARK.write_text(wanted, encoding="utf-8")


def run(arguments: Sequence[str | Path], folder: Path) -> None:
    """Run the Python of the environment; ends the program with its code when that is not 0."""
    code = subprocess.run([PYTHON, *arguments], cwd=folder, check=False).returncode
    if code:
        sys.exit(code)


def main() -> int:
    """Install, import, run the example twice, test."""
    if sys.version_info[:2] > NEWEST:
        sys.exit(f"the lowest versions have no wheels for this Python; use {NEWEST[0]}.{NEWEST[1]} or older")
    install()
    run([ROOT / "tests" / "packaging" / "areas.py", "run"], ROOT)
    example = FLOORS / "bike-demand"
    shutil.rmtree(example, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "bike-demand", example, ignore=shutil.ignore_patterns(".mlops", "__pycache__"))
    for command in ("check", "run", "run"):
        environment = ["--environment", "prod"] if command == "run" else []
        run(["-m", "mlopsc.compiler.cli", command, *environment], example)
    run(["-m", "pytest", "-n", "2", "-q", "-p", "no:cacheprovider", "-k", "not s3", *TESTS], ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
