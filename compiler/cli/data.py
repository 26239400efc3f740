"""`mlopsc data`: the versions of the rows that stages had."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlopsc.compiler.cli.commands import Group
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import locate
from mlopsc.stdlib.runtime.summary.stages import told_splits

if TYPE_CHECKING:
    from mlopsc.compiler.cli.past import Past
    from mlopsc.compiler.render.style import Style
    from mlopsc.stdlib.runtime.engine.outcome import StageRecord

_SHORT = 12
_file = click.option("--file", metavar="FILE", help="The spec; by default the pipeline.mlops of this folder.")


@dataclass(frozen=True)
class Version:
    """Rows that a data stage had: its newest record with them, the run that had them first, and the environments."""

    stage: str
    hash: str
    record: StageRecord
    run: int
    began: datetime
    pipeline: str
    environments: tuple[str, ...]

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known of the rows."""
        return self.record.facts


@click.group(cls=Group, name="data", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """List, show and compare the versions of the rows of data stages.

    \b
    Examples:
      mlopsc data                        every version
      mlopsc data show rides             the newest one: columns, splits, checks
      mlopsc data show rides 3f2a91c0    that one
      mlopsc data diff rides             the newest one and the one before
    """
    return int(ctx.invoke(list_versions)) if ctx.invoked_subcommand is None else Exit.OK


@command.command(name="list", short_help="Every version, newest first.")
@_file
def list_versions(file: str | None = None) -> int:
    """Every version, newest first; `pinned` are those that mlops.lock names."""
    from mlopsc.compiler.cli.past import Past, when
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.table import render_table

    past = Past(locate(file).folder)
    found = list(_versions(past))
    if not found:
        click.echo("no data stage has been run here yet; `mlopsc run` is the first")
        return Exit.OK
    rows = [
        (
            one.stage,
            one.hash[:_SHORT],
            f"{one.facts['rows']:,}",
            told_splits(one.facts),
            ", ".join(one.environments),
            f"{when(one.began)} (run {one.run})",
            _pinned(past.folder, one),
        )
        for one in found
    ]
    headings = ("stage", "version", "rows", "splits", "environments", "first seen", "")
    click.echo("\n".join(render_table(headings, rows, style_of(sys.stdout))))
    return Exit.OK


@command.command(name="show", short_help="One version: its columns, splits and checks.")
@click.argument("stage")
@click.argument("version", required=False)
@_file
def show(stage: str, version: str | None, file: str | None) -> int:
    """One version of the rows of STAGE: its columns, splits and checks; by default the newest."""
    from mlopsc.compiler.cli.past import Past, when
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.table import render_table

    past = Past(locate(file).folder)
    one = _chosen(past, stage, version)
    style = style_of(sys.stdout)
    lines = [style("bold", f"{one.stage} {one.hash[:_SHORT]}"), f"first seen {when(one.began)} in run {one.run}"]
    lines.append(f"source: {_source(one.facts)}")
    lines.append(f"{one.facts['rows']:,} rows: " + told_splits(one.facts))
    if one.facts.get("dropped"):
        lines.append(f"dropped, because the schema does not name them: {', '.join(one.facts['dropped'])}")
    columns = _profile(past, one).get("columns", {})
    rows = [(name, str(column["type"]), *_described(column)) for name, column in columns.items()]
    lines += ["", *render_table(("column", "type", "missing", "values"), rows, style)]
    click.echo("\n".join(lines), color=style.colour)
    return Exit.OK


@command.command(name="diff", short_help="What differs between two versions.")
@click.argument("stage")
@click.argument("first", required=False)
@click.argument("second", required=False)
@_file
def diff(stage: str, first: str | None, second: str | None, file: str | None) -> int:
    """What differs between two versions of STAGE; by default between the newest and the one before."""
    from mlopsc.compiler.cli.past import Past
    from mlopsc.compiler.render.style import style_of

    past = Past(locate(file).folder)
    new = _chosen(past, stage, second)
    older = [one for one in _versions(past) if one.stage == stage and one.hash != new.hash]
    if first is None and not older:
        raise CommandFailure(f"`{stage}` has had one version only", "there is nothing to compare yet", Exit.USAGE)
    old = _chosen(past, stage, first) if first else older[0]
    style = style_of(sys.stdout)
    click.echo("\n".join(_difference(past, old, new, style)), color=style.colour)
    return Exit.OK


def _versions(past: Past) -> Iterator[Version]:
    """Each version of each stage once, newest first, as of the first run that had it."""
    found: dict[tuple[str, str, str], Version] = {}
    for run in past.runs():
        for stage in run.stages:
            if stage.kind == "data" and stage.record and "hash" in stage.record.facts:
                digest = str(stage.record.facts["hash"])
                newer = found.get((run.pipeline, stage.stage, digest))
                record = newer.record if newer else stage.record
                where = dict.fromkeys((run.environment, *(newer.environments if newer else ())))
                version = Version(stage.stage, digest, record, run.number, run.began, run.pipeline, tuple(where))
                found[run.pipeline, stage.stage, digest] = version
    yield from sorted(found.values(), key=lambda one: -one.run)


def _chosen(past: Past, stage: str, version: str | None) -> Version:
    """The version whose hash begins so, or the newest; raises CommandFailure when there is none, or several."""
    all_versions = list(_versions(past))
    own = {one.hash: one for one in reversed(all_versions) if one.stage == stage}
    if not own:
        stages = ", ".join(f"`{name}`" for name in dict.fromkeys(one.stage for one in all_versions))
        hint = f"these have: {stages}" if stages else "`mlopsc run` is the first"
        raise CommandFailure(f"no data stage `{stage}` has been run here", hint, Exit.USAGE)
    fitting = [one for digest, one in own.items() if digest.startswith(version or "")]
    if version is None:
        return fitting[-1]
    if len(fitting) != 1:
        many = "several versions" if fitting else "no version"
        hint = f"`mlopsc data` lists all; these are {', '.join(digest[:_SHORT] for digest in own)}"
        raise CommandFailure(f"{many} of `{stage}` begin with `{version}`", hint, Exit.USAGE)
    return fitting[0]


def _pinned(folder: Path, version: Version) -> str:
    """Where `mlops.lock` pins the version, in words."""
    from mlopsc.stdlib.runtime.engine.lock import Lock

    pins = {name: Lock(folder, version.pipeline, name).pin(version.stage) for name in version.environments}
    pinning = [name for name, pin in pins.items() if pin is not None and pin["hash"] == version.hash]
    if len(pinning) == len(version.environments):
        return "pinned"
    return f"pinned in {', '.join(pinning)}" if pinning else ""


def _source(facts: Mapping[str, Any]) -> str:
    match facts.get("source", {}):
        case {"kind": kind, "path": path, "sha256": digest}:
            return f"{kind} {path} sha256 {digest[:_SHORT]}"
        case {"kind": "derived", "from": inputs}:
            return f"derived from {', '.join(f'{name} {digest[:_SHORT]}' for name, digest in inputs.items())}"
        case {"kind": kind, **others}:
            return " ".join([kind, *map(str, others.values())])
    return "unknown"


def _profile(past: Past, version: Version) -> Mapping[str, Any]:
    from mlopsc.stdlib.runtime.store.faults import CorruptObjectError

    store = past.store(version.pipeline, version.environments[0])
    try:
        profile: Mapping[str, Any] = json.loads(store.get_object(version.record.outputs["profile"]))
    except CorruptObjectError as error:
        store.set_aside(error.sha256)
        fact = f"the profile of `{version.stage}` was damaged in the store and has been set aside"
        raise CommandFailure(fact, "`mlopsc run` makes it again") from error
    return profile


def _described(column: Mapping[str, Any]) -> tuple[str, str]:
    """How many values are missing, and what the others are like."""
    from mlopsc.stdlib.runtime.summary.stages import number

    missing = f"{column['missing']:,}"
    if "values" in column:
        levels = [f"{name} {count:,}" for name, count in list(column["values"].items())[:4]]
        more = f", … {column['distinct']} in all" if column["distinct"] > len(levels) else ""
        return missing, ", ".join(levels) + more
    if "true" in column:
        return missing, f"true {column['true']:,}, false {column['false']:,}"
    if "mean" in column:
        mean = number(column["mean"])
        return missing, f"{number(column['min'])} to {number(column['max'])}, mean {mean}"
    if "min" in column:
        return missing, f"{_moment(column['min'])} to {_moment(column['max'])}"
    return missing, f"{column['distinct']:,} different" if "distinct" in column else ""


def _moment(text: str) -> str:
    """A time without what says nothing."""
    return text.replace("T", " ").removesuffix("+00:00").removesuffix(":00")


def _difference(past: Past, old: Version, new: Version, style: Style) -> Iterator[str]:
    from mlopsc.compiler.render.table import render_table

    yield style("bold", f"{new.stage} {old.hash[:_SHORT]} → {new.hash[:_SHORT]}")
    if old.hash == new.hash:
        yield "the same rows"
        return
    rows = [("rows", f"{old.facts['rows']:,}", f"{new.facts['rows']:,}")]
    for name in {**old.facts["splits"], **new.facts["splits"]}:
        rows.append((name, *(f"{one.facts['splits'].get(name, 0):,}" for one in (old, new))))
    before, after = (_profile(past, one).get("columns", {}) for one in (old, new))
    for name in {**before, **after}:
        told = [_whole(columns[name]) if name in columns else "no such column" for columns in (before, after)]
        if told[0] != told[1]:
            rows.append((name, told[0], told[1]))
    yield from render_table(("", "before", "after"), rows, style)


def _whole(column: Mapping[str, Any]) -> str:
    missing, values = _described(column)
    return ", ".join(filter(None, [str(column["type"]), values, f"{missing} missing" if missing != "0" else ""]))
