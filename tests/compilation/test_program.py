"""A program is its main file and the files that it uses; whatever is wrong with one of them is said at its place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType

import pytest

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.program import Program, read_program, uses, with_packages
from mlopsc.compiler.schema import installed
from mlopsc.compiler.schema.declarations import setting
from mlopsc.compiler.workspace import LARGEST, DiskWorkspace, MemoryWorkspace
from mlopsc.stdlib import registry
from mlopsc.stdlib.metrics import Metric


def program(files: dict[str, str], main: str = "pipeline.mlops") -> Program:
    return read_program(MemoryWorkspace(files), registry(), main, {})


def paths(found: Program) -> list[str]:
    return [file.source.path for file in found.files]


def told(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return diagnostic.code.id, str(diagnostic.location), diagnostic.message


def test_used_files_are_read_once_and_in_order() -> None:
    found = program(
        {
            "pipeline.mlops": 'use "people.mlops"\nuse "./shared/base.mlops" as base\nuse "people.mlops"\n',
            "people.mlops": "",
            "shared/base.mlops": 'use "people.mlops"\n',
        }
    )
    assert paths(found) == ["pipeline.mlops", "people.mlops", "shared/base.mlops"]
    assert found.problems == ()
    assert [path for path, _ in uses(found.files[0])] == ["people.mlops", "shared/base.mlops", "people.mlops"]


def test_a_used_file_that_is_missing_is_told_where_it_is_used() -> None:
    found = program({"pipeline.mlops": '# ours\nuse "peple.mlops"\n', "people.mlops": ""})
    (problem,) = found.problems
    assert told(problem) == ("E001", "pipeline.mlops:2:5", "there is no file `peple.mlops`")
    assert problem.hint == "did you mean `people.mlops`?"
    assert paths(found) == ["pipeline.mlops"]


def test_a_main_file_that_is_missing_is_told_at_its_start() -> None:
    (problem,) = program({}).problems
    assert told(problem) == ("E001", "pipeline.mlops:1:1", "there is no file `pipeline.mlops`")


def test_files_that_use_each_other_are_told_with_the_way_round() -> None:
    found = program(
        {"pipeline.mlops": 'use "a.mlops"', "a.mlops": 'use "b.mlops"', "b.mlops": '\nuse "a.mlops"'},
    )
    (problem,) = found.problems
    assert told(problem) == ("E003", "b.mlops:2:5", "`a.mlops` uses itself")
    assert [str(label.location) for label in problem.related] == ["a.mlops:1:5"]
    (itself,) = program({"pipeline.mlops": 'use "pipeline.mlops"'}).problems
    assert told(itself)[:2] == ("E003", "pipeline.mlops:1:5")


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b'pipeline x {\n  owner = "caf\xe9"\n}\n', "E101", "pipeline.mlops:2:15"),
        ("pipeline x {}".encode("utf-16"), "E101", "pipeline.mlops:1:1"),
        (b"PK\x03\x04\0\0", "E101", "pipeline.mlops:1:5"),
        (b"{" * (LARGEST + 1), "E103", "pipeline.mlops:1:1"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes, code: str, place: str) -> None:
    (tmp_path / "pipeline.mlops").write_bytes(content)
    (problem,) = read_program(DiskWorkspace(tmp_path), registry(), "pipeline.mlops", {}).problems
    assert told(problem)[:2] == (code, place)


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "pipeline.mlops").write_text('use "shared"\n')
    (tmp_path / "shared").mkdir()
    (problem,) = read_program(DiskWorkspace(tmp_path), registry(), "pipeline.mlops", {}).problems
    assert told(problem) == ("E002", "pipeline.mlops:1:5", "`shared` is a folder, not a file")


def test_an_edit_parses_only_the_block_it_touched() -> None:
    text = "".join(f"data d{number} {{\n  check rows >= {number}\n}}\n\n" for number in range(50))
    before = program({"pipeline.mlops": text})
    known = {file.source.path: file for file in before.files}
    edited = MemoryWorkspace({"pipeline.mlops": text.replace("rows >= 7\n", "rows >= 70\n")})
    after = read_program(edited, registry(), "pipeline.mlops", known)
    kept = {id(chunk) for chunk in before.files[0].chunks}
    assert sum(id(chunk) not in kept for chunk in after.files[0].chunks) == 1
    same = read_program(MemoryWorkspace({"pipeline.mlops": text}), registry(), "pipeline.mlops", known)
    assert same.files[0] is before.files[0]


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three installed packages: one that declares a metric, one with a word that is not its own, one that breaks."""

    class Good(Metric, word="acme.smape"):
        """Symmetric percentage error."""

        scale: float = setting("A scale.", 1.0)

    class Strange(Metric, word="mae2"):
        """A word that could be anybody's."""

    for name, declared in (("acme_words", Good), ("strange_words", Strange)):
        module = ModuleType(name)
        declared.__module__ = name
        vars(module)[declared.__name__] = declared
        monkeypatch.setitem(sys.modules, name, module)
    entries = EntryPoints(
        EntryPoint(name, module, installed.GROUP)
        for name, module in [("acme", "acme_words"), ("strange", "strange_words"), ("broken", "no_such_module_at_all")]
    )
    monkeypatch.setattr(installed, "_entries", lambda: entries)
    installed.declarations_of.cache_clear()
    yield
    installed.declarations_of.cache_clear()


@pytest.mark.usefixtures("packages")
def test_functions_of_installed_packages_are_found_by_their_prefix() -> None:
    files = program({"pipeline.mlops": "test gate {\n  require acme.smape(test) <= 45 at 95%\n}\n"}).files
    extended, problems = with_packages(registry(), files)
    assert problems == []
    assert extended.function("acme.smape", (Metric,)) is not None
    assert registry().function("acme.smape", (Metric,)) is None
    assert type(Metric.model_validate({"function": "acme.smape", "on": "test"})).word == "acme.smape"


def test_words_with_a_dot_of_the_standard_library_look_for_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_entries", lambda: pytest.fail("it reads the metadata of all packages"))
    installed.declarations_of.cache_clear()
    text = "monitor live {\n  watch stable(features, detector = alibi.tabular()) over 7d\n}\n"
    extended, problems = with_packages(registry(), program({"pipeline.mlops": text}).files)
    assert (extended, problems) == (registry(), [])


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("package", "words"), [("strange", "declares `mae2`"), ("broken", "No module named 'no_such_module_at_all'")]
)
def test_a_package_that_cannot_be_used_is_told_where_it_is_named(package: str, words: str) -> None:
    files = program({"pipeline.mlops": f"test gate {{\n  require {package}.x(test) <= 45\n}}\n"}).files
    _, (problem,) = with_packages(registry(), files)
    assert problem.code.id == "E004"
    assert str(problem.location) == "pipeline.mlops:2:11"
    assert words in problem.message


def test_without_a_dotted_call_nobody_looks_for_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_entries", lambda: pytest.fail("the metadata of all packages was read"))
    files = program({"pipeline.mlops": 'data x {\n  source = csv("prep.py:f")\n  key = [rides.day]\n}\n'}).files
    assert with_packages(registry(), files) == (registry(), [])
