"""How a user's own file is written is found out, and then read as a run reads it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from mlopsc.compiler.scaffold.guesses import CannotGuess
from mlopsc.compiler.scaffold.reading import read_table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure

ROWS = [f"{i};Käse {i};{i},5" for i in range(20)]
GERMAN = "\n".join(["nr;name;größe", *ROWS])
TEXTS: dict[str, tuple[bytes, dict[str, str]]] = {
    "plain": (b"a,b\n1,2\n3,4\n", {}),
    "byte order mark": (b"\xef\xbb\xbfa,b\n1,2\n3,4\n", {}),
    "CRLF": (b"a,b\r\n1,2\r\n3,4\r\n", {}),
    "semicolons": (b"a;b\n1;2\n3;4\n", {"separator": ";"}),
    "tabs": (b"a\tb\n1\t2\n3\t4\n", {"separator": "\t"}),
    "bars": (b"a|b\n1|2\n3|4\n", {"separator": "|"}),
    "commas inside fields": (b'a;b\n"1,2,3";x\n"4,5,6";y\n', {"separator": ";"}),
    "decimal commas": (b"a;b\n1;2,5\n3;4\n", {"separator": ";", "decimal": ","}),
    "decimal points": (b"a;b;c\n1;2.5;1,2\n3;4.5;3,4\n", {"separator": ";"}),
    "lists with commas": (b"a;b\n1;2,5,7\n3;4,1,2\n", {"separator": ";"}),
    "western": (GERMAN.encode("cp1252"), {"separator": ";", "encoding": "cp1252", "decimal": ","}),
    "UTF-16": ("a,b\n1,2\n3,4\n".encode("utf-16"), {"encoding": "utf-16"}),
    "a byte that cp1252 lacks": (b"a,b\n1,\x81\n3,\xe9\n", {"encoding": "latin-1"}),
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_differs_becomes_an_option(tmp_path: Path, case: str) -> None:
    content, options = TEXTS[case]
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    table = read_table(path)
    assert table.options == options
    assert table.frame.columns[0] in {"a", "nr"}
    assert len(table.frame) == content.decode(options.get("encoding", "utf-8")).count("\n") - (case != "western")


def test_letters_and_numbers_of_another_country(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(GERMAN.encode("cp1252"))
    frame = read_table(path).frame
    assert frame["größe"].tolist() == [i + 0.5 for i in range(20)]
    assert frame["name"][3] == "Käse 3"


def test_packed_files_and_parquet(tmp_path: Path) -> None:
    packed, columns = tmp_path / "rows.csv.gz", tmp_path / "rows.PQ"
    packed.write_bytes(gzip.compress(b"a;b\n1;2\n"))
    assert read_table(packed).options == {"separator": ";"}
    pd.DataFrame({"a": [1], "b": [2.5]}).to_parquet(columns)
    assert read_table(columns).frame["b"].tolist() == [2.5]


@pytest.mark.parametrize(
    ("name", "content", "message", "hint"),
    [
        ("rows.csv", b"", "is empty", "header"),
        ("rows.csv", bytes(range(256)) * 10, "zero byte", "CSV"),
        ("rows.csv", b"PK\x03\x04" + b"x" * 99, "a zip archive or a spreadsheet", "save it as CSV"),
        ("rows.csv", b"PAR1" + b"x" * 99, "a Parquet file", "parquet(…)"),
        ("rows.parquet", b"a,b\n1,2\n", "no whole Parquet file", "csv(…)"),
        ("rows.csv", b"a,b\n1,2\n1,2,3\n", "line 3: 3 fields, but the header has 2 fields", "correct the line"),
        ("rows.csv", b"a,a\n1,2\n", "`a` more than once", "its own name"),
    ],
)
def test_what_a_run_could_not_read_is_refused_in_the_same_words(
    tmp_path: Path, name: str, content: bytes, message: str, hint: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StageFailure) as caught:
        read_table(path)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(("content", "shape"), [(b"a,b\n", "0 rows and 2"), (b"a\n1\n2\n", "2 rows and 1 columns")])
def test_a_table_without_rows_or_features(tmp_path: Path, content: bytes, shape: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(CannotGuess, match=shape):
        read_table(path)
