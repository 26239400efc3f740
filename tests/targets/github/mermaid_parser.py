"""`make workflows` also gets what reads the plots of pages: the parser of Mermaid, which GitHub draws them with.

It lands in .venv/peers/mermaid as a single file. Mermaid cleans texts with a library that needs a browser; a stand-in
that cleans nothing takes its place, since only the parser is asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workflow_checkers import BANNER, BUNDLED, FOLDER, around_node, node, npm_install, run

PLACE = FOLDER.with_name("mermaid")
BUNDLE = PLACE / "mermaid.mjs"
MARK = PLACE / "installed.txt"
SCRIPT = Path(__file__).with_name("mermaid.mjs")
NODE = ("mermaid@11.17.2", "esbuild@0.28.2")
_PURIFY = "export default { sanitize: (text) => text, addHook() {} };\n"


def there() -> bool:
    """Whether an earlier call of this program installed it, at this version."""
    return MARK.exists() and MARK.read_text("utf-8") == _wanted()


def parsed(texts: Sequence[str], folder: Path) -> list[str]:
    """The kind of each diagram, or `wrong: …`."""
    listed = folder / "diagrams.json"
    listed.write_text(json.dumps(texts), encoding="utf-8")
    found: list[str] = json.loads(run([node(), str(BUNDLE), str(listed)], (0,)))
    return found


def main() -> int:
    """Install it unless it is there; say so where that cannot be done, and fail in CI."""
    if there() or _install():
        return 0
    line = "SKIPPED: plots are NOT checked: npm could not install the parser of Mermaid"
    print(f"{'=' * len(line)}\n{line}\n{'=' * len(line)}", file=sys.stderr)
    return int(os.environ.get("CI") == "true")


def _install() -> bool:
    print("installing the parser of Mermaid", flush=True)
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    (PLACE / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    (PLACE / "purify.mjs").write_text(_PURIFY, encoding="utf-8")
    shutil.copy(SCRIPT, PLACE / "entry.mjs")
    alias = "--alias:dompurify=./purify.mjs"
    for command in (
        [*npm_install(), *NODE],
        ["node_modules/.bin/esbuild", "entry.mjs", *BUNDLED, alias, f"--banner:js={BANNER}", f"--outfile={BUNDLE}"],
    ):
        if subprocess.run(command, cwd=PLACE, env=around_node(), check=False).returncode:
            return False
    shutil.rmtree(PLACE / "node_modules")
    MARK.write_text(_wanted(), encoding="utf-8")
    return True


def _wanted() -> str:
    return "\n".join([*NODE, SCRIPT.read_text("utf-8")])


if __name__ == "__main__":
    sys.exit(main())
