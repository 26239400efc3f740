"""Workflows that a build writes: listed with the pipeline's other files, and nobody else's is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlopsc.compiler.cli.main import run

SPEC = """pipeline rides {
  github = github("example/rides")
}
data rides {
  source = csv("rides.csv")
  schema { duration: float }
  check rows >= 1
}
"""
PROD = """environment dev { platform = local() }
environment prod {
  follows  = dev
  platform = aws(region = "eu-west-1", account = "123456789012")
}
"""
BUILD = ["build", "--target", "github", "--target", "local"]
CI = Path(".github/workflows/rides-ci.yml")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project at the top of its repository; commands run there."""
    (tmp_path / "pipeline.mlops").write_text(SPEC, "utf-8")
    (tmp_path / "rides.csv").write_text("duration\n1.0\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(project: Path) -> set[str]:
    """The files that the list of the pipeline names."""
    files = json.loads((project / "deploy/rides/manifest.json").read_text("utf-8"))["files"]
    return {path for paths in files.values() for path in paths}


def test_a_build_lists_its_workflows_and_an_edit_is_kept_aside(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(BUILD) == 0
    assert CI.as_posix() in listed(project)
    assert run([*BUILD, "--check"]) == 0
    (project / CI).write_text(f"{(project / CI).read_text('utf-8')}# mine\n", "utf-8")
    capsys.readouterr()
    assert run([*BUILD, "--check"]) == 1
    told = capsys.readouterr().out
    assert "-# mine" in told
    assert "belongs into `.github/mlopsc-overlays.yml`" in told
    assert run(BUILD) == 0
    told = capsys.readouterr().err
    assert "had been edited" in told
    assert "belongs into `.github/mlopsc-overlays.yml`" in told
    assert len([*(project / CI).parent.glob("*.edited-*")]) == 1


def test_a_workflow_that_is_not_made_any_more_goes(project: Path) -> None:
    assert run(BUILD) == 0
    (project / "pipeline.mlops").write_text(SPEC.replace('  github = github("example/rides")\n', ""), "utf-8")
    assert run(BUILD) == 0
    assert not (project / CI).exists()
    assert CI.as_posix() not in listed(project)


def test_a_workflow_of_somebody_else_is_never_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / CI).parent.mkdir(parents=True)
    (project / CI).write_text("name: mine\n", "utf-8")
    assert run(BUILD) == 4
    said = capsys.readouterr().err
    assert "`.github/workflows/rides-ci.yml` is there already, and no build made it" in said
    assert "give it another name" in said
    assert (project / CI).read_text("utf-8") == "name: mine\n"
    assert not (project / "deploy").exists()


def test_in_a_folder_of_a_repository_workflows_are_at_its_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "services" / "rides"
    folder.mkdir(parents=True)
    text = SPEC.replace('"example/rides"', '"example/rides", folder = "services/rides"')
    (folder / "pipeline.mlops").write_text(text, "utf-8")
    (folder / "rides.csv").write_text("duration\n1.0\n", "utf-8")
    monkeypatch.chdir(folder)
    assert run(BUILD) == 0
    assert (tmp_path / CI).is_file()
    assert f"../../{CI.as_posix()}" in listed(folder)
    assert run([*BUILD, "--check"]) == 0
    (folder / "pipeline.mlops").write_text(SPEC.replace('  github = github("example/rides")\n', ""), "utf-8")
    assert run(BUILD) == 0
    assert not (tmp_path / CI).exists()


def test_pipelines_of_one_repository_share_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}
    for name in ("rides", "taxis"):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        spec = SPEC.replace("pipeline rides", f"pipeline {name}").replace(
            'github("example/rides")', f'github("example/city", folder = "models/{name}")'
        )
        (folder / "pipeline.mlops").write_text(spec + PROD, "utf-8")
        (folder / "rides.csv").write_text("duration\n1.0\n", "utf-8")
        monkeypatch.chdir(folder)
        assert run(["build"]) == 0
        texts = {path: path.read_text("utf-8") for path in (tmp_path / ".github" / "workflows").glob(f"{name}-*.yml")}
        assert texts
        made[name] = texts
    rides, taxis = ("".join(made[name].values()) for name in ("rides", "taxis"))
    for word in (" environment: ", " group: ", "role-to-assume: ", "name: rides ready", "name: taxis ready"):
        first, second = ({line.strip() for line in text.splitlines() if word in line} for text in (rides, taxis))
        assert not first & second, word
        assert first | second, word
    assert "working-directory: models/rides" in rides
    monkeypatch.chdir(tmp_path / "models" / "rides")
    assert run(["build", "--check"]) == 0


def test_two_pipelines_of_one_name_are_told_apart_by_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, code in (("a", 0), ("b", 4)):
        folder = tmp_path / name
        folder.mkdir()
        spec = SPEC.replace('github("example/rides")', f'github("example/city", folder = "{name}")')
        (folder / "pipeline.mlops").write_text(spec, "utf-8")
        (folder / "rides.csv").write_text("duration\n1.0\n", "utf-8")
        monkeypatch.chdir(folder)
        capsys.readouterr()
        assert run(["build"]) == code
    assert "`../.github/workflows/rides-ci.yml` is there already, and no build made it" in capsys.readouterr().err
