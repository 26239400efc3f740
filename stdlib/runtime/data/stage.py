"""A data stage from source to snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.data import BlockUnit, RefreshPinned, TimeSplit
from mlopsc.stdlib.runtime.data import snapshot
from mlopsc.stdlib.runtime.data.checks import Judged, judge_checks, key_violations
from mlopsc.stdlib.runtime.data.declared import DataStage, read_stage, unit_of
from mlopsc.stdlib.runtime.data.pins import pinned_rows
from mlopsc.stdlib.runtime.data.profile import profile_rows
from mlopsc.stdlib.runtime.data.rowhash import row_hashes
from mlopsc.stdlib.runtime.data.schema import TypedRows, read_types, schema_violations, undeclared
from mlopsc.stdlib.runtime.data.selection import identities, select_rows
from mlopsc.stdlib.runtime.data.snapshot import Marks, RowSet
from mlopsc.stdlib.runtime.data.sources import SourceRows, read_source
from mlopsc.stdlib.runtime.data.splits import Parts, sizes, split_rows
from mlopsc.stdlib.runtime.data.violations import ReadRows, Violation
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.history import STATE
from mlopsc.stdlib.runtime.engine.outcome import Message, StageFailure, Verdict
from mlopsc.stdlib.runtime.engine.tasks import StageResult
from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.statistics.units import Units, block_units, column_units, row_units


@dataclass(frozen=True)
class _Checked:
    """Rows that were read, typed, selected and checked."""

    stage: DataStage
    source: SourceRows
    typed: TypedRows
    checks: Sequence[Judged]
    dropped: Sequence[str]
    waived: Sequence[Any]

    def facts(self) -> dict[str, Any]:
        return {
            "rows": len(self.typed.numbers),
            "source": self.source.version,
            "dropped": [*self.dropped],
            "checks": [{**one.record, "seen": None} if one.is_volatile else one.record for one in self.checks],
            "waived": [*self.waived],
        }

    def notes(self) -> dict[str, Any]:
        return {one.rule.id: one.seen for one in self.checks if one.is_volatile}

    def messages(self) -> list[Message]:
        found = []
        if self.dropped:
            listed = ", ".join(f"`{name}`" for name in self.dropped)
            found.append(Message(f"not in the schema and dropped: {listed}"))
        for name, count in self.typed.ambiguous.items():
            what = f"1 time of `{name}` falls" if count == 1 else f"{count:,} times of `{name}` fall"
            fact = f"{what} in an hour that the clock of {self.stage.settings.zone} shows twice"
            hint = "they were read as the first of the two; timestamps with an offset say which is meant"
            found.append(Message(fact, hint, setting=f"schema.{name}", level="warning"))
        return found


def run_stage(context: StageContext) -> StageResult:
    """Read, type, select, check, split and snapshot the rows; outputs are `rows`, `splits` and `profile`.

    Where the rows break the schema or a check, the verdict is `fail` and the output is `failing_rows`, a CSV file.
    """
    stage = read_stage(context.stage)
    _refuse_what_does_not_run(stage)
    _refuse_unknown_zone(stage)
    source = read_source(context, stage)
    typed = select_rows(stage, read_types(stage, source.frame))
    checks = judge_checks(stage, typed, context.project)
    checked = _Checked(stage, source, typed, checks, undeclared(stage, source.frame), context.stage.get("waived", ()))
    violations = [*schema_violations(stage, typed), *key_violations(stage, typed)]
    violations += [one.violation for one in checks if one.violation]
    return _failed(context, checked, violations) if violations else _snapshot(context, checked)


def _refuse_what_does_not_run(stage: DataStage) -> None:
    for name in ("source", "split", "refresh", "window", "transform"):
        value = getattr(stage.settings, name)
        if value is not None and not value.runs:
            raise StageFailure(f"`{name} = {value.word}(…)` does not run yet", "use another", setting=name)


def _refuse_unknown_zone(stage: DataStage) -> None:
    try:
        ZoneInfo(stage.settings.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = "use a name of the tz database such as `Europe/Berlin`"
        raise StageFailure(f"there is no time zone `{stage.settings.zone}`", hint, setting="zone") from error


def _failed(context: StageContext, checked: _Checked, violations: Sequence[Violation]) -> StageResult:
    read = ReadRows(checked.source.frame, checked.stage.columns)
    failing = [one for one in violations if len(one.rows)]
    messages = [*checked.messages(), *(read.message(one) for one in violations)]
    outputs: dict[str, Path | bytes] = {}
    if failing:
        content = read.listed(failing)
        outputs["failing_rows"] = content
        messages += _listed(context, content)
    return StageResult(outputs, checked.facts(), checked.notes(), Verdict.FAIL, tuple(messages))


def _listed(context: StageContext, content: bytes) -> list[Message]:
    """Put the failing rows beside the run's log, where a person finds them; where there is none, they stay output."""
    folder = Path(STATE) / "runs" / str(context.run)
    if not (context.project / folder).is_dir():
        return []
    path = folder / f"{context.name}.failing_rows.csv"
    write_atomically(context.project / path, content, required=False)
    return [Message(f"all failing rows are in `{path.as_posix()}`")]


