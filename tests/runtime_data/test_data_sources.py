"""Where rows come from: folders, globs, URLs, archives, functions of the project and other stages."""

from __future__ import annotations

import bz2
import functools
import gzip
import hashlib
import http.server
import lzma
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pandas as pd
import pytest
from data_stages import BIKE, Project, column

from mlopsc.stdlib.runtime.engine.outcome import Verdict

COLUMNS = [column("a", "int"), column("b", "text", missing=1.0)]
CSV = {"function": "csv", "path": "rows.csv"}


def test_the_version_of_a_file_is_its_hash(project: Project) -> None:
    content = b"a,b\n1,x\n"
    project.write("rows.csv", content)
    source = project.run(COLUMNS).facts["source"]
    digest = hashlib.sha256(content).hexdigest()
    assert source == {"kind": "csv", "path": "rows.csv", "files": 1, "bytes": len(content), "sha256": digest}


@pytest.mark.parametrize("path", ["data", "data/*.csv", "data/**/*.csv"])
def test_files_are_read_in_the_order_of_their_names(project: Project, path: str) -> None:
    project.write("data/2.csv", "b,a\nz,3\n")
    project.write("data/10.csv", "a,b\n1,x\n2,\n")
    for name in (".hidden.csv", "notes.md", "__pycache__/x.csv"):
        project.write(f"data/{name}", "nothing,of,this\n1,2,3\n")
    if "**" in path:
        (project.folder / "data" / "__pycache__" / "x.csv").unlink()
    source = {"function": "csv", "path": path}
    table = project.table(COLUMNS, source=source)
    assert table.frame["a"].tolist() == [1, 2, 3]
    version = project.run(COLUMNS, source=source).facts["source"]
    assert version["files"] == 2
    project.write("data/2.csv", "b,a\nz,4\n")
    assert project.run(COLUMNS, source=source).facts["source"]["sha256"] != version["sha256"]


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_archives(project: Project, suffix: str, pack: functools.partial[bytes]) -> None:
    project.write(f"rows.csv.{suffix}", pack(b"a,b\n1,x\n"))
    assert project.table(COLUMNS, source={"function": "csv", "path": f"rows.csv.{suffix}"}).frame["a"].tolist() == [1]


def test_parquet_files_with_their_own_types(project: Project) -> None:
    rows = pd.DataFrame(
        {
            "a": [1, 2],
            "b": ["x", None],
            "at": pd.to_datetime(["2025-01-01 10:00", "2025-01-02 00:00"]).tz_localize("Asia/Tokyo"),
            "day": pd.to_datetime(["2025-01-01", "2025-01-02"]).date,
            "v": [[1.0, 2.0], [3.0, 4.0]],
            "c": pd.Categorical(["u", "v"]),
        },
        index=pd.Index(["p", "q"], name="name"),
    )
    project.write("data/rows.parquet", rows.to_parquet())
    columns = [
        *COLUMNS,
        column("at", "timestamp"),
        column("day", "date"),
        column("v", "vector", size=2),
        column("c", "category"),
        column("name", "text"),
    ]
    frame = project.table(columns, source={"function": "parquet", "path": "data"}).frame
    assert frame["at"].astype(str).tolist() == ["2025-01-01 01:00:00+00:00", "2025-01-01 15:00:00+00:00"]
    assert frame["day"].dt.date.tolist() == rows["day"].tolist()
    assert [list(vector) for vector in frame["v"]] == rows["v"].tolist()
    assert frame["name"].tolist() == ["p", "q"]
    assert frame["c"].tolist() == ["u", "v"]


def test_csv_and_parquet_make_the_same_snapshot(project: Project) -> None:
    project.write("rows.csv", "a,b\n1,x\n2,\n")
    project.write("rows.parquet", pd.DataFrame({"b": ["x", None], "a": [1.0, 2.0]}).to_parquet())
    one = project.run(COLUMNS)
    other = project.run(COLUMNS, source={"function": "parquet", "path": "rows.parquet"})
    assert one.facts["hash"] == other.facts["hash"]


