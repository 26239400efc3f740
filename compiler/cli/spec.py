"""The spec that a command is about: where it is, how its files are shown, and its compilation."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.records import Record

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.workspace import Workspace

DEFAULT = "pipeline.mlops"
STDIN = "-"
STDIN_NAME = "<stdin>"
_SUFFIX = ".mlops"
_BUILT = ".json"
_MOST = 5
"""How many names a message offers."""


class Spec(Record):
    """A spec by its folder, to which all paths are relative, and its name there; `text` if it came by stdin."""

    folder: Path
    name: str
    text: str | None = None

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.folder / self.name

    def shown(self, path: str) -> str:
        """A path of the project as a person in the current folder would write it, with `/` between its parts."""
        if path == STDIN_NAME:
            return path
        try:
            relative = os.path.relpath(self.folder / path)
        except ValueError:  # another drive
            relative = str((self.folder / path).resolve())
        return relative.replace(os.sep, "/")

    def compile(self, workspace: Workspace | None = None) -> Compilation:
        """The compilation of the spec as it is now, the project read through `workspace` if one is given."""
        from mlopsc.compiler.compilation import Compilation
        from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace
        from mlopsc.stdlib import registry

        below = workspace or DiskWorkspace(self.folder)
        above = below if self.text is None else MemoryWorkspace({self.name: self.text}, below)
        return Compilation(above, registry(), self.name)


def locate(file: str | None) -> Spec:
    """The spec that an argument names: a file, a folder with a `pipeline.mlops`, `-`, or by default this folder.

    Raises CommandFailure when there is no such file, and OperationError when the current folder has been deleted.
    """
    if file == STDIN:
        return Spec(Path(), STDIN_NAME, read_stdin())
    path = Path(file or DEFAULT)
    if path.is_dir():
        path /= DEFAULT
    if not _is_there(path):
        raise CommandFailure(*_missing(path, is_default=file is None))
    if path.suffix not in ("", _SUFFIX):
        raise CommandFailure(f"`{path}` is no spec: their names end in `{_SUFFIX}`", "name the spec", Exit.USAGE)
    return Spec(path.parent, path.name)


def read_stdin() -> str:
    """What stands on stdin, as a source file; raises CommandFailure when it is none."""
    from mlopsc.compiler.workspace import LARGEST, SourceProblem, decode

    content = sys.stdin.buffer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise CommandFailure(f"stdin has more than the {LARGEST / 1e6:.0f} MB that a source file may have")
    try:
        return decode(STDIN_NAME, content)
    except SourceProblem as problem:
        raise CommandFailure(problem.message, problem.hint) from problem


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that the system refuses, or a folder that may not be entered: reading says more
        return True


def specs_in(folder: Path) -> list[Path]:
    """The specs that stand directly in a folder, by name."""
    found = folder.glob(f"*{_SUFFIX}") if folder.is_dir() else ()
    return sorted(path for path in found if path.stem != _SUFFIX and path.is_file())


def _missing(path: Path, *, is_default: bool) -> tuple[str, str]:
    here = [one.name for one in specs_in(path.parent)]
    if path.is_symlink():
        return f"`{path}` is a link that leads nowhere", "correct the link, or name another spec"
    if is_default:
        if Path(DEFAULT).is_dir():
            return f"`{DEFAULT}` is a folder, not a file", "name the spec"
        from mlopsc.stdlib.runtime.store.faults import require_current_folder

        require_current_folder()
        fact = f"there is no `{DEFAULT}` in this folder"
        return fact, f"name the spec: {_either(here)}" if here else "`mlopsc init` makes one"
    from mlopsc.compiler.diagnostics import did_you_mean

    close = did_you_mean(path.name, here)
    hint = f"did you mean `{path.with_name(close)}`?" if close else "correct the path; `mlopsc init` makes a new spec"
    return f"there is no file `{path}`", hint


def _either(names: list[str]) -> str:
    """The first few of them."""
    return " or ".join(f"`{name}`" for name in names[:_MOST]) + (", …" if len(names) > _MOST else "")


def is_spec(argument: str) -> bool:
    """Whether an argument that could be a stage names a file: stages have neither separators nor a suffix."""
    return argument.endswith((_SUFFIX, _BUILT)) or argument in (".", "..") or "/" in argument or os.sep in argument


def split_arguments(
    arguments: tuple[str, ...], find: Callable[[str | None], Spec] = locate
) -> tuple[Spec, tuple[str, ...]]:
    """`[FILE] [STAGE…]`: the spec, and the names of stages; raises UsageError when there are two specs."""
    files = [one for one in arguments if is_spec(one)]
    if len(files) > 1:
        raise click.UsageError(f"one spec at a time, not {' and '.join(f'`{one}`' for one in files)}")
    return find(files[0] if files else None), tuple(one for one in arguments if not is_spec(one))


def complete_stage(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The stages of the spec, read without checking it, and paths of specs."""
    from click.shell_completion import CompletionItem

    if is_spec(incomplete):
        return [CompletionItem(incomplete, type="file")]
    given = [one for one in ctx.params.get("arguments") or () if is_spec(one)]
    found = [(name, kind) for name, kind in _blocks(given[0] if given else None) if kind not in _NO_STAGES]
    return [CompletionItem(name, help=kind) for name, kind in found if name.startswith(incomplete)]


def complete_environment(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The environments of the spec, read without checking it."""
    return _complete_block(ctx, "environment", incomplete)


def complete_release(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The releases of the spec, read without checking it."""
    return _complete_block(ctx, "release", incomplete)


def complete_monitor(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The monitors of the spec, read without checking it."""
    return _complete_block(ctx, "monitor", incomplete)


def _complete_block(ctx: click.Context, wanted: str, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    given = [one for one in (*(ctx.params.get("arguments") or ()), ctx.params.get("file")) if one and is_spec(one)]
    found = [name for name, kind in _blocks(given[0] if given else None) if kind == wanted]
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]


_NO_STAGES = frozenset({"pipeline", "environment", "metric"})


def _blocks(file: str | None) -> list[tuple[str, str]]:
    """The name and kind of each block of a spec; nothing where it cannot be read."""
    from mlopsc.compiler.syntax import ast

    try:
        files = locate(file).compile().files
    except CommandFailure:
        return []
    items = [item for one in files for item, _ in one.placed()]
    return [(item.label.text, item.kind.text) for item in items if isinstance(item, ast.Block) and item.label]


def environment_named(environments: Iterable[str], name: str | None) -> str:
    """The environment to work in: the one named, else the first in `follows` order; raises CommandFailure."""
    known = [*environments]
    if name is None:
        return known[0]
    if name in known:
        return name
    from mlopsc.compiler.diagnostics import did_you_mean

    close = did_you_mean(name, known)
    there = f"there {'is' if len(known) == 1 else 'are'} {', '.join(f'`{one}`' for one in known)}"
    hint = f"did you mean `{close}`?" if close else there
    raise CommandFailure(f"there is no environment `{name}`", hint, Exit.USAGE)
