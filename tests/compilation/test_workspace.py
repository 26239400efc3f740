"""Reading the project: whatever is wrong with a file, it is said and not thrown."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlopsc.compiler.workspace import LARGEST, DiskWorkspace, MemoryWorkspace, SourceProblem, Workspace


def problem(workspace: Workspace, path: str) -> SourceProblem:
    with pytest.raises(SourceProblem) as raised:
        workspace.read(path)
    return raised.value


@pytest.mark.parametrize(
    ("content", "trouble", "words"),
    [
        (b"caf\xe9", "encoding", "line 1 has the byte 0xe9"),
        (b"a\nb\nc\xff", "encoding", "line 3 has the byte 0xff"),
        ("pipeline".encode("utf-16"), "encoding", "is UTF-16"),
        (b"\x7fELF\0\0", "binary", "line 1 has a zero byte"),
        (b"{" * (LARGEST + 1), "large", "has 4.0 MB"),
    ],
)
def test_bytes_that_are_no_source(tmp_path: Path, content: bytes, trouble: str, words: str) -> None:
    (tmp_path / "x.mlops").write_bytes(content)
    found = problem(DiskWorkspace(tmp_path), "x.mlops")
    assert found.trouble == trouble
    assert words in found.message
    assert found.hint


def test_text_is_given_as_it_is(tmp_path: Path) -> None:
    for text in ("", "a\r\nb\r\n", "\ufeffpipeline x {}\n", "größe = 1  # naïve 🚲\n"):
        (tmp_path / "x.mlops").write_bytes(text.encode())
        assert DiskWorkspace(tmp_path).read("x.mlops") == text


def test_missing_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "pipeline.mlops").write_text("")
    disk = DiskWorkspace(tmp_path)
    assert problem(disk, "pipelin.mlops").hint == "did you mean `pipeline.mlops`?"
    assert problem(disk, "data").trouble == "folder"
    assert problem(disk, "pipeline.mlops/x").trouble == "unreadable"
    assert problem(disk, "x" * 5000).trouble == "unreadable"
    assert problem(disk, "zero\0byte").trouble == "unreadable"
    assert problem(disk, "no/where/x").trouble == "missing"
    assert disk.list("nowhere") == ()


def test_permissions_are_told_apart_from_other_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert problem(DiskWorkspace(tmp_path), "x").trouble == "denied"


def test_globs_folders_and_paths_above_exist(tmp_path: Path) -> None:
    (tmp_path / "data" / "2024").mkdir(parents=True)
    (tmp_path / "data" / "2024" / "a b.csv").write_text("")
    disk = DiskWorkspace(tmp_path / "data")
    memory = MemoryWorkspace({"2024/a b.csv": ""})
    for workspace in (disk, memory):
        assert workspace.exists("2024")
        assert workspace.exists("2024/a b.csv")
        assert workspace.exists("2024/*.csv")
        assert not workspace.exists("2024/*.parquet")
        assert not workspace.exists("2025")
        assert workspace.list("2024") == ("a b.csv",)
    assert disk.exists("../data/2024")
    assert not disk.exists("zero\0byte")


def test_texts_in_memory_stand_before_those_on_disk(tmp_path: Path) -> None:
    (tmp_path / "a.mlops").write_text("old")
    (tmp_path / "b.mlops").write_text("b")
    open_files = MemoryWorkspace({}, DiskWorkspace(tmp_path)).written("a.mlops", "new")
    assert (open_files.read("./a.mlops"), open_files.read("b.mlops")) == ("new", "b")
    assert open_files.list(".") == ("a.mlops", "b.mlops")
    assert problem(open_files, "c.mlops").trouble == "missing"
    assert problem(MemoryWorkspace({"dir/a.mlops": ""}), "dir/a.mlop").hint == "did you mean `dir/a.mlops`?"
