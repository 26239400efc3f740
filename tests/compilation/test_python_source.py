"""Signatures of the user's functions and classes, read without importing anything."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from mlopsc.compiler.python_modules import imported_modules, imports
from mlopsc.compiler.semantics.project import PythonProblem, PythonSignature
from mlopsc.compiler.semantics.reader import WorkspaceReader
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace

BIKE = Path(__file__).parents[2] / "examples" / "bike-demand"


def read(source: str, name: str, others: dict[str, str] | None = None) -> PythonSignature | PythonProblem:
    """The signature of a name in `code.py`, beside which other files may stand."""
    return WorkspaceReader(MemoryWorkspace({"code.py": source, **(others or {})})).signature(f"code.py:{name}")


def signature(source: str, name: str, others: dict[str, str] | None = None) -> PythonSignature:
    found = read(source, name, others)
    assert isinstance(found, PythonSignature), found
    return found


def parameters(source: str, name: str, others: dict[str, str] | None = None) -> list[tuple[str, str, str | None]]:
    return [(one.name, one.kind, one.default) for one in signature(source, name, others).parameters]


def test_a_function_of_the_example_is_read_from_disk() -> None:
    reader = WorkspaceReader(DiskWorkspace(BIKE))
    found = reader.signature("prep.py:add_timestamp")
    assert isinstance(found, PythonSignature)
    assert (found.kind, found.returns, found.path) == ("function", "pd.DataFrame", "prep.py")
    assert [one.annotation for one in found.parameters] == ["pd.DataFrame"]


def test_a_transformer_of_the_example_takes_nothing_and_has_its_methods() -> None:
    found = WorkspaceReader(DiskWorkspace(BIKE)).signature("features.py:Calendar")
    assert isinstance(found, PythonSignature)
    assert found.kind == "class"
    assert found.parameters == ()
    assert {"fit", "transform"} <= found.methods


def test_every_kind_of_parameter_is_read_as_inspect_reads_it() -> None:
    source = "def f(a, /, b: int, c=1, *rest, d, e: 'str | None' = None, **others) -> bool: ..."
    scope: dict[str, object] = {}
    exec(source, scope)
    kinds = {
        inspect.Parameter.POSITIONAL_ONLY: "positional",
        inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
        inspect.Parameter.VAR_POSITIONAL: "variadic",
        inspect.Parameter.KEYWORD_ONLY: "keyword",
        inspect.Parameter.VAR_KEYWORD: "keywords",
    }
    expected = [
        (one.name, kinds[one.kind], None if one.default is one.empty else repr(one.default))
        for one in inspect.signature(scope["f"]).parameters.values()  # type: ignore[arg-type]
    ]
    assert parameters(source, "f") == expected
    assert signature(source, "f").returns == "bool"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class M:\n    def __init__(self, a, b=2): ...", [("a", "positional", None), ("b", "positional", "2")]),
        ("class M: ...", []),
        ("class B:\n    def __init__(self, a): ...\nclass M(B): ...", [("a", "positional", None)]),
        (
            "@dataclass(frozen=True)\nclass M:\n    a: int\n    b: str = 'x'\n    C: ClassVar[int] = 1",
            [("a", "positional", None), ("b", "positional", "'x'")],
        ),
        (
            "@dataclass\nclass M:\n    a: int\n    b: str = 'x'\n    c: int = field(init=False)",
            [("a", "positional", None), ("b", "positional", "'x'")],
        ),
        (
            "@dataclass\nclass B:\n    a: int\n@dataclasses.dataclass\nclass M(B):\n    b: int = 2",
            [("a", "positional", None), ("b", "positional", "2")],
        ),
        ("from os import Unheard\nclass M(Unheard): ...", [("args", "variadic", None), ("kwargs", "keywords", None)]),
        ("class M(Generic[T], TransformerMixin): ...", []),
    ],
)
def test_what_a_constructor_takes(source: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert parameters(source, "M") == expected


def test_a_class_on_top_of_a_scikit_learn_estimator_takes_its_parameters() -> None:
    source = "from sklearn.linear_model import Ridge\nclass Mine(Ridge):\n    def predict(self, X): ..."
    assert ("alpha", "keyword", "1.0") in parameters(source, "Mine")
    assert signature(source, "Mine").bases == ("Ridge",)


def test_names_are_followed_through_the_project() -> None:
    inner = {"pkg/inner.py": "def clean(rows, *, deep=False): ..."}
    assert parameters("from pkg.inner import clean as tidy", "tidy", inner) == [
        ("rows", "positional", None),
        ("deep", "keyword", "False"),
    ]
    through = {"pkg/__init__.py": "from .inner import clean as tidy", **inner}
    found = signature("from pkg import tidy", "tidy", through)
    assert (found.name, found.path, found.line) == ("tidy", "pkg/inner.py", 1)
    assert signature("from pkg.inner import *", "clean", inner).path == "pkg/inner.py"


def test_assigned_names_lambdas_and_coroutines() -> None:
    assert parameters("def f(a): ...\ng = f", "g") == [("a", "positional", None)]
    assert parameters("f = lambda rows, n=3: rows", "f") == [("rows", "positional", None), ("n", "positional", "3")]
    assert parameters("from functools import partial\nf = partial(print, 1)", "f")[0][1] == "variadic"
    assert signature("async def f(): ...", "f").kind == "coroutine"


def test_the_definition_that_normally_runs_is_the_one_that_counts() -> None:
    source = "try:\n    def f(a): ...\nexcept ImportError:\n    def f(a, b): ..."
    assert parameters(source, "f") == [("a", "positional", None)]
    assert parameters("def f(a): ...\ndef f(a, b): ...", "f") == [("a", "positional", None), ("b", "positional", None)]


@pytest.mark.parametrize(
    ("source", "name", "reason"),
    [
        ("def f(:\n", "f", "syntax"),
        ("x = 1\n\n\ndef f(\n", "f", "syntax"),
        ("def known(): ...", "unknown", "no-name"),
        ("LIMIT = 5", "LIMIT", "not-callable"),
        ("import os", "os", "not-callable"),
        ("a = b\nb = a", "a", "no-name"),
        ("from code import f", "f", "no-name"),
        ("def f(): ...", "", "no-name"),
        ("(" * 5000 + ")" * 5000, "f", "syntax"),
    ],
)
def test_why_there_is_no_signature(source: str, name: str, reason: str) -> None:
    found = read(source, name)
    assert isinstance(found, PythonProblem)
    assert found.reason == reason


def test_a_problem_says_where_and_what_there_is_instead() -> None:
    broken = read("x = 1\n\ny = = 2\n", "f")
    assert isinstance(broken, PythonProblem)
    assert (broken.line, bool(broken.detail)) == (3, True)
    other = read("def known(): ...\ndef _hidden(): ...\nclass Also: ...\nLIMIT = 1", "knwon")
    assert isinstance(other, PythonProblem)
    assert other.names == ("known", "Also")


def test_files_outside_missing_or_not_text() -> None:
    reader = WorkspaceReader(MemoryWorkspace({"a.py": ""}))
    for reference, reason in [("../x.py:f", "outside"), ("/x.py:f", "outside"), ("b.py:f", "no-file")]:
        found = reader.signature(reference)
        assert isinstance(found, PythonProblem)
        assert found.reason == reason


def test_python_that_is_not_utf8_is_a_problem_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "prep.py").write_bytes(b"# ok\n# caf\xe9\ndef f(): ...\n")
    found = WorkspaceReader(DiskWorkspace(tmp_path)).signature("prep.py:f")
    assert isinstance(found, PythonProblem)
    assert found.reason == "syntax"
    assert "line 2" in found.detail


def test_modules_are_followed_and_nothing_outside_the_project_is_named() -> None:
    files = {
        "prep.py": "import pandas\nfrom pkg.dates import day\ndef f():\n    from late import thing\n",
        "pkg/__init__.py": "from . import shared",
        "pkg/dates.py": "from .shared import zone\nfrom ..other import x",
        "pkg/shared.py": "import prep",
        "late.py": "this is no python",
        "unused.py": "",
        "other.py": "",
    }
    assert imported_modules("prep.py", files.get) == (
        "prep.py",
        "late.py",
        "other.py",
        "pkg/__init__.py",
        "pkg/dates.py",
        "pkg/shared.py",
    )
    assert imported_modules("missing.py", files.get) == ()
    assert imports("a/b.py", "import x.y\nfrom .c import d\nfrom . import e") == (
        "x",
        "x.y",
        "a.c",
        "a.c.d",
        "a",
        "a.e",
    )
