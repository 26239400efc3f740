"""`mlopsc init`: a project that runs at once, around the user's own table or around an example."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit

if TYPE_CHECKING:
    from mlopsc.compiler.scaffold.guesses import TableGuess

_IGNORED = ".mlops/\norigins.json\n__pycache__/\n"
_LIBRARIES = ("numpy", "pandas", "pyarrow", "scikit-learn", "scipy")
_FEATURES = ("features.py", "time_features.py")


@dataclass(frozen=True)
class _Table:
    """Where the rows are, relative to the project, what is believed of them, and what to copy there first."""

    path: str
    guess: TableGuess
    options: Mapping[str, str] = field(default_factory=dict)
    copy_of: Path | None = None


@click.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--data", type=click.Path(path_type=Path, dir_okay=False), help="A CSV or Parquet file with your rows.")
@click.option("--target", help="The column to predict; guessed unless it is said.")
@click.option("--name", help="The pipeline's name; that of the folder unless it is said.")
def command(folder: Path, data: Path | None, target: str | None, name: str | None) -> int:
    """Begin a project in FOLDER (here, unless it is said).

    Writes `pipeline.mlops` with a data, a train and a test stage. With --data, columns, types, ranges, roles and the
    likely target are read from your own file; without, the project begins with a small table of its own.

    \b
    Examples:
      mlopsc init                                     around an example, here
      mlopsc init churn --data customers.csv          around your own rows
      mlopsc init churn --data customers.csv --target churned
    """
    from mlopsc.compiler.scaffold.guesses import CannotGuess

    if target is not None and data is None:
        raise click.UsageError("--target names a column of --data")
    _refuse_existing(folder)
    try:
        table = _example() if data is None else _own_table(folder, data, target)
    except CannotGuess as problem:
        raise CommandFailure(str(problem), problem.hint, Exit.USAGE) from problem
    written = _write(folder, table, name)
    click.echo("\n".join(_closing_words(folder, written, table)))
    return Exit.OK


def _refuse_existing(folder: Path) -> None:
    from mlopsc.stdlib.runtime.store.faults import require_current_folder

    require_current_folder()
    spec = folder / "pipeline.mlops"
    if spec.exists():
        hint = "delete it to begin anew, or name another folder: mlopsc init FOLDER"
        raise CommandFailure(f"`{spec}` is there already", hint, Exit.USAGE)


def _example() -> _Table:
    from mlopsc.compiler.scaffold import example

    return _Table(example.PATH, example.GUESS)


def _own_table(folder: Path, data: Path, target: str | None) -> _Table:
    from mlopsc.stdlib.runtime.extras import need_extra

    if not data.is_file():
        raise CommandFailure(f"there is no file `{data}`", "give the path of a CSV or Parquet file to --data")
    need_extra("run")
    from mlopsc.compiler.scaffold.profile import guess_table
    from mlopsc.compiler.scaffold.reading import read_table

    own = read_table(data)
    guess = guess_table(own.frame, target)
    inside = _inside(folder, data)
    return _Table(inside, guess, own.options) if inside else _Table(_copied(data), guess, own.options, data)


def _inside(folder: Path, data: Path) -> str:
    try:
        return data.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return ""


def _copied(data: Path) -> str:
    """Where a copy of the file goes: signs that would make its name a pattern are left out."""
    return f"data/{''.join('_' if char in '*?[]' else char for char in data.name)}"


def _write(folder: Path, table: _Table, name: str | None) -> list[str]:
    """Write what is not there yet; returns the paths of what was written, relative to the folder."""
    from mlopsc.compiler.cli.writing import write_file

    written = []
    if table.copy_of is not None and _copy(table.copy_of, folder / table.path):
        written.append(table.path)
    for path, text in _texts(folder, table, name):
        if not (folder / path).exists():
            write_file(folder / path, text)
            written.append(path)
    return written


def _copy(source: Path, path: Path) -> bool:
    """Copy a file; returns whether it was not there yet. Raises CommandFailure where another one is."""
    from filecmp import cmp
    from shutil import copyfile

    if path.exists():
        if path.is_file() and cmp(source, path, shallow=False):
            return False
        raise CommandFailure(f"`{path}` is there already, with other content", "move it away, or give it to --data")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    copyfile(source, unfinished)
    unfinished.replace(path)
    return True


def _texts(folder: Path, table: _Table, name: str | None) -> Iterator[tuple[str, str]]:
    """What is written, by path; the spec comes last, so that it is there only if all else is."""
    from mlopsc.compiler.scaffold import example, spec

    if table.path == example.PATH and table.guess is example.GUESS:
        yield table.path, example.rows()
        yield "data/README.md", example.LICENCE
    module = spec.feature_module(table.guess)
    features = next((one for one in _FEATURES if _is_free(folder / one, module)), _FEATURES[-1])
    if table.guess.time:
        yield features, module
    yield ".gitignore", _IGNORED
    yield "requirements.txt", _requirements()
    pipeline = spec.identifier(name or folder.resolve().name, "pipeline")
    yield (
        "pipeline.mlops",
        spec.project_spec(pipeline, table.guess, table.path, table.options, features, _owner(folder)),
    )


def _owner(folder: Path) -> str:
    """The address that git signs commits with there; empty if there is none, or no git."""
    from mlopsc.compiler.cli.looks import ask_git

    place = next(one for one in (folder, *folder.resolve().parents) if one.is_dir())
    return ask_git("config", "user.email", folder=place) or ""


def _is_free(path: Path, text: str) -> bool:
    """Whether the text may be written there, or stands there already."""
    return not path.exists() or (path.is_file() and path.read_bytes() == text.encode())


def _requirements() -> str:
    """The libraries that decide what a model computes, at the versions that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    lines = []
    for library in _LIBRARIES:
        try:
            lines.append(f"{library}=={version(library)}")
        except PackageNotFoundError:
            continue
    return "".join(f"{line}\n" for line in lines)


def _closing_words(folder: Path, written: list[str], table: _Table) -> Iterator[str]:
    from mlopsc.compiler.scaffold.spec import quoted_text

    guess = table.guess
    what = {"regression": "a number", "binary": "true or false", "multiclass": "a class"}[guess.task]
    yield f"{guess.rows:,} rows, {len(guess.columns)} columns; the model will predict `{guess.target}`, {what}"
    if table.options:
        options = ", ".join(f"`{name} = {quoted_text(value)}`" for name, value in table.options.items())
        yield f"  read with {options}" + (": compare letters such as é" if "encoding" in table.options else "")
    for remark in guess.remarks:
        yield f"  {remark}"
    yield f"wrote {', '.join(sorted(written))}" + (f" in {folder}" if folder != Path() else "")
    yield ""
    place = "" if folder == Path() else f"cd {shlex.quote(str(folder))}, "
    yield f"Next: {place}read pipeline.mlops, then"
    yield "  mlopsc run                    train, and judge the model"
    yield "  mlopsc add environment prod   where it shall serve; then add release, and add monitor"
    yield "  mlopsc rehearse prod          play what all of that does, in minutes"
