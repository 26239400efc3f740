"""Which rows a version was fitted on, also where the schema has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlopsc.stdlib.runtime.data.rowhash import row_hashes
from mlopsc.stdlib.runtime.data.snapshot import read_splits, read_table
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.test.gate import Gate


def types_of(table: Table) -> dict[str, str]:
    """The columns that the hashes of its rows are about, with their types."""
    return {column.name: str(column.type["function"]) for column in table.columns}


def count_seen(gate: Gate, record: Mapping[str, Any], rows: Table) -> int:
    """How many of the rows the version with this record was fitted on; raises StoreError.

    The hash of a row is that of all its columns. Where others are declared now, rows are compared by those of equal
    type that both have.
    """
    store = gate.context.store
    seen = np.frombuffer(store.get_object(record["seen"]), dtype="<u8")
    then, now = record.get("columns", types_of(rows)), types_of(rows)
    if then == now:
        return int(np.isin(rows.hashes, seen).sum())
    common = sorted(name for name, word in now.items() if then.get(name) == word)
    fitted_on = np.flatnonzero(np.isin(read_splits(store.local_path(record["data"]["splits"])).hashes, seen))
    before = row_hashes(read_table(store.local_path(record["data"]["rows"])).take(fitted_on), common)
    table = read_table(gate.context.open_input(rows.stage.name, "rows"))
    return int(np.isin(row_hashes(table.take(rows.frame.index.to_numpy()), common), before).sum())
