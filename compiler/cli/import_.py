"""`mlopsc import`: a spec from the pipeline of another tool."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import DEFAULT, STDIN

if TYPE_CHECKING:
    from mlopsc.compiler.importing.missing import Missing
    from mlopsc.compiler.importing.model import Foreign, Kind, Note
    from mlopsc.compiler.importing.writing import Written
    from mlopsc.compiler.render.style import Style

_MOST = 12
"""Of how many lines the report says the same before it counts the others."""


@click.command(name="import")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--from", "kind", type=click.Choice(("dvc", "azureml", "kfp")), help="What it is; told by its content unless said."
)
@click.option("--out", help="Where the spec goes, - for stdout; pipeline.mlops beside what is read unless it is said.")
@click.option("--name", help="The pipeline's name; that of what is read, or of its folder, unless it is said.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def command(path: Path, kind: Kind | None, out: str | None, name: str | None, as_json: bool) -> int:
    """Write a spec from a pipeline of DVC, Azure ML or Kubeflow.

    PATH is a dvc.yaml, a pipeline of Azure ML CLI v2, the YAML that Kubeflow Pipelines v2 compiles to, or a folder
    with one of them; by default this folder. What is read stays as it is, and no spec is overwritten. The report says
    what was understood, what was not, what a person must decide (`# decide:` in the spec), and what is missing.

    \b
    Examples:
      mlopsc import                                the dvc.yaml of this folder
      mlopsc import azure/pipeline.yml --out pipeline.mlops
      mlopsc import demand.yaml --from kfp --out - | mlopsc check -
      mlopsc import --out demand.mlops --json
    """
    from mlopsc.compiler.importing.model import ImportProblem

    try:
        foreign, written, target, missing = _imported(path, kind, out, name)
    except ImportProblem as problem:
        raise CommandFailure(problem.message, problem.hint, Exit.FINDINGS) from problem
    stream = sys.stderr if target is None else sys.stdout
    if target is None:
        sys.stdout.write(written.text)
    else:
        from mlopsc.compiler.cli.writing import write_file

        write_file(target, written.text)
    if as_json:
        stream.write(_as_json(foreign, written, target, missing))
    else:
        stream.write("".join(f"{line}\n" for line in _report(foreign, written, target, missing, stream)))
    return Exit.OK


def _imported(
    path: Path, kind: Kind | None, out: str | None, name: str | None
) -> tuple[Foreign, Written, Path | None, list[Missing]]:
    from mlopsc.compiler.importing.columns import columns_of
    from mlopsc.compiler.importing.detecting import find_file, read_file
    from mlopsc.compiler.importing.missing import missing_of
    from mlopsc.compiler.importing.writing import write_spec
    from mlopsc.compiler.scaffold.spec import identifier
    from mlopsc.compiler.workspace import DiskWorkspace

    if not path.exists():
        raise CommandFailure(f"there is no file `{path}`", "correct the path, or give the folder that it is in")
    folder = path if path.is_dir() else path.parent
    target = _target(folder, out)
    root = folder if target is None else target.parent
    workspace = DiskWorkspace(root)
    inside = Path(os.path.relpath(path, root)).as_posix()
    file = find_file(workspace, "" if inside == "." else inside, kind) if path.is_dir() else inside
    foreign = read_file(workspace, file, kind)
    title = name or foreign.name or folder.resolve().name
    columns = partial(columns_of, workspace)
    written = write_spec(foreign, identifier(title, "pipeline"), _owner(folder), columns, workspace.exists)
    return foreign, written, target, missing_of(foreign, written)


def _target(folder: Path, out: str | None) -> Path | None:
    """Where the spec goes; None is stdout. Raises CommandFailure where one is already."""
    from mlopsc.stdlib.runtime.store.faults import require_current_folder

    require_current_folder()
    if out == STDIN:
        return None
    target = Path(out) if out else folder / DEFAULT
    if target.suffix != ".mlops":
        raise CommandFailure(f"`{target}` is no name of a spec", f"end it in .mlops: --out {DEFAULT}", Exit.USAGE)
    if target.exists() or target.is_symlink():
        hint = "give another name, such as --out imported.mlops, or - for stdout"
        raise CommandFailure(f"`{target}` is there already", hint, Exit.USAGE)
    if not target.parent.is_dir():
        raise CommandFailure(f"there is no folder `{target.parent}`", "make it, or write the spec elsewhere")
    return target


def _owner(folder: Path) -> str:
    """The address that git signs commits with there; empty if there is none, or no git."""
    from mlopsc.compiler.cli.looks import ask_git

    return ask_git("config", "user.email", folder=folder) or ""


def _report(
    foreign: Foreign, written: Written, target: Path | None, missing: list[Missing], stream: TextIO
) -> Iterator[str]:
    from mlopsc.compiler.importing.model import TITLES
    from mlopsc.compiler.render.cells import counted
    from mlopsc.compiler.render.style import style_of

    style = style_of(stream)
    yield f"read {', '.join(foreign.files)}: {counted(len(foreign.steps), 'step')} of {TITLES[foreign.kind]}"
    yield from _section("understood", [_noted(one) for one in written.understood], style)
    yield from _section("not carried over", [_noted(one) for one in written.left], style)
    spec = "the spec" if target is None else target.as_posix()
    decisions = [(f"{spec}:{one.line}" if target else f"line {one.line}", one.what) for one in written.decisions]
    yield from _section("for you to decide", decisions, style)
    yield from _lacking(missing, style)
    if target is not None:
        yield f"\nwrote {target.as_posix()}"
        yield style.ticked(f"Next: decide what is marked `# decide:`, then mlopsc check {_shown(target)}".rstrip())


def _shown(target: Path) -> str:
    return "" if target == Path(DEFAULT) else target.as_posix()


def _noted(note: Note) -> tuple[str, str]:
    return f"{note.place}  {note.what}", note.outcome


def _section(title: str, lines: list[tuple[str, str]], style: Style) -> Iterator[str]:
    """A title, and what is said of each line, once for those of which the same is said."""
    from mlopsc.compiler.render.cells import safe

    if lines:
        yield f"\n{style('bold', title)}"
    firsts: dict[str, list[str]] = {}
    for first, second in lines:
        firsts.setdefault(second, []).append(first)
    for second, those in firsts.items():
        yield from (f"  {style.ticked(safe(first))}" for first in those[:_MOST])
        if len(those) > _MOST:
            yield f"  … and {len(those) - _MOST} more; {style.ticked('`--json` has all')}"
        yield f"      {style.ticked(safe(second))}"


def _lacking(missing: list[Missing], style: Style) -> Iterator[str]:
    if missing:
        yield f"\n{style('bold', 'missing, by principle')}"
    for principle, title in dict.fromkeys((one.principle, one.title) for one in missing):
        yield f"  {principle}. {title}"
        yield from (style.ticked(f"      {one.what}: {one.next}") for one in missing if one.principle == principle)


def _as_json(foreign: Foreign, written: Written, target: Path | None, missing: list[Missing]) -> str:
    def record(note: Note) -> dict[str, object]:
        return {"file": note.place.path, "line": note.place.line, "what": note.what, "outcome": note.outcome}

    content = {
        "kind": foreign.kind,
        "files": list(foreign.files),
        "spec": None if target is None else target.as_posix(),
        "understood": [record(one) for one in written.understood],
        "left": [record(one) for one in written.left],
        "decisions": [{"line": one.line, "what": one.what} for one in written.decisions],
        "missing": [
            {"principle": one.principle, "title": one.title, "what": one.what, "next": one.next} for one in missing
        ],
    }
    return f"{json.dumps(content, indent=2, ensure_ascii=False)}\n"
