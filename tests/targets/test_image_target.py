"""What the image of a pipeline is built by: who needs one, what it holds, and what never gets into it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from golden import GOLDEN, Golden
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.ir.model import Pipeline
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace
from mlopsc.stdlib import registry
from mlopsc.stdlib.runtime.engine.files import ProjectFiles
from mlopsc.targets.image.contents import patterns

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "targets" / "github" / "stand_ins" / "machine" / "bin"))
from docker_context import context, is_taken, rules  # noqa: E402

BIKE = ROOT / "examples" / "bike-demand"
IMAGE = "deploy/bike_demand/image"
SPEC = """pipeline p { language = 1 }
environment dev { platform = local() }
environment prod {
  follows  = dev
  platform = aws(region = "eu-west-1", account = "123456789012")
}
data rows {
  source = csv("rows.csv")
  target = y
  schema {
    x: float in 0..1
    y: float
  }
  check rows >= 10
  split = random(train = 60%, validation = 20%, test = 20%)
}
train model {
  data      = rows
  estimator = sklearn("linear_model.LinearRegression")
  minimize mae(validation)
}
test gate {
  model = model
  require mae(test) <= 1 at 95%
}
"""
RELEASE = """release api {
  model = model
  gate  = gate
}
"""


def emitted(compilation: Compilation) -> dict[str, str]:
    assert [one.message for one in compilation.diagnostics_for(["image"]) if one.is_error] == []
    return {file.path: file.text for file in compilation.emit(["image"])}


def of_text(spec: str) -> dict[str, str]:
    return emitted(Compilation(MemoryWorkspace({"pipeline.mlops": spec, "rows.csv": ""}), registry()))


@pytest.fixture(scope="module")
def bike() -> Compilation:
    return Compilation(DiskWorkspace(BIKE), registry(), "pipeline.mlops")


def test_the_committed_files_are_what_is_emitted(bike: Compilation, golden: Golden) -> None:
    files = emitted(bike)
    assert list(files) == [f"{IMAGE}/Dockerfile", f"{IMAGE}/Dockerfile.dockerignore"]
    for path, text in files.items():
        golden(GOLDEN / "image" / "bike-demand" / Path(path).name, text)


def test_only_what_serves_on_a_cloud_needs_an_image() -> None:
    assert of_text(SPEC) == {}
    assert list(of_text(SPEC + RELEASE)) == ["deploy/p/image/Dockerfile", "deploy/p/image/Dockerfile.dockerignore"]
    local = SPEC.replace('aws(region = "eu-west-1", account = "123456789012")', "local()")
    assert of_text(local + RELEASE) == {}


def test_the_version_of_python_and_the_cloud_are_those_of_the_spec() -> None:
    assert "ARG BASE=python:3.11-slim\n" in of_text(SPEC + RELEASE)["deploy/p/image/Dockerfile"]
    assert '"mlopsc[run,serve,aws]"' in of_text(SPEC + RELEASE)["deploy/p/image/Dockerfile"]
    other = SPEC.replace("language = 1", 'github = github("o/r", python = "3.13")').replace(
        'aws(region = "eu-west-1", account = "123456789012")', 'azure(location = "westeurope", subscription = "s")'
    )
    assert "ARG BASE=python:3.13-slim\n" in of_text(other + RELEASE)["deploy/p/image/Dockerfile"]
    assert '"mlopsc[run,serve,azure]"' in of_text(other + RELEASE)["deploy/p/image/Dockerfile"]


@pytest.fixture(scope="module")
def project(bike: Compilation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as it is on a laptop, with what nobody wants in an image."""
    folder = tmp_path_factory.mktemp("laptop") / "bikes"
    shutil.copytree(BIKE, folder)
    for name in (
        ".env",
        ".git/config",
        ".venv/lib/a.py",
        ".mlops/store/objects/1",
        "key.pem",
        "notes.md",
        "rows.parquet",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("secret", encoding="utf-8")
    for path, text in emitted(bike).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_an_image_has_all_that_keys_are_made_of(bike: Compilation, project: Path, tmp_path: Path) -> None:
    for path in context(project, (project / IMAGE / "Dockerfile.dockerignore").read_text("utf-8")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / path, tmp_path / path)
    pipeline = bike.pipelines["prod"]
    assert _contents(pipeline, tmp_path) == _contents(pipeline, project)
    assert (tmp_path / "deploy/bike_demand/prod/run.py").is_file()


def _contents(pipeline: Pipeline, folder: Path) -> list[tuple[str, str]]:
    files = ProjectFiles(folder, folder / ".mlops" / "files.json")
    named = [*(file for stage in pipeline.stages for file in stage.files), "requirements.txt", "mlops.lock"]
    paths = [path for one in named for path in files.tree(one)]
    assert len(paths) >= len(named)
    code = {module: digest for path in paths if path.endswith(".py") for module, digest in files.code(path).items()}
    return [*code.items(), *((path, files.digest(path)) for path in paths)]


def test_nothing_else_of_a_folder_gets_in(project: Path) -> None:
    taken = list(context(project, (project / IMAGE / "Dockerfile.dockerignore").read_text("utf-8")))
    assert taken == [
        "checks.py",
        "data/bikeshare.csv",
        "deploy/bike_demand/prod/pipeline.json",
        "deploy/bike_demand/prod/run.py",
        "features.py",
        "mlops.lock",
        "prep.py",
        "requirements.txt",
        *sorted(path.relative_to(BIKE).as_posix() for path in (BIKE / "tests").glob("*.py")),
    ]


def test_without_the_file_all_would_get_in(project: Path) -> None:
    assert {".env", "key.pem"} < set(context(project, ""))


NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..")
)


@given(NAMES, NAMES)
def test_whatever_a_file_is_called_it_is_taken(folder: str, name: str) -> None:
    path = f"{folder}/{name}"
    ignored = rules("\n".join(["*", *(f"!{one}" for one in patterns(path))]))
    assert is_taken(path, ignored)
    if not set(path) & set("*?["):
        assert not is_taken(f"other{path}", ignored)
