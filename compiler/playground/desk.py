"""What lies open in the playground: a spec of a project, or a copy of an example; and how it is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from posixpath import normpath

from mlopsc.stdlib.runtime.engine.writing import write_together
from mlopsc.stdlib.runtime.store.faults import OperationError

MAIN = "pipeline.mlops"


class NotDone(Exception):  # noqa: N818 (somebody has to choose; the program has no error)
    """Something was asked that cannot be done: the fact and the next step, for a person to read."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint


class Desk:
    """A folder with a spec. The copy of an example has a `home`: the folder where saving puts it."""

    def __init__(self, folder: Path, main: str, home: Path | None = None) -> None:
        self.folder = folder.resolve()
        self.main = main
        self.home = home
        self._seen: dict[Path, str | None] = {}

    @property
    def title(self) -> str:
        """What the page is called."""
        return self.main if self.home is None else f"{self.main} (a copy that is not saved)"

    @property
    def place(self) -> str:
        """The folder that saving writes to."""
        return str(self.home or self.folder)

    def read(self, path: Path, program: Iterable[str]) -> str:
        """The text of a file that may be shown: one of the program (paths from the folder), or one in the folder.

        Raises NotDone for any other. From then on it is known what the file held.
        """
        full = Path(normpath(path.as_posix()))
        if full not in self._paths(program) and not full.resolve().is_relative_to(self.folder):
            raise NotDone(f"`{path}` is no file of this project", "open it in an editor")
        try:
            content = full.read_bytes()
            text = content.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotDone(f"`{path.name}` cannot be read as text", "see that it is there, and UTF-8") from error
        self._seen[full] = _digest(content)
        return text

    def save(self, texts: Mapping[Path, str], program: Iterable[str]) -> Path:
        """Write texts of the program, all or none; returns the main file.

        Raises NotDone where that would undo what somebody else has written meanwhile.
        """
        allowed = self._paths(program)
        wanted = {Path(normpath(path.as_posix())): text for path, text in texts.items()}
        if any(path not in allowed for path in wanted):
            raise NotDone("only files of the spec are saved", "save the others in an editor")
        if self.home is not None:
            return self._move_in(wanted, self.home)
        for path in wanted:
            if _on_disk(path) != self._seen.get(path):
                fact = f"`{path.name}` has been changed by something else since it was opened here"
                raise NotDone(fact, "copy what you need from here, then load the page again")
        self._write(wanted)
        self._seen |= {path: _digest(text.encode()) for path, text in wanted.items()}
        return self.folder / self.main

    def _move_in(self, texts: Mapping[Path, str], home: Path) -> Path:
        """Put a copy of an example with all its files where it was asked for; it is a project like any other then."""
        inside = {path: path.read_bytes() for path in sorted(self.folder.rglob("*")) if _is_example(path, self.folder)}
        files = {**inside, **{path: text.encode() for path, text in texts.items()}}
        moved = {home / path.relative_to(self.folder): content for path, content in files.items()}
        there = [path for path in moved if _on_disk(path) is not None]
        if there:
            fact = f"`{there[0]}` is there already, and saving would overwrite it"
            raise NotDone(fact, "start the playground in an empty folder to save a copy there")
        self._write({path: content.decode() for path, content in moved.items()})
        self.folder, self.home = home.resolve(), None
        self._seen = {}
        return home / self.main

    def _write(self, texts: Mapping[Path, str]) -> None:
        try:
            write_together({path: text.encode() for path, text in texts.items()})
        except OperationError as error:
            raise NotDone(error.message, error.hint) from error

    def _paths(self, program: Iterable[str]) -> set[Path]:
        return {Path(normpath((self.folder / path).as_posix())) for path in (self.main, *program)}


def lay_out_example(texts: Mapping[str, str], folder: Path) -> None:
    """Write an example's files into an empty folder, in which the compiler finds them as in any project."""
    write_together({folder / path: text.encode() for path, text in texts.items()})


def _is_example(path: Path, folder: Path) -> bool:
    """Whether a file came with the example, and was not made beside it."""
    made = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
    return path.is_file() and not made


def _on_disk(path: Path) -> str | None:
    try:
        return _digest(path.read_bytes())
    except OSError:
        return None


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
