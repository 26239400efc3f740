"""On whose account entries are made."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path


def actor_of(folder: Path) -> str:
    """Who commits in a folder, by e-mail address; without git, who is logged in. It is a note, not a proof."""
    return git_setting(folder, "user.email") or _login()


def git_setting(folder: Path, name: str) -> str:
    """A setting of git as it holds in a folder, empty where it has none."""
    try:
        command = ["git", "-C", str(folder), "config", "--get", name]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"
