"""A project as it is in a commit, read from git: nothing is checked out for it."""

from __future__ import annotations

import glob
import subprocess
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from posixpath import normpath

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.workspace import DiskWorkspace, decode, missing

_SECONDS = 60


class CommittedWorkspace:
    """The folder of a spec as a commit has it. Of data that git does not keep, it says that it is there if it is now.

    Raises CommandFailure where there is no git, no repository or no such commit.
    """

    def __init__(self, root: Path, revision: str) -> None:
        self._root = root
        if _git(root, "rev-parse", "--git-dir") is None:
            raise CommandFailure("this is no repository of git", "compare two environments: `mlopsc diff dev prod`")
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found is None:
            fact = f"git knows no commit `{revision}` here"
            raise CommandFailure(fact, "name one of `git log`; a shallow clone has few of them", Exit.USAGE)
        self.commit = found.decode().strip()
        self._prefix = (_git(root, "rev-parse", "--show-prefix") or b"").decode().removesuffix("\n")

    @property
    def folder(self) -> None:
        """None: its files are on no disk."""

    def read(self, path: str) -> str:
        """The text of a file, its line breaks as they are; raises SourceProblem."""
        content = _git(self._root, "cat-file", "blob", f"{self.commit}:{self._in_repository(path)}")
        if content is None:
            raise missing(path, self.list(path.rpartition("/")[0]))
        return decode(path, content)

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path, or one that a glob in it matches."""
        wanted = self._in_repository(path)
        matches = glob.has_magic(wanted) and any(fnmatchcase(known, wanted) for known in self._names)
        return matches or wanted in self._names or DiskWorkspace(self._root).exists(path)

    def list(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted; none if there is no such folder."""
        wanted = self._in_repository(folder)
        prefix = "" if wanted == "." else f"{wanted}/"
        return tuple(sorted({one[len(prefix) :].split("/")[0] for one in self._names if one.startswith(prefix)}))

    def _in_repository(self, path: str) -> str:
        return normpath(f"{self._prefix}{path}")

    @cached_property
    def _names(self) -> frozenset[str]:
        """All files of the commit, and the folders that they are in."""
        listed = _git(self._root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", self.commit) or b""
        files = [one for one in listed.decode("utf-8", "surrogateescape").split("\0") if one]
        parents = (one.rsplit("/", depth)[0] for one in files for depth in range(1, one.count("/") + 1))
        return frozenset([*files, *parents])


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints in a folder; None where it fails, or is not there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return done.stdout
