"""What the local target writes for whole projects, held against files that are read before they are refreshed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden import Golden
from jsonschema import Draft202012Validator
from test_local_target import document_of

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.ir import schema
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry

CASES = sorted((Path(__file__).parents[1] / "golden" / "local").glob("*/main.mlops"))


def compiled(case: Path) -> Compilation:
    return Compilation(DiskWorkspace(case.parent), registry(), "main.mlops")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parent.name)
def test_the_committed_files_are_what_is_emitted(case: Path, golden: Golden) -> None:
    compilation = compiled(case)
    assert [one.message for one in compilation.diagnostics_for(["local"]) if one.is_error] == []
    emitted = [file for file in compilation.emit(["local"]) if file.committed]
    for file in emitted:
        golden(case.parent / file.path, file.text)
    there = {path.relative_to(case.parent).as_posix() for path in case.parent.glob("deploy/**/*") if path.is_file()}
    assert there == {file.path for file in emitted}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parent.name)
def test_scripts_and_json_agree_and_keep_to_the_schema(case: Path, tmp_path: Path) -> None:
    validator = Draft202012Validator(schema.json_schema())
    files = {file.path: file.text for file in compiled(case).emit(["local"])}
    scripts = [path for path in files if path.endswith("run.py")]
    for script in scripts:
        document = json.loads(files[script.replace("run.py", "pipeline.json")])
        validator.validate(document)
        assert document_of(files[script], tmp_path) == document
    assert scripts
