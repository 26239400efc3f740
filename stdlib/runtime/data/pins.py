"""Rows that `mlops.lock` pins: kept as they are, other content is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from mlopsc.stdlib.runtime.data.rowhash import row_hashes
from mlopsc.stdlib.runtime.data.snapshot import read_table
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.store.faults import StoreError


def pinned_rows(context: StageContext, rows: pa.Table, path: Path, digest: str) -> tuple[Path, str]:
    """The file of the rows and its hash: the pinned file where it holds the same rows, the given one without a pin.

    The same rows make other bytes when another version of pyarrow wrote them. Raises StageFailure when the rows are
    others than those that are pinned.
    """
    if context.pin is None or context.pin["hash"] == digest:
        return path, digest
    pinned = str(context.pin["hash"])
    try:
        stored = context.store.local_path(pinned)
    except StoreError:
        stored = None
    if stored is not None and _same(rows, read_table(stored)):
        return stored, pinned
    fact = f"the rows of `{context.name}` are not those that `mlops.lock` pins: {_difference(context, rows, digest)}"
    hint = (
        f"restore the rows; or accept these: delete the table of `{context.name}` from `mlops.lock` and run again, "
        "which pins them"
    )
    raise StageFailure(fact, hint, setting="refresh")


def _same(rows: pa.Table, stored: pa.Table) -> bool:
    if rows.schema != stored.schema or rows.num_rows != stored.num_rows:
        return False
    names = rows.column_names
    return bool((row_hashes(rows, names) == row_hashes(stored, names)).all())


def _difference(context: StageContext, rows: pa.Table, digest: str) -> str:
    pin = context.pin or {}
    if pin.get("rows") != rows.num_rows:
        return f"{rows.num_rows:,} rows, pinned are {pin.get('rows', 0):,}"
    return f"hash {digest[:12]}, pinned is {str(pin['hash'])[:12]}"