def test_urls_of_any_file_system(project: Project) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/rides/2.csv", b"a,b\n2,y\n")
    memory.pipe("/rides/1.csv", b"a,b\n1,x\n")
    for path, rows in (("memory://rides", [1, 2]), ("memory://rides/*.csv", [1, 2]), ("memory://rides/2.csv", [2])):
        table = project.table(COLUMNS, source={"function": "csv", "path": path})
        assert table.frame["a"].tolist() == rows
    failure = project.failure(COLUMNS, source={"function": "csv", "path": "memory://nothing"})
    assert failure.message.startswith("there is no file at `memory://nothing`, and none that ends in `.csv` or")
    failure = project.failure(COLUMNS, source={"function": "csv", "path": "nosuch://bucket/rows.csv"})
    assert "`nosuch://bucket/rows.csv` cannot be read: ValueError: Protocol not known" in failure.message


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a server of the bike example's data."""
    handler = functools.partial(_Quiet, directory=str(BIKE / "data"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_rows_from_the_web(project: Project, served: str) -> None:
    pytest.importorskip("aiohttp")
    source = {"function": "csv", "path": f"{served}/bikeshare.csv"}
    result = project.run([column("bikers", "int")], source=source)
    assert result.facts["rows"] == 8645
    assert (
        result.facts["source"]["sha256"] == hashlib.sha256((BIKE / "data" / "bikeshare.csv").read_bytes()).hexdigest()
    )
    failure = project.failure([column("bikers", "int")], source={**source, "path": f"{served}/nothing.csv"})
    assert f"`{served}/nothing.csv`" in failure.message


def test_nobody_answers(project: Project) -> None:
    pytest.importorskip("aiohttp")
    failure = project.failure(COLUMNS, source={"function": "csv", "path": "http://127.0.0.1:9/rows.csv"})
    assert "`http://127.0.0.1:9/rows.csv` cannot be read" in failure.message
    assert "the network" in failure.hint


FUNCTIONS = """\
import sys
import pandas as pd

def rows(): return pd.DataFrame({"a": [1, 2], "b": ["x", None]})
def indexed(): return rows().set_index("a")
def empty(): return rows().iloc[:0]
def series(): return rows()["a"]
def nothing(): pass
def numbered(): return pd.DataFrame([[1, 2]])
def doubled(): return pd.concat([rows(), rows()], axis=1)
def raises(): raise ValueError("no such table\\nand more")
def leaves(): sys.exit()
def talks():
    print("words " * 100_000)
    return rows()
"""


@pytest.mark.parametrize("name", ["rows", "indexed", "talks"])
def test_rows_of_a_function(project: Project, name: str) -> None:
    project.write("src/load.py", FUNCTIONS)
    table = project.table(COLUMNS, source={"function": "python", "name": f"src/load.py:{name}"})
    assert table.frame["a"].tolist() == [1, 2]


BROKEN = {
    "empty": "`rows` has no rows",
    "series": "`load.py:series` returned a value of type `Series`, expected a DataFrame",
    "nothing": "`load.py:nothing` returned nothing, expected a DataFrame",
    "numbered": "`load.py:numbered` returned a column named `0`",
    "doubled": "`load.py:doubled` returned two columns `a`",
    "raises": "`load.py:raises` raised ValueError: no such table",
    "leaves": "`load.py:leaves` called `sys.exit(None)`",
    "absent": "`load.py` has no `absent`",
}


@pytest.mark.parametrize("name", BROKEN)
def test_functions_that_give_no_rows(project: Project, name: str) -> None:
    project.write("load.py", FUNCTIONS)
    failure = project.failure(COLUMNS, source={"function": "python", "name": f"load.py:{name}"})
    assert failure.message == BROKEN[name]
    assert failure.setting == "source"


def test_values_that_are_nothing_to_store(project: Project) -> None:
    project.write(
        "load.py",
        "import pandas as pd\n"
        "A = [(1, 2), {'k': 1}, [3], b'x', float('nan')]\n"
        "def rows(): return pd.DataFrame({'a': A, 'b': ['\\x1b[31m', 'y'] * 2 + ['']})\n",
    )
    result = project.run(COLUMNS, source={"function": "python", "name": "load.py:rows"})
    assert result.messages[0].text == (
        "`a` is not `int` in 4 of 5 rows\n  row 1: `(1, 2)`\n  row 2: `{'k': 1}`\n  row 3: `[3]`\n  row 4: `b'x'`"
    )
    assert b"(1, 2)" in bytes(result.outputs["failing_rows"])
    result = project.run([column("b", "text")], source={"function": "python", "name": "load.py:rows"}, key=["b"])
    assert "row 1: `\\x1b[31m`" in result.messages[-1].text  # nothing that a terminal would obey


def test_code_with_a_syntax_error(project: Project) -> None:
    project.write("load.py", "def rows(:\n")
    failure = project.failure(COLUMNS, source={"function": "python", "name": "load.py:rows"})
    assert "`load.py` cannot be imported: SyntaxError" in failure.message
    failure = project.failure(COLUMNS, source={"function": "python", "name": "other.py:rows"})
    assert failure.message == "there is no file `other.py`"


def test_a_transform_comes_before_the_schema(project: Project) -> None:
    project.write("rows.csv", "a,b,zip\n1,x,007\n2,y,008\n")
    project.write(
        "prep.py",
        "def double(rows):\n    rows['c'] = rows.a * 2 + rows.zip.str.len()\n    return rows[rows.b == 'y']\n",
    )
    transform = {"function": "python", "name": "prep.py:double"}
    table = project.table([column("c", "int"), column("zip", "text")], transform=transform)
    assert table.frame["c"].tolist() == [7]
    assert table.frame.index.tolist() == [0]
    project.write("prep.py", "def double(rows):\n    return rows.iloc[:0]\n")
    failure = project.failure(COLUMNS, transform=transform)
    assert (failure.message, failure.setting) == ("`rows` has no rows", "transform")


def test_a_table_with_an_empty_source_does_not_reach_the_transform(project: Project) -> None:
    project.write("rows.csv", "a,b\n")
    project.write("prep.py", "def boom(rows):\n    raise RuntimeError\n")
    failure = project.failure(COLUMNS, transform={"function": "python", "name": "prep.py:boom"})
    assert failure.message == "`rows.csv` has a header but no rows"


JOIN = """\
def join(rides, weather):
    assert str(rides.day.dtype).startswith("datetime64"), rides.dtypes
    assert weather.wet.dtype == bool
    return rides.merge(weather, on="day")
"""


def derived(project: Project) -> list[dict[str, object]]:
    project.write("rides.csv", "day,n,who\n2025-01-01,3,ann\n2025-01-02,5,bob\n2025-01-03,8,cat\n")
    project.write("weather.csv", "day,wet\n2025-01-01,1\n2025-01-02,0\n")
    project.write("prep.py", JOIN)
    rides = [column("day", "date"), column("n", "int"), column("who", "text", role="pii")]
    project.run(rides, name="rides", source={"function": "csv", "path": "rides.csv"})
    weather = [column("day", "date"), column("wet", "bool")]
    project.run(weather, name="weather", source={"function": "csv", "path": "weather.csv"})
    return [column("day", "date"), column("n", "int"), column("wet", "bool")]


def test_rows_joined_from_two_stages(project: Project) -> None:
    columns = derived(project)
    transform = {"function": "python", "name": "prep.py:join"}
    table = project.table(columns, name="both", transform=transform, **{"from": ["rides", "weather"]})
    assert table.frame["n"].tolist() == [3, 5]
    assert table.frame["wet"].tolist() == [True, False]
    facts = project.records["both"].facts
    assert facts["dropped"] == ["who"]
    hashes = {name: project.records[name].facts["hash"] for name in ("rides", "weather")}
    assert facts["source"] == {"kind": "derived", "from": hashes}


def test_several_inputs_need_a_transform(project: Project) -> None:
    columns = derived(project)
    failure = project.failure(columns, name="both", **{"from": ["rides", "weather"]})
    assert failure.message == "`both` is derived from several stages: `rides`, `weather`"
    assert "`transform = python" in failure.hint
    failure = project.failure(columns, name="both", source=CSV, **{"from": ["rides"]})
    assert failure.message == "`both` needs either `source` or `from`"


def test_a_chain_keeps_its_rows(project: Project) -> None:
    project.write("rows.csv", "a,b\n1,x\n2,\n")
    first = project.run(COLUMNS, name="s0")
    for i in range(1, 4):
        last = project.run(COLUMNS, name=f"s{i}", **{"from": [f"s{i - 1}"]})
        assert last.verdict is Verdict.OK
    assert last.facts["hash"] == first.facts["hash"]


def test_global_state_of_the_project_does_not_reach_the_next_stage(project: Project) -> None:
    project.write("rows.csv", "a,b\n1,x\n")
    project.write("prep.py", "seen = []\ndef once(rows):\n    seen.append(1)\n    return rows.assign(a=len(seen))\n")
    transform = {"function": "python", "name": "prep.py:once"}
    for _ in range(2):
        assert project.table(COLUMNS, transform=transform).frame["a"].tolist() == [1]


def test_paths_outside_the_project(project: Project, tmp_path: Path) -> None:
    (tmp_path / "shared rows.csv").write_text("a,b\n1,x\n")
    source = {"function": "csv", "path": "../shared rows.csv"}
    result = project.run(COLUMNS, source=source)
    assert result.facts["source"]["path"] == "../shared rows.csv"
