"""The golden spec on Azure: its text, what is emitted for it, and the same as an evaluator reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

CASE = Path(__file__).parents[2] / "golden" / "azure" / "bikes"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
DEV, PROD = "deploy/bike_demand/dev/terraform", "deploy/bike_demand/prod/terraform"
GITHUB = "deploy/bike_demand/bootstrap/github/"
BOOTSTRAP = f"deploy/bike_demand/bootstrap/azure-{SUBSCRIPTION}"


def spec() -> str:
    return (CASE / "main.mlops").read_text("utf-8")


def replaced(*pairs: tuple[str, str]) -> str:
    """The spec with texts replaced, each of which it must have."""
    text = spec()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def compiled(text: str) -> Compilation:
    return Compilation(MemoryWorkspace({"main.mlops": text}), registry(), "main.mlops")


def errors_of(text: str) -> list[Diagnostic]:
    """What keeps a spec from being written; where there is something, nothing is."""
    compilation = compiled(text)
    found = [one for one in compilation.diagnostics_for(["terraform"]) if one.is_error]
    assert not found or compilation.emit(["terraform"]) == []
    return found


@cache
def _emitted(text: str) -> Mapping[str, str]:
    files = {file.path: file.text for file in compiled(text).emit(["terraform"])}
    return {path: one for path, one in files.items() if not path.startswith(GITHUB)}


def emitted(text: str = "") -> Mapping[str, str]:
    """What is on Azure of the files of a spec, by path; of the golden one without a text."""
    return _emitted(text or spec())


def document(folder: str, text: str = "") -> dict[str, Any]:
    """The parsed `main.tf.json` of a folder, to be changed at will."""
    found: dict[str, Any] = json.loads(emitted(text)[f"{folder}/main.tf.json"])
    return deepcopy(found)
