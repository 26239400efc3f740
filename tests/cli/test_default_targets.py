"""What is written by default, what a run needs of it, and what a machine without the Terraform CDK can still do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from commands import SPEC, Done
from deployments_of_shop import FOLDER, with_environments

from mlopsc.targets.terraform import synthesis

Call = Callable[..., Done]
AWS = 'environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }\n\n'
AZURE = (
    'environment prod { platform = azure(location = "westeurope", '
    'subscription = "00000000-0000-0000-0000-000000000001") }\n\n'
)
MAIN = f"{FOLDER}/main.tf.json"


@pytest.fixture
def kept(project: Path) -> Path:
    """A project whose environments Terraform keeps."""
    return with_environments(project)


@pytest.fixture
def without_cdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine on which the Terraform CDK is not installed."""
    from importlib import metadata

    installed = metadata.version

    def version(name: str) -> str:
        if name in ("cdktn", "constructs", "jsii"):
            raise PackageNotFoundError(name)
        return installed(name)

    synthesis._versions.cache_clear()
    monkeypatch.setattr(metadata, "version", version)
    yield
    synthesis._versions.cache_clear()


def committed(project: Path) -> dict[Path, bytes]:
    """What builds wrote that git keeps."""
    files = (path for path in (project / "deploy").rglob("*") if path.is_file() and path.name != "origins.json")
    return {path: path.read_bytes() for path in files}


def test_terraform_is_written_by_default(kept: Path, call: Call) -> None:
    done = call("build")
    assert f"wrote      {MAIN}\n" in done.out
    listed = json.loads((kept / "deploy/orders/manifest.json").read_bytes())["files"]
    assert MAIN in listed["terraform"]
    assert "deploy/orders/prod/run.py" in listed["local"]
    assert call("build", "--check").code == 0
    (kept / MAIN).write_text("{}\n", encoding="utf-8")
    assert call("build", "--check").code == 1


@pytest.mark.parametrize("command", [["why"], ["run", "orders"], ["release", "status", "-e", "prod"]])
def test_what_only_runs_leaves_terraform_alone(command: list[str], kept: Path, call: Call) -> None:
    call("build")
    files = committed(kept)
    (kept / "pipeline.mlops").write_text("# a word\n" + (kept / "pipeline.mlops").read_text("utf-8"), encoding="utf-8")
    call(*command)
    assert committed(kept) == files


def test_a_run_neither_removes_nor_rewrites_terraform_that_is_stale(kept: Path, call: Call) -> None:
    call("build")
    before = (kept / MAIN).read_bytes()
    with_environments(kept, "environment dev { platform = local() }\n\n")
    assert call("run", "orders").code == 0
    assert (kept / MAIN).read_bytes() == before
    assert not (kept / "deploy/orders/prod/run.py").exists()
    listed = json.loads((kept / "deploy/orders/manifest.json").read_bytes())["files"]
    assert MAIN in listed["terraform"]
    assert f"removed    {MAIN}" in call("build").out


def test_a_build_of_one_target_leaves_the_others_alone(kept: Path, call: Call) -> None:
    call("build")
    files = committed(kept)
    assert "removed" not in call("build", "--target", "local").out
    assert committed(kept) == files


def test_a_list_without_targets_is_read_as_before(kept: Path, call: Call) -> None:
    call("build")
    manifest = kept / "deploy/orders/manifest.json"
    content = json.loads(manifest.read_bytes())
    content["files"] = {path: one for listed in content["files"].values() for path, one in listed.items()}
    manifest.write_text(json.dumps(content), encoding="utf-8")
    with_environments(kept, "environment dev { platform = local() }\n\n")
    assert f"removed    {MAIN}" in call("build").out


@pytest.mark.usefixtures("without_cdk")
def test_without_the_cdk_a_build_refuses_at_the_line_and_a_run_works(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(AWS + SPEC, encoding="utf-8")
    done = call("build")
    assert done.code == 1
    assert "error[E602]" in done.err
    assert "pipeline.mlops:1:" in done.err
    assert 'pip install "mlopsc[terraform]"' in done.err
    assert not (project / "deploy").exists()
    assert call("check").code == 0
    assert call("build", "--target", "local").code == 0
    assert call("run", "orders").code == 0
    assert (project / "deploy/orders/prod/run.py").exists()


@pytest.mark.usefixtures("without_cdk")
def test_without_the_cdk_a_project_on_this_machine_misses_nothing(project: Path, call: Call) -> None:
    assert project.exists()
    assert call("build").code == 0


@pytest.mark.parametrize("platform", [AWS, AZURE])
def test_a_check_loads_nothing_that_writes_terraform(platform: str, project: Path) -> None:
    (project / "pipeline.mlops").write_text(platform + SPEC, encoding="utf-8")
    script = "import sys; from mlopsc.compiler.cli.main import run; print(run(['check'])); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=project, capture_output=True, text=True, check=True)
    loaded = {*done.stdout.split()}
    assert "mlopsc.targets.terraform.target" in loaded
    heavy = ("synthesis", "writer", "documents", "schema.shapes", "building", "reading.changes")
    assert loaded.isdisjoint({*(f"mlopsc.targets.terraform.{one}" for one in heavy), "cdktn", "jsii", "subprocess"})


@pytest.mark.parametrize(("platform", "code"), [(AWS.replace("eu-west-1", "eu-west-9"), "E603")])
def test_a_check_tells_what_terraform_refuses(platform: str, code: str, project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(platform + SPEC, encoding="utf-8")
    done = call("check")
    assert done.code == 1
    assert f"error[{code}]" in done.out
