"""`mlopsc diff --since`: what of a spec is otherwise than in a commit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SPEC, Done
from deployments_of_shop import with_environments

Call = Callable[..., Done]


def git(*arguments: str) -> None:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def commit() -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", "Change it")


def change(old: str, new: str) -> None:
    spec = Path("pipeline.mlops")
    text = spec.read_text("utf-8")
    assert old in text
    spec.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def committed(project: Path) -> Path:
    """A project in a folder of a repository, with two environments; its data is not committed."""
    with_environments(project)
    (project / ".gitignore").write_text("*.csv\n", encoding="utf-8")
    git("init", "--quiet", "--initial-branch", "main", "..")
    commit()
    return project


def test_what_has_changed_is_told(committed: Path, call: Call) -> None:
    assert committed.exists()
    assert call("diff", "--since", "HEAD").out.startswith("the same as in ")
    change("<= 5 at 95%", "<= 4 at 95%")
    change('store    = ".mlops/prod"', 'store    = ".mlops/other"')
    change("estimator = ", "folds     = 3\n  estimator = ")
    commit()
    done = call("diff", "--since", "HEAD^1")
    assert done.code == 0, done.err
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert 'place store in prod ".mlops/prod" ".mlops/other"' in lines
    assert "gates gate: require mae(test) require mae(test) <= 5 at 95% require mae(test) <= 4 at 95%" in lines
    assert "stages prices.folds - 3" in lines
    assert len(lines) == 4
    found = json.loads(call("diff", "--since", "HEAD^1", "--json").out)
    assert [one["environments"] for one in found["changes"]] == [["prod"], ["dev", "prod"], ["dev", "prod"]]


def test_blocks_that_come_and_go_are_told(committed: Path, call: Call) -> None:
    text = (committed / "pipeline.mlops").read_text("utf-8")
    start = text.index("environment prod")
    (committed / "pipeline.mlops").write_text(text[:start] + text[text.index("}\n", start) + 2 :], encoding="utf-8")
    change('owner = "', 'owner = "new-')
    done = call("diff", "--since", "main", "--json")
    assert done.code == 0, done.err
    told = [(one["section"], one["what"], one["now"]) for one in json.loads(done.out)["changes"]]
    assert ("environments", "prod", "-") in told
    assert [section for section, what, _ in told if what == "owner"] == ["pipeline"]


def test_a_spec_that_a_commit_does_not_have_is_new(committed: Path, call: Call) -> None:
    (committed / "pipeline.mlops").rename("other.mlops")
    assert "has no such spec: all of it is new" in call("diff", "other.mlops", "--since", "HEAD").out


def test_files_that_it_uses_are_those_of_the_commit(committed: Path, call: Call) -> None:
    assert committed.exists()
    part = SPEC[SPEC.index("data orders") : SPEC.index("train prices")]
    change(part, "")
    spec = Path("pipeline.mlops")
    spec.write_text('use "../shared/orders.mlops"\n\n' + spec.read_text("utf-8"), encoding="utf-8")
    Path("../shared").mkdir()
    Path("../shared/orders.mlops").write_text(part, encoding="utf-8")
    commit()
    Path("../shared/orders.mlops").write_text(part.replace(">= 100", ">= 200"), encoding="utf-8")
    done = call("diff", "--since", "HEAD", "--json")
    assert done.code == 0, done.err
    assert [one["now"] for one in json.loads(done.out)["changes"]] == ["check rows >= 200"]


def test_what_cannot_be_compared_is_said(committed: Path, call: Call) -> None:
    assert committed.exists()
    done = call("diff", "--since", "nowhere")
    assert (done.code, "git knows no commit `nowhere` here" in done.err) == (2, True)
    assert call("diff", "--since=--output=x").code == 2
    assert not Path("x").exists()
    assert call("diff", "--since", "HEAD", "dev").code == 2
    change("target = price", "target = prize")
    commit()
    change("target = prize", "target = price")
    done = call("diff", "--since", "HEAD")
    assert done.code == 4
    assert "has mistakes, so nothing can be said of what has changed" in done.err


def test_without_git_it_says_so(project: Path, call: Call) -> None:
    with_environments(project)
    done = call("diff", "--since", "HEAD")
    assert (done.code, "this is no repository of git" in done.err) == (4, True)


def test_on_github_it_is_on_the_page(
    committed: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert committed.exists()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    monkeypatch.setenv("MLOPSC_REPORT", str(tmp_path / "report"))
    change('store    = ".mlops/prod"', 'store    = ".mlops/a|<b>`c`"')
    assert call("diff", "--since", "HEAD").code == 0
    text = (tmp_path / "page.md").read_text("utf-8")
    assert text.startswith("### What of the spec has changed since ")
    row = '| place | <code>store in prod</code> | ".mlops/prod" | ".mlops/a&#124;&lt;b&gt;<code>c</code>" |'
    assert row in text.splitlines()
    assert (tmp_path / "report" / "told.md").read_text("utf-8") == text.removesuffix("\n")
