"""`mlopsc import` as a command: where it reads and writes, and what it refuses in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from imported import Import, Imported

from mlopsc.compiler.importing.yaml_values import LARGEST
from mlopsc.compiler.syntax.messages import syntax_diagnostics

TWO = """stages:
  one:
    cmd: python one.py
    outs: [rows.csv]
  fit:
    cmd: python fit.py
    deps: [rows.csv]
"""
JOB = "type: pipeline\njobs:\n  fit:\n    type: command\n    command: python fit.py\n"


def test_no_spec_is_overwritten(imports: Import, folder: Path) -> None:
    (folder / "pipeline.mlops").write_text("mine", "utf-8")
    done: Imported = imports(files={"dvc.yaml": TWO})
    assert (done.code, done.spec) == (2, "mine")
    assert done.err == (
        "error: `pipeline.mlops` is there already\n"
        "  = help: give another name, such as --out imported.mlops, or - for stdout\n"
    )
    assert imports("--out", "other.mlops", files={}).code == 0
    assert (folder / "other.mlops").read_text("utf-8").startswith("# From dvc.yaml (DVC)")


def test_a_link_that_leads_nowhere_is_not_written_through(imports: Import, folder: Path) -> None:
    (folder / "pipeline.mlops").symlink_to(folder / "elsewhere.mlops")
    assert imports(files={"dvc.yaml": TWO}).code == 2
    assert not (folder / "elsewhere.mlops").exists()


def test_stdout_has_the_spec_alone(imports: Import, folder: Path) -> None:
    done: Imported = imports("--out", "-", files={"dvc.yaml": TWO})
    assert done.code == 0
    assert done.out.startswith("# From dvc.yaml")
    assert done.err.startswith("read dvc.yaml: 2 steps of DVC\n")
    assert [one.name for one in folder.iterdir()] == ["dvc.yaml"]


def test_paths_are_relative_to_the_spec(imports: Import, folder: Path) -> None:
    files = {
        "old/dvc.yaml": TWO.replace("python one.py", "python one.py a.csv").replace(
            "outs: [rows", "deps: [a.csv]\n    outs: [rows"
        )
    }
    assert imports("old", "--out", "new.mlops", files=files).code == 0
    spec = (folder / "new.mlops").read_text("utf-8")
    assert 'source    = csv("old/a.csv")' in spec
    assert 'python("old/one.py:one")' in spec


@pytest.mark.parametrize(
    ("files", "arguments", "told", "next_step"),
    [
        ({}, ["nowhere.yaml"], "there is no file `nowhere.yaml`", "correct the path"),
        ({}, [], "this folder has no pipeline that can be imported", "give a dvc.yaml"),
        ({"dvc.yaml": TWO}, ["--out", "x.yaml"], "`x.yaml` is no name of a spec", "--out pipeline.mlops"),
        ({"dvc.yaml": TWO}, ["--out", "no/x.mlops"], "there is no folder `no`", "make it"),
        ({"dvc.yaml": TWO}, ["dvc.yaml", "--from", "kfp"], "`dvc.yaml` is no pipeline of Kubeflow", "--from dvc"),
        ({"dvc.yaml": "a: [1"}, [], "`dvc.yaml:1` is not YAML", "correct that line"),
        ({"dvc.yaml": "a: 1\nb:\n\t- 2"}, ["dvc.yaml"], "`dvc.yaml:3` is not YAML", "correct that line"),
        ({"dvc.yaml": "stages: {}\nstages: {}"}, [], "`stages` stands twice", "remove one"),
        ({"dvc.yaml": "a: &a [*a]"}, ["dvc.yaml"], "`*a` stands for nothing above it", "write out"),
        ({"a.yaml": "- 1"}, ["a.yaml"], "it is no mapping", "give a dvc.yaml"),
        ({"a.yaml": ""}, ["a.yaml"], "`a.yaml` is empty", "give a dvc.yaml"),
        ({"a.yaml": "%YAML 9.1\n---\na: 1"}, ["a.yaml"], "`a.yaml:1` is not YAML", "correct that line"),
        ({"a.yaml": "apiVersion: v1\nkind: Pod"}, ["a.yaml"], "a manifest of Kubernetes", "give a dvc.yaml"),
        ({"a.yaml": "jobs: {a: {runs-on: x, steps: []}}"}, ["a.yaml"], "a workflow of GitHub", "give a dvc.yaml"),
        ({"a.yaml": f"# {'x' * LARGEST}"}, ["a.yaml"], "`a.yaml` has 1.0 MB", "not with its data"),
        ({"a.yaml": f"# {'x' * 4 * LARGEST}"}, ["a.yaml"], "`a.yaml` has 4.0 MB", "not with its data"),
        ({"dvc.yaml": TWO, "job.yml": JOB}, [], "there are 2 pipelines here: dvc.yaml, job.yml", "name one of them"),
    ],
)
def test_what_cannot_be_imported(
    files: dict[str, str], arguments: list[str], told: str, next_step: str, imports: Import
) -> None:
    done: Imported = imports(*arguments, files=files)
    assert done.code in (1, 2, 4)
    assert (done.out, done.spec) == ("", "")
    fact, hint = done.err.splitlines()
    assert told in fact
    assert next_step in hint


def test_what_is_no_text(imports: Import, folder: Path) -> None:
    (folder / "dvc.yaml").write_bytes("stages: {}\n".encode("utf-16"))
    done: Imported = imports("dvc.yaml", files={})
    assert (done.code, done.err) == (1, "error: `dvc.yaml` is UTF-16\n  = help: save it as UTF-8\n")


def test_of_several_the_kind_that_is_asked_for(imports: Import) -> None:
    files = {"dvc.yaml": TWO, "job.yml": JOB}
    assert imports("--from", "azureml", files=files).out.startswith("read job.yml: 1 step of Azure ML CLI v2\n")


def test_hostile_names_stay_names(imports: Import) -> None:
    text = (
        TWO.replace("one:", '"a\\"] } $(x)": ')
        .replace("one.py", '"x\\"y${z}.py"')
        .replace("stages:", "vars: [{z: '`}'}]\nstages:")
    )
    done: Imported = imports("--name", 'x" }', files={"dvc.yaml": text})
    assert done.code == 0
    assert [*syntax_diagnostics(done.compiled().files[0])] == []


def test_many_steps_are_a_part_too_many(imports: Import) -> None:
    text = "stages:\n  x:\n    foreach: ${n}\n    do: {cmd: python x.py}\n"
    done: Imported = imports(files={"dvc.yaml": text, "params.yaml": f"n: {list(range(1001))}"})
    assert done.err.splitlines()[0] == "error: `dvc.yaml` has 1,001 steps"
