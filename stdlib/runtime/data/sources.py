"""Where the rows of a data stage come from: files, a function of the project, or other data stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.data import Csv, Parquet, PythonSource, PythonTransform, Source, Sql
from mlopsc.stdlib.runtime.data import delimited, snapshot
from mlopsc.stdlib.runtime.data.database import read_query
from mlopsc.stdlib.runtime.data.declared import DataStage, declared
from mlopsc.stdlib.runtime.data.files import DataFile, Fingerprint, read_files
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.usercode import failure_of, load_callable

_PARQUET = (".parquet", ".pq")
_EXACT = 2**53


@dataclass(frozen=True)
class SourceRows:
    """Rows before anything is checked, and what identifies the content that they were read from (JSON)."""

    frame: pd.DataFrame
    version: Mapping[str, Any]


def read_source(context: StageContext, stage: DataStage) -> SourceRows:
    """The rows of the stage's source or of its inputs, after its `transform`; raises StageFailure."""
    settings = stage.settings
    if settings.source is not None and not settings.from_:
        rows = _from_source(context.project, settings.source, stage.columns)
        frames, version = [rows.frame], rows.version
    elif settings.from_ and settings.source is None:
        frames = [_from_stage(context, name) for name in settings.from_]
        version = {"kind": "derived", "from": {name: context.inputs[name].facts["hash"] for name in settings.from_}}
    else:
        raise StageFailure(f"`{stage.name}` needs either `source` or `from`", "write one of them", setting="source")
    if frames[0].index.empty:
        raise _no_rows(stage)
    frame = _transformed(context.project, stage, frames)
    if frame.index.empty:
        raise StageFailure(f"`{stage.name}` has no rows", "return at least one row", setting="transform")
    return SourceRows(frame, version)


def call(project: Path, reference: str, *arguments: object, setting: str = "", rule: str = "") -> Any:
    """What a function of the project returns; raises StageFailure when it is missing or raises anything itself."""
    try:
        function = load_callable(project, reference)
        return function(*arguments)
    except StageFailure as failure:
        raise _about(failure, setting, rule) from failure.__cause__
    except (Exception, SystemExit) as error:
        raise _about(failure_of(error, project, f"`{reference}`"), setting, rule) from error


def _about(failure: StageFailure, setting: str, rule: str) -> StageFailure:
    return StageFailure(failure.message, failure.hint, details=failure.details, setting=setting, rule=rule)


def _from_source(project: Path, source: Source, columns: Sequence[Column]) -> SourceRows:
    match source:
        case Csv(path=path):
            read = lambda file: delimited.read_csv(file, source, columns)  # noqa: E731
            return _from_files("csv", path, read_files(project, path, delimited.SUFFIXES), read)
        case Parquet(path=path):
            files = read_files(project, path, _PARQUET)
            return _from_files("parquet", path, files, lambda file: read_parquet(file, columns))
        case PythonSource(name=name):
            frame = _as_rows(call(project, name, setting="source"), name, "source")
            return SourceRows(frame, {"kind": "python", "function": name})
        case Sql(query=query, connection=connection):
            rows = _as_rows(read_query(connection, query, project), "the query", "source")
            return SourceRows(rows, {"kind": "sql", "query": query})
        case _:
            raise TypeError(f"no reader for {source!r}")


def _from_files(
    kind: str, path: str, files: Iterable[DataFile], read: Callable[[DataFile], pd.DataFrame]
) -> SourceRows:
    frames: list[pd.DataFrame] = []
    first, fingerprint = "", Fingerprint()
    for file in files:
        frame = read(file)
        if frames:
            _refuse_other_columns(frames[0], first, frame, file.name)
        first = first or file.name
        frames.append(frame)
        fingerprint.add(file)
    whole = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    version = {"files": fingerprint.files, "bytes": fingerprint.bytes, "sha256": fingerprint.sha256}
    return SourceRows(whole, {"kind": kind, "path": path, **version})


