"""Files that change while a run reads them: no record may say of rows or code what was not so."""

from __future__ import annotations

import pytest
from robust_projects import CSV, Project, derived, spec

MEDDLING = """
from pathlib import Path

def work(frame):
    if not Path("calm").exists():
        {meddling}
    return frame
"""


@pytest.mark.parametrize(
    ("meddling", "told"),
    [
        ('Path("rows.csv").open("a").write("4,4,4\\n")', "`rows.csv` changed while `rows` was at work"),
        ('Path("new").write_text("id,x,y\\n4,4,4\\n"); Path("new").replace("rows.csv")', "`rows.csv` changed while"),
        ('Path("rows.csv").unlink()', "there is no file `rows.csv`"),
        ('Path("meddler.py").open("a").write("# saved\\n")', "`meddler.py` changed while `rows` was at work"),
    ],
    ids=["appended", "replaced", "deleted", "code"],
)
def test_what_a_stage_reads_changes_before_it_ends(project: Project, meddling: str, told: str) -> None:
    project.write("pipeline.mlops", spec('transform = python("meddler.py:work")'))
    project.write("meddler.py", MEDDLING.format(meddling=meddling))
    done = project.call("run")
    assert done.code == 4
    assert told in done.out
    assert "help: " in done.out
    assert not (project.folder / "mlops.lock").exists()
    assert project.stored("index") == []
    project.check_whole()
    project.write("calm", "")
    project.write("rows.csv", CSV)
    assert project.call("run").code == 0


def test_a_file_that_changes_between_its_hash_and_its_reading(project: Project) -> None:
    """Both stages are hashed before either begins; the first, alone at work, changes the file of the second."""
    other = spec('source = csv("other.csv")').partition("data rows")[2]
    project.write("pipeline.mlops", spec('transform = python("meddler.py:work")', more=f"data second{other}"))
    project.write("other.csv", CSV)
    project.write("meddler.py", MEDDLING.format(meddling='Path("other.csv").write_text("id,x,y\\n9,9,9\\n8,8,8\\n")'))
    done = project.call("run", "-j", "1")
    assert done.code == 4
    assert "`other.csv` changed while `second` was at work" in done.out
    assert "rows: done" in done.out
    assert len(project.stored("index")) == 1
    project.write("calm", "")
    again = project.call("run")
    assert (again.code, again.worked) == (0, ["second"])
    assert "2 rows, 3 columns from other.csv" in again.out


def test_a_file_that_changes_after_it_was_read_is_seen_by_the_next_run(project: Project) -> None:
    meddling = 'Path("rows.csv").write_text("id,x,y\\n9,9,9\\n")'
    project.write("meddler.py", MEDDLING.format(meddling=meddling))
    project.write("pipeline.mlops", spec(more=derived("after", "rows", 'transform = python("meddler.py:work")')))
    assert project.call("run").code == 0
    project.write("calm", "")
    again = project.call("run")
    assert (again.code, again.worked) == (0, ["rows", "after"])
