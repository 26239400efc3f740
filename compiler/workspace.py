"""The project as the compiler reads it: the only way from any phase to a file.

Paths are relative to the folder of the spec, with `/` between their parts; `..` may lead out of it.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import normpath
from typing import Literal, Protocol

LARGEST = 4_000_000
"""The largest file that is read, in bytes: some 100,000 lines."""

Trouble = Literal["missing", "folder", "denied", "large", "encoding", "binary", "unreadable"]


class SourceProblem(Exception):  # noqa: N818 (it is the file that has the problem, and it is no failure of ours)
    """A file cannot be read as source text: which, what kind of trouble, the fact and the next step.

    Where its bytes are no text, `text` is what can be made of them and `offset` where the first wrong one stands;
    `size` is the number of bytes of a file that is too large.
    """

    def __init__(
        self,
        path: str,
        trouble: Trouble,
        message: str,
        hint: str = "",
        *,
        text: str = "",
        offset: int = 0,
        size: int = 0,
    ) -> None:
        super().__init__(path, trouble, message, hint)
        self.path = path
        self.trouble: Trouble = trouble
        self.message = message
        self.hint = hint
        self.text = text
        self.offset = offset
        self.size = size

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class Workspace(Protocol):
    """What the compiler may ask of the project."""

    @property
    def folder(self) -> Path | None:
        """The folder that the files are in, for what must run a person's code; None where they are on no disk."""

    def read(self, path: str) -> str:
        """The text of a file, its line breaks as they are; raises SourceProblem."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path, or one that a glob in it matches."""

    def list(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted; none if there is no such folder."""


@dataclass(frozen=True)
class DiskWorkspace:
    """A folder on disk: that of the spec."""

    root: Path

    @property
    def folder(self) -> Path | None:
        """The folder itself."""
        return self.root

    def read(self, path: str) -> str:
        """The text of a file, its line breaks as they are; raises SourceProblem."""
        try:
            return decode(path, self._bytes(path))
        except FileNotFoundError as error:
            raise missing(path, self.list(_folder(path))) from error
        except IsADirectoryError as error:
            raise SourceProblem(path, "folder", f"`{path}` is a folder, not a file", "name a file in it") from error
        except PermissionError as error:
            raise SourceProblem(path, "denied", f"`{path}` may not be read", "change its permissions") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SourceProblem(path, "unreadable", f"`{path}` cannot be read: {reason}", "correct the path") from error

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path, or one that a glob in it matches."""
        try:
            if (self.root / path).exists():
                return True
            matches = glob.iglob(path, root_dir=self.root, recursive=True)  # noqa: PTH207 (`..` and absolute globs too)
            return glob.has_magic(path) and next(matches, None) is not None
        except (OSError, ValueError):
            return False

    def list(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted; none if there is no such folder."""
        try:
            return tuple(sorted(os.listdir(self.root / folder)))  # noqa: PTH208 (one call for all names)
        except (OSError, ValueError):
            return ()

    def _bytes(self, path: str) -> bytes:
        with (self.root / path).open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise _too_large(path, (self.root / path).stat().st_size)
        return content


@dataclass(frozen=True)
class MemoryWorkspace:
    """Texts by path, over another workspace if one is given: unsaved files of an editor, and tests."""

    texts: Mapping[str, str] = field(default_factory=dict)
    below: Workspace | None = None

    @property
    def folder(self) -> Path | None:
        """That of the workspace below, if there is one."""
        return self.below.folder if self.below else None

    def read(self, path: str) -> str:
        """The text of a file, its line breaks as they are; raises SourceProblem."""
        text = self.texts.get(normpath(path))
        if text is not None:
            return text
        if self.below is not None:
            return self.below.read(path)
        raise missing(path, self.list(_folder(path)))

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path, or one that a glob in it matches."""
        from fnmatch import fnmatchcase

        wanted = normpath(path)
        here = any(
            known == wanted or known.startswith(f"{wanted}/") or (glob.has_magic(wanted) and fnmatchcase(known, wanted))
            for known in self.texts
        )
        return here or (self.below is not None and self.below.exists(path))

    def list(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted; none if there is no such folder."""
        prefix = "" if normpath(folder) == "." else f"{normpath(folder)}/"
        names = {known[len(prefix) :].split("/")[0] for known in self.texts if known.startswith(prefix)}
        return tuple(sorted(names.union(self.below.list(folder) if self.below else ())))

    def written(self, path: str, text: str) -> MemoryWorkspace:
        """The same workspace in which a file has another text."""
        return MemoryWorkspace({**self.texts, normpath(path): text}, self.below)


def decode(path: str, content: bytes) -> str:
    """The text that the bytes of a file stand for; raises SourceProblem when they are no UTF-8 text."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, content, error.start) from error
    if "\0" in text:
        at = text.index("\0")
        line = text.count("\n", 0, at) + 1
        fact = f"`{path}` is not text: line {line} has a zero byte"
        raise SourceProblem(path, "binary", fact, "name a text file", text=text, offset=at)
    return text


def missing(path: str, neighbours: Iterable[str]) -> SourceProblem:
    """There is no such file; a name like it in the same folder is offered."""
    from mlopsc.compiler.diagnostics import did_you_mean

    folder, _, name = path.rpartition("/")
    close = did_you_mean(name, neighbours)
    hint = f"did you mean `{folder}/{close}`?" if folder and close else f"did you mean `{close}`?" if close else ""
    return SourceProblem(path, "missing", f"there is no file `{path}`", hint or "write it, or correct the path")


def _not_utf8(path: str, content: bytes, start: int) -> SourceProblem:
    text = content.decode("utf-8", "replace")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return SourceProblem(path, "encoding", f"`{path}` is UTF-16", "save it as UTF-8", text=text)
    offset = len(content[:start].decode("utf-8"))
    line = content.count(b"\n", 0, start) + 1
    fact = f"`{path}` is not UTF-8: line {line} has the byte 0x{content[start]:02x}"
    return SourceProblem(path, "encoding", fact, "save it as UTF-8", text=text, offset=offset)


def _too_large(path: str, size: int) -> SourceProblem:
    fact = f"`{path}` has {size / 1e6:.1f} MB; source files may have {LARGEST / 1e6:.0f} MB"
    return SourceProblem(path, "large", fact, "data belongs into files that a data stage reads", size=size)


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "."