def _refuse_other_columns(one: pd.DataFrame, name: str, other: pd.DataFrame, other_name: str) -> None:
    for has, has_name, lacks, lacks_name in ((one, name, other, other_name), (other, other_name, one, name)):
        missing = [column for column in has.columns if column not in lacks.columns]
        if missing:
            fact = f"`{lacks_name}` has no column `{missing[0]}`, which `{has_name}` has"
            raise StageFailure(fact, "files that are read together have the same columns", setting="source")


def read_parquet(file: DataFile, columns: Sequence[Column]) -> pd.DataFrame:
    """The rows of one Parquet file; raises StageFailure when it is none."""
    try:
        table = pq.ParquetFile(pa.BufferReader(file.content)).read()
    except (pa.ArrowException, OSError) as error:
        told = str(error).strip().split("\n")[0]
        hint = "make it anew" if file.content.startswith(b"PAR1") else "if it is text, read it with `csv(…)`"
        raise StageFailure(f"`{file.name}` is no whole Parquet file: {told}", hint, setting="source") from error
    if len(set(table.column_names)) < len(table.column_names):
        fact = f"`{file.name}` has two columns of one name"
        raise StageFailure(fact, "give each column its own name", setting="source")
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, date_as_object=False)
    for column in columns:
        if column.type["function"] == "int" and column.name in frame and _is_rounded(frame[column.name]):
            exact = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
            frame[column.name] = table[column.name].to_pandas(types_mapper=exact.get)
    return frame


def _is_rounded(values: pd.Series) -> bool:
    """Whether whole numbers with missing values among them became floats that may not hold them."""
    return pd.api.types.is_float_dtype(values) and bool((values.abs() >= _EXACT).any())


def _from_stage(context: StageContext, name: str) -> pd.DataFrame:
    return snapshot.read_rows(context.open_input(name, "rows"), declared(context.pipeline, name))


def _transformed(project: Path, stage: DataStage, frames: list[pd.DataFrame]) -> pd.DataFrame:
    transform = stage.settings.transform
    if isinstance(transform, PythonTransform):
        return _as_rows(call(project, transform.name, *frames, setting="transform"), transform.name, "transform")
    if len(frames) > 1:
        named = ", ".join(f"`{name}`" for name in stage.settings.from_)
        hint = 'say how they become one: `transform = python("file.py:name")`'
        raise StageFailure(f"`{stage.name}` is derived from several stages: {named}", hint, setting="from")
    return frames[0]


def _as_rows(value: object, reference: str, setting: str) -> pd.DataFrame:
    """A DataFrame that a function returned, with its named indexes as columns and its rows numbered from 0."""
    if not isinstance(value, pd.DataFrame):
        fact = f"`{reference}` returned {_kind(value)}, expected a DataFrame"
        raise StageFailure(fact, "return the rows" if value is None else "return a DataFrame", setting=setting)
    odd = [name for name in value.columns if not isinstance(name, str)]
    doubled = value.columns[value.columns.duplicated()]
    if odd or len(doubled):
        fact = (
            f"`{reference}` returned a column named `{odd[0]}`"
            if odd
            else f"`{reference}` returned two columns `{doubled[0]}`"
        )
        raise StageFailure(fact, "give each column a text of its own as name", setting=setting)
    named = [name for name in value.index.names if name is not None and name not in value.columns]
    return value.reset_index(drop=not named)


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a value of type `{type(value).__name__}`"


def _no_rows(stage: DataStage) -> StageFailure:
    match stage.settings.source:
        case Csv(path=path):
            return StageFailure(f"`{path}` has a header but no rows", "put rows into it", setting="source")
        case Parquet(path=path):
            return StageFailure(f"`{path}` has no rows", "put rows into it", setting="source")
        case Sql():
            return StageFailure("the query gives no rows", "look at its conditions", setting="source")
        case _:
            return StageFailure(f"`{stage.name}` has no rows", "return at least one row", setting="source")