def _snapshot(context: StageContext, checked: _Checked) -> StageResult:
    stage, rows = checked.stage, checked.typed.rows
    parts = split_rows(stage, rows, identities(stage, rows))
    kept = rows.table.select([column.name for column in stage.kept])
    path = context.scratch / "rows.parquet"
    digest = snapshot.write_rows(path, kept)
    if isinstance(stage.settings.refresh, RefreshPinned):
        path, digest = pinned_rows(context, kept, path, digest)
    marks = Marks(parts, row_hashes(kept, kept.column_names), _units(stage, rows).ids)
    snapshot.write_splits(context.scratch / "splits.parquet", marks)
    outputs: dict[str, Path | bytes] = {"rows": path, "splits": context.scratch / "splits.parquet"}
    outputs["profile"] = profile_rows(rows, stage.kept)
    facts = {**checked.facts(), "hash": digest, "splits": sizes(stage, parts), "columns": _columns(stage, rows)}
    messages = [*checked.messages(), *_told_of_splits(stage, rows, parts)]
    return StageResult(outputs, facts, checked.notes(), messages=tuple(messages))


def _units(stage: DataStage, rows: RowSet) -> Units:
    match unit_of(stage.settings):
        case BlockUnit(length=length):
            return _blocks(stage, rows, length)
        case str() as name:
            return column_units(rows.frame[name], name)
        case _:
            return row_units(len(rows.frame))


def _blocks(stage: DataStage, rows: RowSet, length: Duration) -> Units:
    if length.months:
        raise StageFailure(f"`block({length})` has no fixed length", "use days: `block(7d)`", setting="unit")
    if stage.settings.time is None:
        raise StageFailure("`block` needs the time of the rows", "say which column it is: `time = …`", setting="unit")
    try:
        times = rows.frame[stage.settings.time]
        return block_units(times, timedelta(seconds=length.seconds), stage.settings.zone)
    except ValueError as error:
        raise StageFailure(str(error), "allow no missing times, or say `unit = row`", setting="unit") from error


def _columns(stage: DataStage, rows: RowSet) -> Mapping[str, Any]:
    return {
        column.name: {
            "type": column.type["function"],
            "role": column.role,
            "missing": rows.table[column.name].null_count,
        }
        for column in stage.kept
    }


def _told_of_splits(stage: DataStage, rows: RowSet, parts: Parts) -> list[Message]:
    """From when to when each split reaches."""
    if not isinstance(stage.settings.split, TimeSplit) or stage.settings.time is None:
        return []
    times = rows.frame[stage.settings.time].groupby(parts).agg(["min", "max"])
    told = [f"{name} {times['min'][name]:%Y-%m-%d} to {times['max'][name]:%Y-%m-%d}" for name in stage.splits]
    return [Message(f"in time: {', '.join(told)}")]
