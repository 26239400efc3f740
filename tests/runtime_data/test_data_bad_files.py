"""Files that are no good: each is refused with its name, the line and the next step."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from data_stages import Project, column

from mlopsc.stdlib.runtime.engine.outcome import Verdict

AB = [column("a", "int"), column("b", "float", missing=1.0)]


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("rows.csv", text)
    return buffer.getvalue()


def parquet(**columns: object) -> bytes:
    return pd.DataFrame(columns).to_parquet()


BAD = {
    "empty": (b"", "`rows.csv` is empty", "put a header and rows into it"),
    "only blank lines": (b"\n \n\n", "`rows.csv` is empty", "put a header and rows into it"),
    "only a byte order mark": (b"\xef\xbb\xbf", "no CSV text", "correct the file"),
    "a header and nothing else": (b"a,b\n", "`rows.csv` has a header but no rows", "put rows into it"),
    "binary": (bytes(range(256)) * 40, "`rows.csv` is not text: line 1 has a zero byte", "name a CSV file"),
    "parquet": (parquet(a=[1], b=[2.0]), "no CSV text but a Parquet file", "`parquet(…)`"),
    "zip": (zipped("a,b\n1,2\n"), "no CSV text but a zip archive or a spreadsheet", "save it as CSV"),
    "gzip in disguise": (gzip.compress(b"a,b\n1,2\n"), "compressed with gzip", "`.gz`"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "`rows.csv` is UTF-16", 'encoding = "utf-16"'),
    "Latin-1": (b"a,b\n1,2\n3,caf\xe9\n", "`rows.csv` is not UTF-8: line 3 has the byte 0xe9", "cp1252"),
    "Latin-1 in the header": (b"a,b,\xe9\n1,2,3\n", "is not UTF-8: line 1 has the byte 0xe9", "cp1252"),
    "a zero byte far down": (b"a,b\n" + b"1,2\n" * 500 + b"3,\0\n", "line 502 has a zero byte", "CSV"),
    "a long line": (b"a,b\n1,2\n\n3,4\n1,2,3\n", "`rows.csv` line 5: 3 fields, but the header has 2", "quote"),
    "a long line after a line break in quotes": (b'a,b\n1,"2\n"\n1,2,3\n', "line 4: 3 fields", "correct the line"),
    "only long lines": (b"a,b\n1,2,3\n4,5,6\n", "line 2: 3 fields, but the header has 2", "correct the line"),
    "a short line": (b"a,b\n1,2\n3\n4,5\n", "`rows.csv` line 3: 1 field, but the header has 2 fields", "correct"),
    "a quote that stays open": (b'a,b\n1,2\n3,"4\n5,6\n', "line 3: a quote is opened and never closed", '`""`'),
    "a column twice": (b"a,b,a\n1,2,3\n", "the header of `rows.csv` has `a` more than once", "own name"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused(project: Project, case: str) -> None:
    content, fact, hint = BAD[case]
    project.write("rows.csv", content)
    failure = project.failure(AB)
    assert fact in failure.message
    assert hint in failure.hint
    assert failure.setting == "source"


GOOD = {
    "byte order mark": (b"\xef\xbb\xbfa,b\n1,2\n3,\n", {}),
    "quoted header behind a byte order mark": (b'\xef\xbb\xbf"a","b"\n1,2\n3,\n', {}),
    "CRLF": (b"a,b\r\n1,2\r\n3,\r\n", {}),
    "CR": (b"a,b\r1,2\r3,\r", {}),
    "no line break at the end": (b"a,b\n1,2\n3,", {}),
    "blank lines": (b"a,b\n\n1,2\n\n3,\n\n", {}),
    "semicolons": (b"a;b\n1;2\n3;\n", {"separator": ";"}),
    "tabs": (b"a\tb\n1\t2\n3\t\n", {"separator": "\t"}),
    "UTF-16 as said": ("a,b\n1,2\n3,\n".encode("utf-16"), {"encoding": "utf-16"}),
}


@pytest.mark.parametrize("case", GOOD)
def test_an_odd_file_is_read(project: Project, case: str) -> None:
    content, options = GOOD[case]
    project.write("rows.csv", content)
    table = project.table(AB, source={"function": "csv", "path": "rows.csv", **options})
    assert table.frame["a"].tolist() == [1, 3]
    assert table.frame["b"].isna().tolist() == [False, True]


def test_all_odd_files_hold_the_same_rows(project: Project) -> None:
    hashes = set()
    for content, options in GOOD.values():
        project.write("rows.csv", content)
        result = project.run(AB, source={"function": "csv", "path": "rows.csv", **options})
        hashes.add(result.facts["hash"])
    assert len(hashes) == 1


def test_a_missing_file_has_its_neighbour_offered(project: Project) -> None:
    project.write("data/rides.csv", "a\n1\n")
    failure = project.failure(AB, source={"function": "csv", "path": "data/rided.csv"})
    assert failure.message == "there is no file `data/rided.csv`"
    assert failure.hint == "did you mean `data/rides.csv`?"


def test_a_folder_without_csv_files(project: Project) -> None:
    project.write("data/notes.md", "nothing")
    failure = project.failure(AB, source={"function": "csv", "path": "data"})
    assert "there is no file at `data`, and none that ends in `.csv`" in failure.message


def test_an_encoding_that_does_not_exist(project: Project) -> None:
    project.write("rows.csv", "a,b\n1,2\n")
    for name in ("utf-9", "base64"):
        failure = project.failure(AB, source={"function": "csv", "path": "rows.csv", "encoding": name})
        assert failure.message == f"there is no encoding `{name}`"


@pytest.mark.parametrize(
    ("text", "options", "said", "separator"),
    [
        ("a;b\n1;2\n", {}, "`,`", ";"),
        ("a;b\n1,5;2,5\n", {}, "`,`", ";"),
        ('"a"\t"b"\n1\t2\n', {}, "`,`", "\\t"),
        ("a,b\n1,2\n", {"separator": ";"}, "`;`", ","),
    ],
)
def test_another_separator_is_offered(
    project: Project, text: str, options: dict[str, str], said: str, separator: str
) -> None:
    project.write("rows.csv", text)
    failure = project.failure(AB, source={"function": "csv", "path": "rows.csv", **options})
    assert failure.message == f"the columns of `rows.csv` are not separated by {said}"
    assert failure.hint == f'say what separates them: `separator = "{separator}"`'
    assert failure.setting == "source"


def test_a_column_whose_name_has_a_separator_in_it_is_one_column(project: Project) -> None:
    project.write("rows.csv", "b;c\n1\n2\n")
    assert project.table([column("b;c", "int")]).frame["b;c"].tolist() == [1, 2]
    failure = project.failure([column("a", "int")])
    assert failure.message == "the rows of `rows` have no column `a`"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_are_read_where_they_are_declared(project: Project, separator: str) -> None:
    project.write("rows.csv", f"a{separator}b\n1{separator}2,5\n2{separator}-0,25\n3{separator}\n")
    source = {"function": "csv", "path": "rows.csv", "separator": separator}
    failed = project.run([column("a", "int"), column("b", "float", missing=1.0)], source=source)
    assert failed.verdict is Verdict.FAIL
    source["decimal"] = ","
    table = project.table([column("a", "int"), column("b", "float", missing=1.0)], source=source)
    assert table.frame["b"].dropna().tolist() == [2.5, -0.25]


def test_a_huge_field_is_one_value(project: Project) -> None:
    project.write("rows.csv", f"a,t\n1,{'x' * 3_000_000}\n2,\n")
    table = project.table([column("a", "int"), column("t", "text", missing=0.5)])
    assert len(table.frame["t"][0]) == 3_000_000


def test_a_huge_field_of_the_wrong_type_is_shown_in_part(project: Project) -> None:
    project.write("rows.csv", f"a,b\n1,1\n{'9x' * 1_000_000},1\n")
    result = project.run(AB)
    assert result.verdict is Verdict.FAIL
    assert "row 2: `9x9x" in result.messages[-1].text
    assert len(result.messages[-1].text) < 200


def test_broken_parquet(project: Project) -> None:
    whole = parquet(a=[1, 2], b=[1.0, 2.0])
    source = {"function": "parquet", "path": "rows.parquet"}
    for content, hint in ((whole[: len(whole) // 2], "make it anew"), (b"a,b\n1,2\n", "`csv(…)`"), (b"", "`csv(…)`")):
        project.write("rows.parquet", content)
        failure = project.failure(AB, source=source)
        assert "`rows.parquet` is no whole Parquet file" in failure.message
        assert hint in failure.hint


def test_parquet_without_rows(project: Project) -> None:
    project.write("rows.parquet", pd.DataFrame({"a": [1]}).iloc[:0].to_parquet())
    failure = project.failure(AB, source={"function": "parquet", "path": "rows.parquet"})
    assert failure.message == "`rows.parquet` has no rows"


def test_a_damaged_archive(project: Project) -> None:
    project.write("rows.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-20])
    failure = project.failure(AB, source={"function": "csv", "path": "rows.csv.gz"})
    assert "`rows.csv.gz` cannot be unpacked" in failure.message


@pytest.mark.parametrize("when", ["grows", "is replaced", "is deleted"])
def test_a_file_that_changes_while_it_is_read(project: Project, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    path = project.write("rows.csv", "a,b\n1,2\n")
    read = Path.read_bytes

    def read_and_change(file: Path) -> bytes:
        content = read(file)
        if file.name == "rows.csv":
            match when:
                case "grows":
                    with path.open("a") as stream:
                        stream.write("3,4\n")
                case "is replaced":
                    (path.parent / "new.csv").write_text("a,b\n5,6\n")
                    (path.parent / "new.csv").replace(path)
                case _:
                    path.unlink()
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_change)
    failure = project.failure(AB)
    expected = "cannot be read" if when == "is deleted" else "`rows.csv` changed while it was read"
    assert expected in failure.message


def test_a_file_that_appears_in_a_folder_while_it_is_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("data/one.csv", "a,b\n1,2\n")
    read = Path.read_bytes

    def read_and_add(file: Path) -> bytes:
        project.write("data/two.csv", "a,b\n1,2\n")
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", read_and_add)
    failure = project.failure(AB, source={"function": "csv", "path": "data"})
    assert failure.message == "what is in `data` changed while it was read"
    assert "run again" in failure.hint


def test_files_of_a_folder_have_the_same_columns(project: Project) -> None:
    project.write("data/1.csv", "a,b\n1,2\n")
    project.write("data/2.csv", "a,c\n1,2\n")
    failure = project.failure(AB, source={"function": "csv", "path": "data"})
    assert failure.message == "`data/2.csv` has no column `b`, which `data/1.csv` has"


NOT_YET = {
    "split": {"function": "rolling", "train": 0.6, "test": 0.4, "windows": 3},
    "refresh": {"function": "every", "interval": "1d"},
}


@pytest.mark.parametrize("setting", NOT_YET)
def test_what_does_not_run_yet_is_not_ignored(project: Project, setting: str) -> None:
    project.write("rows.csv", "a,b\n1,2\n")
    failure = project.failure(AB, **{setting: NOT_YET[setting]})
    assert failure.message == f"`{setting} = {NOT_YET[setting]['function']}(…)` does not run yet"
    assert failure.setting == setting
