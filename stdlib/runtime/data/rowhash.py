"""Hashes of rows by their content: the same on every machine, whatever the order of rows and columns."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_MISSING = np.uint64(0x9AE16A3B2F90404F)


def row_hashes(table: pa.Table, columns: Sequence[str]) -> Hashes:
    """The hash of each row's values in these columns, (rows,); equal rows have equal hashes, missing equals missing."""
    total = np.zeros(table.num_rows, dtype=np.uint64)
    for name in columns:
        total += _mixed(_values(table[name].combine_chunks()) ^ _of_text(name))
    return _mixed(total)


def uniform(hashes: Hashes, purpose: str, seed: int = 0) -> NDArray[np.float64]:
    """A number in [0, 1) for each hash; those for another purpose or seed are unrelated."""
    salted = _mixed(hashes ^ _of_text(f"{purpose}:{seed}"))
    return (salted >> np.uint64(11)).astype(np.float64) / 2.0**53


def _values(column: pa.Array) -> Hashes:
    match column.type:
        case kind if pa.types.is_dictionary(kind):
            return _texts(column)
        case kind if pa.types.is_string(kind):
            return _texts(column.dictionary_encode())
        case kind if pa.types.is_fixed_size_list(kind):
            return _vectors(column)
        case kind if pa.types.is_floating(kind):
            # Adding zero turns -0.0 into 0.0, which is equal to it.
            words = (pc.fill_null(column, 0.0).to_numpy() + 0.0).view(np.uint64)
        case kind if pa.types.is_date32(kind):
            words = _whole(column.cast(pa.int32()))
        case _:
            words = _whole(column)
    return np.where(column.is_null().to_numpy(zero_copy_only=False), _MISSING, _mixed(words))


def _whole(column: pa.Array) -> Hashes:
    numbers = column.cast(pa.int64())
    words: Hashes = pc.fill_null(numbers, 0).to_numpy().astype(np.int64, copy=False).view(np.uint64)
    return words


def _texts(column: pa.DictionaryArray) -> Hashes:
    texts = np.asarray(column.dictionary.to_pylist(), dtype=object)
    known = pd.util.hash_array(texts, categorize=False)
    codes: NDArray[np.int32] = pc.fill_null(column.indices, len(known)).to_numpy()
    return np.append(known, _MISSING)[codes]


def _vectors(column: pa.FixedSizeListArray) -> Hashes:
    missing = column.is_null().to_numpy(zero_copy_only=False)
    numbers = pc.fill_null(column.values, 0.0).to_numpy()[column.offset * column.type.list_size :]
    matrix = (numbers[: len(column) * column.type.list_size] + 0.0).view(np.uint64).reshape(len(column), -1)
    total = np.zeros(len(column), dtype=np.uint64)
    for place, words in enumerate(matrix.T):
        total += _mixed(words ^ _mixed(np.array([place], dtype=np.uint64)))
    return np.where(missing, _MISSING, _mixed(total))


def _of_text(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little"))


def _mixed(words: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): each input bit changes half of the output bits."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
