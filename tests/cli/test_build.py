"""`mlopsc build`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SPEC, Done

Call = Callable[..., Done]
TWO = "environment dev { platform = local() }\n\nenvironment prod {\n  follows  = dev\n  platform = local()\n}\n\n"


def written(folder: Path) -> dict[str, bytes]:
    """Every file that builds made, by path."""
    files = (path for path in (folder / "deploy").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def two(project: Path) -> Path:
    """A project with two environments."""
    (project / "pipeline.mlops").write_text(TWO + SPEC, encoding="utf-8")
    return project


def test_it_writes_every_environment_and_a_list_of_what_it_wrote(two: Path, call: Call) -> None:
    done = call("build")
    assert done.code == 0
    paths = [f"deploy/orders/{name}/{file}" for name in ("dev", "prod") for file in ("origins.json", "pipeline.json")]
    paths += ["deploy/orders/dev/run.py", "deploy/orders/manifest.json", "deploy/orders/prod/run.py"]
    assert sorted(written(two)) == sorted(paths)
    assert sorted(done.out.splitlines()) == sorted(f"wrote      {path}" for path in paths)
    listed = json.loads(written(two)["deploy/orders/manifest.json"])
    committed = sorted(path for path in paths if path.endswith(("run.py", "pipeline.json")))
    assert sorted(listed["files"]["local"]) == committed


def test_a_second_build_touches_nothing(two: Path, call: Call) -> None:
    call("build")
    times = {path: path.stat().st_mtime_ns for path in (two / "deploy").rglob("*") if path.is_file()}
    done = call("build")
    assert {line.split()[0] for line in done.out.splitlines()} == {"unchanged"}
    assert {path: path.stat().st_mtime_ns for path in (two / "deploy").rglob("*") if path.is_file()} == times


def test_a_comment_changes_no_committed_file(two: Path, call: Call) -> None:
    call("build")
    (two / "pipeline.mlops").write_text("# a word\n\n" + TWO + SPEC, encoding="utf-8")
    assert call("build", "--check").code == 0
    changed = [line.split()[1] for line in call("build").out.splitlines() if line.startswith("wrote")]
    assert changed == ["deploy/orders/dev/origins.json", "deploy/orders/prod/origins.json"]


def test_checking_tells_what_differs_and_how_to_mend_it(two: Path, call: Call) -> None:
    call("build")
    assert call("build", "--check") == Done(0, "5 files are those of pipeline.mlops\n", "")
    (two / "pipeline.mlops").write_text((TWO + SPEC).replace("rows >= 100", "rows >= 200"), encoding="utf-8")
    before = written(two)
    done = call("build", "--check")
    assert done.code == 1
    assert "--- a/deploy/orders/dev/pipeline.json" in done.out
    assert '+     "text": "check rows >= 200",' in done.out.replace("+        ", "+     ")
    assert done.out.endswith("mend it with: mlopsc build\n")
    assert written(two) == before


def test_files_that_are_not_made_any_more_are_removed(two: Path, call: Call) -> None:
    call("build")
    (two / "deploy" / "orders" / "notes.txt").write_text("mine", encoding="utf-8")
    (two / "pipeline.mlops").write_text(SPEC, encoding="utf-8")
    assert "deploy/orders/prod/run.py: the spec does not make it any more" in call("build", "--check").out
    done = call("build")
    assert "removed    deploy/orders/prod/run.py" in done.out
    assert not (two / "deploy" / "orders" / "prod").exists()
    assert (two / "deploy" / "orders" / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert call("build", "--check").code == 0


def test_a_file_that_was_edited_is_kept(two: Path, call: Call) -> None:
    call("build")
    edited = two / "deploy" / "orders" / "prod" / "run.py"
    edited.write_text("print('mine')\n", encoding="utf-8")
    (two / "pipeline.mlops").write_text(SPEC, encoding="utf-8")
    done = call("build")
    assert "kept       deploy/orders/prod/run.py" in done.out
    assert edited.read_text(encoding="utf-8") == "print('mine')\n"


def test_another_name_of_the_pipeline_moves_its_files(two: Path, call: Call) -> None:
    call("build")
    (two / "pipeline.mlops").write_text((TWO + SPEC).replace("pipeline orders", "pipeline sales"), encoding="utf-8")
    call("build")
    assert [path.name for path in (two / "deploy").iterdir()] == ["sales"]


def test_a_list_names_nothing_outside_deploy(two: Path, call: Call) -> None:
    call("build")
    manifest = two / "deploy" / "orders" / "manifest.json"
    listed = json.loads(manifest.read_bytes())
    from hashlib import sha256

    for path in ("orders.csv", "deploy/../orders.csv"):
        listed["files"]["local"][path] = sha256((two / "orders.csv").read_bytes()).hexdigest()
    manifest.write_text(json.dumps(listed), encoding="utf-8")
    call("build")
    assert (two / "orders.csv").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"spec": "pipeline.mlops", "files": 3}', "\0"])
def test_a_list_that_is_damaged_is_written_anew(text: str, two: Path, call: Call) -> None:
    call("build")
    manifest = two / "deploy" / "orders" / "manifest.json"
    good = manifest.read_bytes()
    manifest.write_text(text, encoding="utf-8")
    assert call("build").code == 0
    assert manifest.read_bytes() == good


def test_one_environment(two: Path, call: Call) -> None:
    call("build", "-e", "prod")
    assert sorted(path.name for path in (two / "deploy" / "orders").iterdir()) == ["manifest.json", "prod"]
    call("build")
    whole = written(two)
    call("build", "-e", "dev")
    assert written(two) == whole


def test_nothing_is_written_while_there_is_an_error(two: Path, call: Call) -> None:
    (two / "pipeline.mlops").write_text(SPEC.replace("target = price", "target = prise"), encoding="utf-8")
    done = call("build")
    assert done.code == 1
    assert "error[E" in done.err
    assert done.err.endswith("`pipeline.mlops` has an error, so nothing was done\n")
    assert not (two / "deploy").exists()


def test_lines_that_git_changed_are_no_difference(two: Path, call: Call) -> None:
    call("build")
    for path in (two / "deploy").rglob("*.json"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert call("build", "--check").code == 0


@pytest.mark.parametrize("mine", [b"# mine\n", b"\xff no text"])
def test_an_edited_file_is_made_anew_and_a_copy_of_it_kept(mine: bytes, two: Path, call: Call) -> None:
    call("build")
    made = two / "deploy" / "orders" / "dev" / "run.py"
    text = made.read_bytes()
    made.write_bytes(text + mine)
    done = call("build")
    (copy,) = made.parent.glob("run.py.edited-*")
    assert (made.read_bytes(), copy.read_bytes()) == (text, text + mine)
    assert done.err == (
        "warning: `deploy/orders/dev/run.py` had been edited and was made anew; "
        f"what was there is in `deploy/orders/dev/{copy.name}`\n"
    )
    assert call("build").err == ""
