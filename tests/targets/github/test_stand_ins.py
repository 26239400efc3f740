"""What stands in for actions refuses what they refuse; else a run on this machine would prove too much."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STAND_INS = Path(__file__).parent / "stand_ins"
UPLOAD = {"NAME": "store", "FILES": ".mlops/store", "NONE": "error", "HIDDEN": "true", "OVERWRITE": "false"}
DOWNLOAD = {"NAME": "store", "PATTERN": "", "MERGE": "false", "RUN": "", "INTO": "there/.mlops/store"}


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The folder of a job that has a store."""
    for name in ("index/a.json", "objects/.b"):
        (tmp_path / ".mlops" / "store" / name).parent.mkdir(parents=True)
        (tmp_path / ".mlops" / "store" / name).write_text(name)
    (tmp_path / ".mlops" / "store" / "tmp").mkdir()
    return tmp_path


def said(job: Path, script: str, given: dict[str, str]) -> str:
    """What an action complains of; nothing where all is well."""
    command = [sys.executable, str(STAND_INS / script)]
    outside = {**os.environ, "ACTING_ARTIFACTS": str(job / "artifacts"), **given}
    done = subprocess.run(command, cwd=job, env=outside, capture_output=True, text=True, check=False)
    assert bool(done.stderr) == (done.returncode != 0), done.stderr
    return done.stderr


def upload(job: Path, **given: str) -> str:
    return said(job, "upload-artifact/upload.py", {**UPLOAD, **given})


def test_what_was_kept_comes_back_where_it_was_asked_for(job: Path) -> None:
    assert upload(job) == ""
    assert said(job, "download-artifact/download.py", DOWNLOAD) == ""
    back = job / "there" / ".mlops" / "store"
    files = sorted(str(file.relative_to(back)) for file in back.rglob("*"))
    assert files == ["index", "index/a.json", "objects", "objects/.b"], "an artifact has no empty folders"


def test_all_of_a_pattern_come_into_one_folder_where_asked(job: Path) -> None:
    assert upload(job) + upload(job, NAME="stone", FILES=".mlops/store/index/a.json") == ""
    given = {**DOWNLOAD, "NAME": "", "PATTERN": "sto*"}
    assert said(job, "download-artifact/download.py", {**given, "INTO": "apart"}) == ""
    assert (job / "apart" / "stone" / "a.json").exists()
    assert said(job, "download-artifact/download.py", {**given, "INTO": "merged", "MERGE": "true"}) == ""
    assert (job / "merged" / "a.json").exists()


def test_one_alone_that_a_pattern_fits_has_no_folder_of_its_own(job: Path) -> None:
    assert upload(job) == ""
    assert said(job, "download-artifact/download.py", {**DOWNLOAD, "NAME": "", "PATTERN": "sto*"}) == ""
    assert (job / "there" / ".mlops" / "store" / "index" / "a.json").exists()


def test_what_another_run_kept_is_asked_for_by_its_number(job: Path) -> None:
    assert upload(job) == ""
    (job / "artifacts").rename(job / "4")
    asked = {**DOWNLOAD, "ACTING_RUNS": str(job), "RUN": "4"}
    assert said(job, "download-artifact/download.py", asked) == ""
    assert "artifact not found" in said(job, "download-artifact/download.py", {**asked, "RUN": "5"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"HIDDEN": "false"}, "no files were found"),
        ({"FILES": "nowhere"}, "no files were found"),
        ({"NAME": "a/b"}, "no artifact may be called"),
        ({"NAME": "a:b"}, "no artifact may be called"),
    ],
    ids=str,
)
def test_what_github_would_not_keep_is_refused(given: dict[str, str], words: str, job: Path) -> None:
    assert words in upload(job, **given)


def test_names_of_files_that_windows_has_not_are_refused(job: Path) -> None:
    (job / ".mlops" / "store" / "12:30").touch()
    assert "no file in an artifact may be called 12:30" in upload(job)


def test_a_name_is_used_once(job: Path) -> None:
    assert upload(job) == ""
    assert "an artifact of that name exists" in upload(job)
    assert upload(job, OVERWRITE="true") == ""


def test_an_artifact_that_is_not_there_is_an_error(job: Path) -> None:
    assert "artifact not found for name: store" in said(job, "download-artifact/download.py", DOWNLOAD)
