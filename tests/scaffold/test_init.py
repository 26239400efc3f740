"""`mlopsc init` and `mlopsc add` as a user runs them: what they write is right, formatted, and runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scaffolding import OWNER, begin, mlopsc, write

from mlopsc.stdlib import registry

OUTCOMES = {0, 1, 3}
"""A gate that opens, stays closed, or is undecided."""


FILES = [
    "iris.csv",
    "wine.parquet",
    "breast_cancer.csv",
    "diabetes.csv",
    "digits.csv.gz",
    "flats.csv",
    "visits.parquet",
]


@pytest.mark.parametrize("name", FILES)
def test_what_init_writes_is_right_and_formatted(tmp_path: Path, name: str) -> None:
    ended = begin(tmp_path, write(tmp_path, name))
    assert (ended.code, ended.err) == (0, "")
    assert "cd 'my project'" in ended.out
    project = tmp_path / "my project"
    checked = mlopsc(project, "check --strict")
    assert (checked.code, checked.out) == (0, "my_project: 3 stages, 1 environment, no findings\n")
    assert mlopsc(project, "fmt --check").code == 0


def leave_untracked(project: Path) -> None:
    """Have runs leave no record in MLflow: it takes longer than the rest, and one file and the example show that."""
    spec = project / "pipeline.mlops"
    text, made = re.subn(r"(?m)^(train .*\{)$", r"\1\n  track = false", spec.read_text("utf-8"))
    assert made == 1
    spec.write_text(text, "utf-8")


@pytest.mark.parametrize("name", ["iris.csv", "diabetes.csv", "flats.csv", "visits.parquet"])
def test_what_init_writes_runs(tmp_path: Path, name: str) -> None:
    begin(tmp_path, write(tmp_path, name))
    if name != "iris.csv":
        leave_untracked(tmp_path / "my project")
    ended = mlopsc(tmp_path / "my project", "run")
    assert ended.code in OUTCOMES, ended.out + ended.err
    assert "did not finish" not in ended.out
    assert re.search(r"^gate test  (done|failed|undecided)", ended.out, re.MULTILINE)


def test_personal_data_is_left_out_of_the_features(tmp_path: Path) -> None:
    begin(tmp_path, write(tmp_path, "visits.parquet"))
    assert 'rows.drop(columns=["full name"])' in (tmp_path / "my project/features.py").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path: Path) -> None:
    assert mlopsc(tmp_path, "init").code == 0
    assert mlopsc(tmp_path, "check --strict").code == 0
    ended = mlopsc(tmp_path, "run")
    assert ended.code == 0, ended.out + ended.err


def test_each_further_block_fits(tmp_path: Path) -> None:
    begin(tmp_path, write(tmp_path, "iris.csv"))
    project = tmp_path / "my project"
    for block in ("environment staging", "release", "monitor", "environment prod --platform aws"):
        ended = mlopsc(project, f"add {block}")
        assert (ended.code, ended.err) == (0, ""), block
        checked = mlopsc(project, "check --strict")
        assert checked.code == 0, checked.out
        if "aws" in block:  # in a cloud, the linter says what is missing of the principles: truly, and as notes
            assert {line.split("[")[0] for line in checked.out.splitlines() if re.match(r"\w+\[", line)} == {"info"}
            assert "no `mlops.lock`" in checked.out
        else:
            assert "no findings" in checked.out, checked.out
        assert mlopsc(project, "fmt --check").code == 0
    spec = (project / "pipeline.mlops").read_text(encoding="utf-8")
    assert re.findall(r"follows  = (\w+)", spec) == ["dev", "staging"]
    assert f'owner    = "{OWNER}"' in spec


def test_init_says_how_a_file_is_read(tmp_path: Path) -> None:
    ended = begin(tmp_path, write(tmp_path, "flats.csv"))
    assert 'read with `separator = ";"`, `encoding = "cp1252"`, `decimal = ","`' in ended.out
    spec = (tmp_path / "my project/pipeline.mlops").read_text(encoding="utf-8")
    assert 'csv("data/flats.csv", separator = ";", encoding = "cp1252", decimal = ",")' in spec
    assert "`Größe (m²)`: float in 0.., missing" in spec


def test_any_word_may_be_the_name_of_a_column(tmp_path: Path) -> None:
    known = registry()
    words = {*known.blocks, *known.events, *known.column_types, "true", "none", "and", "in", "champion", "a:b", "${x}"}
    words |= {verb.word for verb in known.verbs} | {'"quoted"', "role", "missing", "rows", "# no comment", "\\"}
    random = np.random.default_rng(8)
    rows = pd.DataFrame({word: random.normal(size=60) for word in sorted(words)} | {"y": range(60)})
    path = tmp_path / "rows.parquet"
    rows.to_parquet(path)
    ended = begin(tmp_path, path, "--target y")
    assert (ended.code, ended.err) == (0, "")
    checked = mlopsc(tmp_path / "my project", "check --strict")
    assert checked.out == "my_project: 3 stages, 1 environment, no findings\n"


def test_files_of_the_user_are_kept(tmp_path: Path) -> None:
    project, data = tmp_path / "my project", write(tmp_path, "visits.parquet")
    project.mkdir()
    kept = {"features.py": "class Mine: ...\n", ".gitignore": "*.bak\n", "requirements.txt": "scikit-learn\n"}
    for name, text in kept.items():
        (project / name).write_text(text, encoding="utf-8")
    ended = begin(tmp_path, data)
    assert ended.out.splitlines()[-6:-5] == [
        "wrote data/visits.parquet, pipeline.mlops, time_features.py in my project"
    ]
    assert {name: (project / name).read_text(encoding="utf-8") for name in kept} == kept
    assert mlopsc(project, "check --strict").code == 0


def test_a_project_is_begun_anew_once_its_spec_is_gone(tmp_path: Path) -> None:
    data = write(tmp_path, "iris.csv")
    begin(tmp_path, data)
    again = begin(tmp_path, data)
    assert again.code == 2
    assert "is there already" in again.err
    assert "delete it to begin anew" in again.err
    (tmp_path / "my project/pipeline.mlops").unlink()
    ended = begin(tmp_path, data, "--target 'sepal length (cm)'")
    assert ended.code == 0
    assert "wrote pipeline.mlops in my project" in ended.out


def test_another_file_of_the_same_name_is_not_overwritten(tmp_path: Path) -> None:
    data, there = write(tmp_path, "iris.csv"), tmp_path / "my project/data/iris.csv"
    there.parent.mkdir(parents=True)
    there.write_text("a,b\n1,2\n", encoding="utf-8")
    ended = begin(tmp_path, data)
    assert ended.code == 4
    assert "is there already, with other content" in ended.err
    assert there.read_text(encoding="utf-8") == "a,b\n1,2\n"
    assert not (there.parents[1] / "pipeline.mlops").exists()


def test_a_file_inside_the_project_stays_where_it_is(tmp_path: Path) -> None:
    data = write(tmp_path, "iris.csv")
    ended = mlopsc(data.parent, "init --data iris.csv")
    assert ended.code == 0
    assert 'csv("iris.csv")' in (data.parent / "pipeline.mlops").read_text(encoding="utf-8")


def test_a_name_that_would_be_a_pattern_is_copied_without_it(tmp_path: Path) -> None:
    data = write(tmp_path, "iris.csv").rename(tmp_path / "iris [1].csv")
    assert begin(tmp_path, data).code == 0
    assert mlopsc(tmp_path / "my project", "check").code == 0
    assert (tmp_path / "my project/data/iris _1_.csv").exists()


@pytest.mark.parametrize(
    ("line", "code", "message", "hint"),
    [
        ("init new --data nothing.csv", 4, "there is no file `nothing.csv`", "--data"),
        ("init new --data iris.csv --target lable", 2, "there is no column `lable`", "did you mean `label`?"),
        ("init new --data iris.csv --target colour", 2, "there is no column `colour`", "it has `sepal length (cm)`"),
        ("init new --data notes.txt", 2, "`notes.txt` has 1 rows and 1 columns", "a target beside the features"),
        ("init new --target label", 2, "--target names a column of --data", ""),
    ],
)
def test_what_cannot_be_begun_leaves_nothing(tmp_path: Path, line: str, code: int, message: str, hint: str) -> None:
    folder = write(tmp_path, "iris.csv").parent
    (folder / "notes.txt").write_text("hello\nworld\n", encoding="utf-8")
    ended = mlopsc(folder, line)
    assert ended.code == code
    assert message in ended.err
    assert hint in ended.err
    assert not (folder / "new").exists()
