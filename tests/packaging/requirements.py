"""What pyproject.toml requires, by extra."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from areas import ROOT
from packaging.requirements import Requirement

PYPROJECT = ROOT / "pyproject.toml"
CORE = ""


@cache
def _project() -> dict[str, Any]:
    return dict(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"])


def extras() -> tuple[str, ...]:
    """The names of all extras."""
    return tuple(_project()["optional-dependencies"])


def requirements(extra: str = CORE) -> list[Requirement]:
    """What an extra requires beside the core, extras of this package itself resolved; without a name, the core."""
    lines = _project()["dependencies"] if extra == CORE else _project()["optional-dependencies"][extra]
    listed = [Requirement(line) for line in lines]
    inner = [one for outer in listed if outer.name == "mlopsc" for extra in outer.extras for one in requirements(extra)]
    return [one for one in listed if one.name != "mlopsc"] + inner


def lowest(requirement: Requirement) -> str:
    """The lowest version that a requirement admits."""
    (found,) = [one.version for one in requirement.specifier if one.operator in (">=", "==")]
    return found
