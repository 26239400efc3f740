"""`make vscode`: the extension for VS Code as a file that it installs, build/mlops-VERSION.vsix."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from editor_tools import EXTENSION, FOLDER, ROOT, node, there
from editor_tools import main as install

BUILT = ROOT / "build"
PACKAGE = re.compile(r".*node_modules/((?:@[^/]+/)?[^/]+)/")
"""The innermost package that a bundled file belongs to."""


def build(place: Path, into: Path) -> Path:
    """Check the types, bundle and pack a copy in `place`; the path of the package."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(EXTENSION, place)
    shutil.copyfile(ROOT / "LICENSE", place / "LICENSE.txt")
    (place / "node_modules").symlink_to(FOLDER / "node_modules")
    listed = json.loads((place / "package.json").read_text("utf-8"))
    package = into / f"{listed['name']}-{listed['version']}.vsix"
    for command in listed["scripts"].values():
        _run(command, place)
    (place / "NOTICES.txt").write_text(_notices(place / "dist" / "meta.json"), encoding="utf-8")
    _run(f"vsce package --no-dependencies --out {package.name}", place)
    into.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(place / package.name, package))


def _run(command: str, place: Path) -> None:
    done = node(*command.split(), folder=place)
    if done.returncode:
        raise SystemExit(f"`{command}` failed:\n{done.stdout}{done.stderr}")


def _notices(bundled: Path) -> str:
    """The licences of the packages whose code is in the bundle."""
    inputs = json.loads(bundled.read_text("utf-8"))["inputs"]
    names = {match[1] for path in inputs if (match := PACKAGE.search(path))}
    texts = []
    for name in sorted(names):
        (licence, *_) = sorted((FOLDER / "node_modules" / name).glob("[Ll][Ii][Cc][Ee][Nn][SsCc]*"))
        texts.append(f"{name}\n\n{licence.read_text('utf-8').strip()}\n")
    return "\n\n".join(["This extension contains code of these packages.\n", *texts])


def main() -> int:
    """Build it, with the tools that `make editors` installs."""
    if not there() and (install() or not there()):
        print("the extension is not built: npm could not install what builds it", file=sys.stderr)
        return 1
    print(f"wrote {build(FOLDER / 'extension', BUILT).relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
