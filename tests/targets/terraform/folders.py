"""Emitted folders of Terraform, for tests that read them: the bicycle example's, and variants of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.compiler.cli.spec import Spec
from mlopsc.compiler.compilation import Compilation
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.identities import Identity, identities

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "bike-demand"
ACCOUNT, REGION = "123456789012", "eu-west-1"
SCORE = """
data latest {
  source = csv("s3://example-rides/latest/*.csv")
  time   = at
  key    = at
  schema {
    at:         timestamp
    hr:         int in 0..23 role calendar
    workingday: bool
    weathersit: category, missing <= 1%
    temp:       float in 0..1
    hum:        float in 0..1
  }
  check rows >= 10
}

score nightly {
  model = demand
  data  = latest
}
"""


@dataclass(frozen=True)
class Emitted:
    """What a spec is written as: the compiled spec, and each file of Terraform by its path."""

    compilation: Compilation
    files: Mapping[str, str]

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """The files that Terraform reads, parsed, by the name of their folder: `prod`, `aws-123456789012`."""
        found = {}
        for path, text in self.files.items():
            if path.endswith("/main.tf.json"):
                folder = path.removesuffix("/main.tf.json").removesuffix("/terraform").rpartition("/")[2]
                found[folder] = json.loads(text)
        return found

    def identities(self, environment: str = "prod") -> tuple[Identity, ...]:
        """Who needs which part of the store, by the graph."""
        return identities(Written(self.compilation.builds[environment]))


def bikes(folder: Path, *more: str, **replaced: str) -> Emitted:
    """The example, in a folder of its own, with blocks added and text replaced."""
    for name in ("prep.py", "features.py", "checks.py", "tests", "data", "requirements.txt"):
        there = EXAMPLE / name
        if there.is_dir():
            shutil.copytree(there, folder / name, dirs_exist_ok=True)
        else:
            shutil.copy(there, folder / name)
    text = (EXAMPLE / "pipeline.mlops").read_text("utf-8")
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "pipeline.mlops").write_text("".join([text, *more]), "utf-8")
    return emitted(folder)


def emitted(project: Path, spec: str = "pipeline.mlops") -> Emitted:
    """What a spec that is in order is written as."""
    compilation = Spec(project, spec).compile()
    files = compilation.emit(["terraform"])
    wrong = [one.message for one in compilation.diagnostics_for(("terraform",)) if one.is_error]
    assert not wrong, wrong
    return Emitted(compilation, {one.path: one.text for one in files})
