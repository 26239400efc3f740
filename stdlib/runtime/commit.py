"""The commit of the project, for records that people read."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any


def read_commit(project: Path) -> dict[str, Any] | None:
    """The commit that the project is at and whether its files differ from it; None where there is no git."""
    try:
        commit = _git(project, "rev-parse", "HEAD")
        return {"sha": commit, "changed": bool(_git(project, "status", "--porcelain", "--", "."))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(project: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()
