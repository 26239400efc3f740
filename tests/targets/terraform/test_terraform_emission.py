"""What the target writes: the same bytes wherever, one process for all folders, none where nothing has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from folders import EXAMPLE, bikes

from mlopsc.targets.terraform import synthesis

LOCAL = """pipeline rides { owner = "team@example.com" }
environment dev { platform = local(terraform = true) }
data rides {
  source = csv("rides.csv")
  schema { duration: float }
  check rows >= 1
}
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def project(folder: Path) -> Path:
    """A folder with the bicycle example."""
    folder.mkdir(parents=True)
    bikes(folder)
    return folder


def built(folder: Path, **environment: str) -> dict[str, bytes]:
    """The files of Terraform that the program writes there."""
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "build", "--target", "terraform"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    there = sorted((folder / "deploy").rglob("*"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in there if path.is_file()}


def test_the_same_bytes_in_any_folder_whatever_the_hash_seed(tmp_path: Path) -> None:
    here, there = project(tmp_path / "a"), project(tmp_path / "b" / "deeper" / "ü")
    first = built(here, PYTHONHASHSEED="1", XDG_CACHE_HOME=str(tmp_path / "1"))
    second = built(there, PYTHONHASHSEED="2", XDG_CACHE_HOME=str(tmp_path / "2"), LC_ALL="C", TZ="Asia/Tokyo")
    assert len(first) > 6
    assert first == second


def test_what_is_unchanged_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path / "bikes")
    first = bikes(folder).files

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(synthesis.subprocess, "run", refuse)
    assert bikes(folder).files == first
    with pytest.raises(AssertionError):
        bikes(folder, **{"400USD": "500USD"})


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"[1]", b"\xff\xfe"])
def test_a_damaged_cache_only_costs_time(tmp_path: Path, damage: bytes) -> None:
    folder = project(tmp_path / "bikes")
    first = bikes(folder).files
    for kept in (tmp_path / "cache" / "mlopsc" / "terraform").iterdir():
        kept.write_bytes(damage)
    assert bikes(folder).files == first


def resources(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """The type, name and body of all that a folder declares."""
    return [
        (type_, name, body)
        for kind in ("resource", "data")
        for type_, named in document.get(kind, {}).items()
        for name, body in named.items()
    ]


def test_every_resource_says_what_it_is_for_and_which_words_of_the_spec_asked(tmp_path: Path) -> None:
    found = bikes(tmp_path).documents
    assert sorted(found) == ["aws-123456789012", "github", "prod"]
    for document in found.values():
        for type_, name, body in resources(document):
            assert "[pipeline.mlops, " in body["//"], (type_, name)
            assert "cdk" not in json.dumps(body), (type_, name)


def test_what_can_be_tagged_names_its_part_of_the_spec(tmp_path: Path) -> None:
    from mlopsc.targets.terraform.schema.shapes import shape

    for document in bikes(tmp_path).documents.values():
        for type_, name, body in resources(document):
            kind = "data" if name in document.get("data", {}).get(type_, {}) else "resource"
            block = shape(kind, type_)
            if kind == "resource" and block is not None and "tags" in block.attributes:
                assert body["tags"]["mlopsc-part"], (type_, name)


def test_a_comment_in_the_spec_changes_no_file(tmp_path: Path) -> None:
    plain = bikes(tmp_path).files
    commented = bikes(tmp_path, **{"environment prod {": "# who pays\n\nenvironment prod {   # here"}).files
    assert commented == plain


def test_environments_have_states_of_their_own(tmp_path: Path) -> None:
    places = [json.dumps(one["terraform"]["backend"], sort_keys=True) for one in bikes(tmp_path).documents.values()]
    assert len(set(places)) == len(places)
    for place in places:
        assert "${" not in place, "a backend takes literals only"


def test_a_local_environment_is_written_where_the_spec_asks_for_it(tmp_path: Path) -> None:
    from folders import emitted

    (tmp_path / "pipeline.mlops").write_text(LOCAL, "utf-8")
    (tmp_path / "rides.csv").write_text("duration\n1.0\n", "utf-8")
    assert sorted(emitted(tmp_path).files) == [
        "deploy/rides/dev/terraform/.gitignore",
        "deploy/rides/dev/terraform/main.tf.json",
    ]
    (tmp_path / "pipeline.mlops").write_text(LOCAL.replace("terraform = true", ""), "utf-8")
    assert emitted(tmp_path).files == {}


def test_the_example_is_built() -> None:
    """What is committed is what the spec makes: people read it there."""
    done = subprocess.run(
        [sys.executable, "-m", "mlopsc.compiler.cli", "build", "--check"], cwd=EXAMPLE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_two_environments_in_one_account_push_images_as_one(tmp_path: Path) -> None:
    second = 'environment staging { platform = aws(region = "eu-west-1", account = "123456789012") }\n'
    roles = bikes(tmp_path, second).documents["aws-123456789012"]["resource"]["aws_iam_role"]
    assert sum(name.endswith("_image") for name in roles) == 1
    assert {"prod_ci_apply", "staging_ci_apply"} <= set(roles)


def test_a_budget_has_one_filter_by_tags_and_a_state_the_key_of_its_bucket(tmp_path: Path) -> None:
    document = bikes(tmp_path).documents["prod"]
    (counted,) = document["resource"]["aws_budgets_budget"]["cost"]["cost_filter"]
    assert counted["values"] == ["user:mlopsc-environment$prod", "user:mlopsc-pipeline$bike_demand"]
    assert document["terraform"]["backend"]["s3"]["kms_key_id"].endswith(":123456789012:alias/bike-demand-state")
