"""`doctor` and `build` say where GitHub would not find the workflows, or would not run them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Done

Call = Callable[..., Done]
SPEC = """pipeline shop {{ github = github("example-org/shop"{settings}) }}
environment dev {{ platform = local() }}
data orders {{
  source = csv("orders.csv")
  check rows >= 1
  schema {{ price: float }}
}}
"""


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=S", "-c", "user.email=s@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def write(folder: Path, settings: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.mlops").write_text(SPEC.format(settings=settings), encoding="utf-8")
    (folder / "orders.csv").write_text("price\n1\n", encoding="utf-8")
    return folder


def with_origin(folder: Path, url: str, default: str = "main") -> None:
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "remote", "add", "origin", url)
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    git(folder, "update-ref", f"refs/remotes/origin/{default}", "HEAD")
    git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", f"refs/remotes/origin/{default}")


def said(call: Call) -> str:
    """What a first build warns of; a second one writes nothing and repeats nothing."""
    done = call("build")
    assert done.code == 0, done.err
    assert call("build").err == ""
    return done.err


def test_outside_of_git_workflows_are_written_and_it_is_said(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(tmp_path / "p"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert said(call) == (
        "warn  workflows: in no git repository, and GitHub reads them from the top of one\n"
        "      next: `git init`, at the top of what will be the repository\n"
    )
    assert (tmp_path / "p" / ".github" / "workflows" / "shop-ci.yml").is_file()


def test_a_repository_without_a_remote(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "p"))
    git(tmp_path / "p", "init", "--quiet")
    found = said(call)
    assert "there is no `origin`, and the spec says example-org/shop" in found
    assert "next: `git remote add origin https://github.com/example-org/shop.git`" in found


@pytest.mark.parametrize(
    "url",
    [
        "git@github.com:example-org/shop.git",
        "https://github.com/example-org/shop",
        "ssh://git@github.com/Example-Org/Shop.git/",
    ],
)
def test_a_repository_as_the_spec_has_it(url: str, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "p"))
    with_origin(tmp_path / "p", url)
    assert said(call) == ""


def test_another_remote_and_no_password_of_it(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "p"))
    with_origin(tmp_path / "p", "https://me:hunter2@github.com/somebody/shop.git")
    found = said(call)
    assert "`origin` is somebody/shop, and the spec says example-org/shop" in found
    assert "hunter2" not in found


def test_another_default_branch(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "p"))
    with_origin(tmp_path / "p", "git@github.com:example-org/shop.git", "trunk")
    found = said(call)
    assert "main is delivered, but the default branch is trunk" in found
    write(tmp_path / "p", ', branch = "trunk"')
    assert said(call) == ""
    assert "- trunk" in (tmp_path / "p" / ".github" / "workflows" / "shop-cd.yml").read_text("utf-8")


def test_a_folder_of_a_repository(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p").mkdir()
    with_origin(tmp_path / "p", "git@github.com:example-org/shop.git")
    monkeypatch.chdir(write(tmp_path / "p" / "services" / "shop"))
    found = said(call)
    assert "written to .github, and GitHub reads them from the top of the repository" in found
    assert 'next: `folder = "services/shop"` in `github(…)` of pipeline.mlops' in found
    write(tmp_path / "p" / "services" / "shop", ', folder = "services/shop"')
    assert said(call) == ""
    assert (tmp_path / "p" / ".github" / "workflows" / "shop-ci.yml").is_file()


def test_doctor_says_it_all(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "p"))
    with_origin(tmp_path / "p", "git@github.com:example-org/shop.git")
    out = call("doctor").out
    assert "ok    workflows: written to the top of the repository\n" in out
    assert "ok    remote: `origin` is example-org/shop\n" in out
    assert "ok    branch: main is delivered, and is the default branch\n" in out
