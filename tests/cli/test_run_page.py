"""The page of a job on GitHub, its annotations, and that neither can be forged or make a run fail."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import SPEC, Done, untracked
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlopsc.compiler.render.cells import safe
from mlopsc.stdlib.runtime.engine.endings import summary_of
from mlopsc.stdlib.runtime.engine.events import Failure, Outcome, StageSummary
from mlopsc.stdlib.runtime.engine.outcome import Message, StageRecord, Verdict
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult
from mlopsc.stdlib.runtime.on_github import PAGE, tell
from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.summary import github
from mlopsc.stdlib.runtime.summary.comparison import figures
from mlopsc.stdlib.runtime.summary.earlier import Before, Earlier
from mlopsc.stdlib.runtime.summary.markdown import page
from mlopsc.stdlib.runtime.workflow_commands import annotation, without_commands

Call = Callable[..., Done]
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
REVEALED = untracked(SPEC).replace("model = prices\n", "model = prices\n  reveal = true\n")
SEARCHED = REVEALED.replace("LinearRegression", "Ridge").replace(
    '")\n  minimize', '")\n  search    = grid(alpha = [0.1, 1.0, 10.0])\n  minimize'
)


@pytest.fixture
def job(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the page of a job; the project is a folder of what it checked out."""
    monkeypatch.setenv(PAGE, str(tmp_path / "page.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    return tmp_path / "page.md"


def spec(text: str) -> None:
    Path("pipeline.mlops").write_text(text, encoding="utf-8")


def commands_in(out: str) -> list[str]:
    """The lines that GitHub would take for commands, as its runner does."""
    found, word = [], None
    for line in out.splitlines():
        if word is not None:
            word = None if line == f"::{word}::" else word
        elif line.startswith("::stop-commands::"):
            word = line.removeprefix("::stop-commands::")
        elif line.lstrip().startswith("::"):
            found.append(line)
    assert word is None, "commands are not taken up again"
    return found


def test_a_page_of_a_run_tells_what_was_found(job: Path, call: Call) -> None:
    spec(SEARCHED)
    done = call("run")
    assert done.code == 0
    assert commands_in(done.out) == []
    text = job.read_text("utf-8")
    assert text.startswith("## ✓ orders in local: 3 done, ")
    assert "| ✓ | <code>prices</code> | train | done | " in text
    assert "- 2,000 rows, 3 columns from orders.csv\n- split: train 1,196, validation 394, test 410\n" in text
    assert "- 3 candidates by mae on validation:\n  - ▸ 0.2762 · alpha = 0.1\n  - 0.2765 · alpha = 1.0\n" in text
    assert "| ✓ | require mae(test) &lt;= 5 at 95% | estimate 0.2728, at most 0.2867 at 95%, limit 5 |" in text
    assert "- the model is version 1 of <code>prices</code>\n" in text
    assert "nothing is known here of an earlier run, or of a version before" in text


def test_it_says_what_has_changed_since_the_run_before(job: Path, call: Call) -> None:
    spec(REVEALED)
    call("run")
    first = job.read_text("utf-8")
    spec(SEARCHED.replace("<= 5 at", "<= 0.1 at"))
    assert call("run").code == 1
    text = job.read_text("utf-8").removeprefix(first)
    assert text.startswith("## ✗ orders in local: 1 cached, 1 done, 1 failed, ")
    assert "| ✓ | <code>orders</code> | data | cached |  |" in text
    assert "### <code>orders</code>" not in text, "what was done already is told of when it was done"
    changed = text.partition("### What has changed")[2]
    assert "estimator | linear\\_model.LinearRegression | linear\\_model.Ridge | run 1 |" in changed
    assert "| <code>gate</code> | verdict | ok | fail | run 1 |" in changed
    call("run")
    assert "nothing, since run 2" in job.read_text("utf-8")


def test_it_says_what_has_changed_since_the_version_before(job: Path, call: Call) -> None:
    """A fresh checkout knows no runs; the store of the environment knows versions."""
    spec(REVEALED)
    call("run")
    subprocess.run(["rm", "-r", ".mlops/runs"], check=True)
    spec(SEARCHED)
    job.unlink()
    call("run")
    text = job.read_text("utf-8")
    assert "| <code>prices</code> | alpha | \\- | 0.1 | version 1 |" in text
    assert "linear\\_model.Ridge | version 1 |" in text


def test_a_report_is_left_for_other_jobs_and_later_runs(
    job: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh checkout with a fresh store knows what was delivered, where it is given the report of that."""
    monkeypatch.setenv("MLOPSC_REPORT", str(tmp_path / "delivered"))
    monkeypatch.setenv("GITHUB_SHA", "1a2b3c4d5e6f")
    spec(REVEALED)
    call("run")
    told = (tmp_path / "delivered" / "told.md").read_text("utf-8")
    assert told.startswith("### <code>orders</code>: done\n")
    assert told in job.read_text("utf-8"), "it is a part of the page"
    assert "What has changed" not in told, "what nobody knows is not told twice"
    subprocess.run(["rm", "-r", ".mlops"], check=True)
    monkeypatch.setenv("MLOPSC_REPORT_BEFORE", str(tmp_path / "delivered"))
    monkeypatch.setenv("MLOPSC_REPORT", str(tmp_path / "changed"))
    spec(SEARCHED.replace("<= 5 at", "<= 0.1 at"))
    job.unlink()
    assert call("run").code == 1
    for text in (job.read_text("utf-8"), (tmp_path / "changed" / "told.md").read_text("utf-8")):
        changed = text.partition("### What has changed")[2]
        assert "linear\\_model.LinearRegression | linear\\_model.Ridge | the delivery of 1a2b3c4 |" in changed
        assert "| <code>gate</code> | verdict | ok | fail | the delivery of 1a2b3c4 |" in changed
        assert "<code>orders</code>" not in changed


@pytest.mark.parametrize(
    "report",
    [
        "",
        "[]",
        "{",
        '{"commit": "1a2b3c4", "stages": {"orders": 1}}',
        '{"stages": {"orders": {}}}',
        "\xff",
        "[" * 99999,
    ],
)
def test_a_report_that_says_nothing_does_no_harm(
    report: str, job: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "figures.json").write_text(report, encoding="latin-1")
    monkeypatch.setenv("MLOPSC_REPORT_BEFORE", str(tmp_path))
    assert call("run", "orders").err == ""
    assert "nothing is known here of an earlier run" in job.read_text("utf-8")


def test_hidden_figures_stay_hidden(job: Path, call: Call) -> None:
    spec(untracked(SPEC))
    call("run")
    text = job.read_text("utf-8")
    assert "| ✓ | require mae(test) &lt;= 5 at 95% | shown at 95% |" in text
    assert "estimate" not in text


def test_what_fails_is_annotated_at_its_line(job: Path, project: Path, call: Call) -> None:
    spec(REVEALED.replace("<= 5 at 95%", "<= 0.2761 at 95%\n  require rmse(test) <= 0.1 at 95%"))
    done = call("run")
    assert done.code == 1
    undecided, failed = commands_in(done.out)
    lines = Path("pipeline.mlops").read_text("utf-8").splitlines()
    line = next(i for i, one in enumerate(lines, 1) if "require rmse" in one)
    where = f"file={project.name}/pipeline.mlops"
    assert failed.startswith(f"::error {where},line={line},title=gate%3A failed::`require rmse(test) <= 0.1 at 95%25`")
    assert undecided.startswith(f"::warning {where},line={line - 1},")
    assert "rows would decide" in undecided
    text = job.read_text("utf-8")
    assert "| ? | require mae(test) &lt;= 0.2761 at 95% · UNDECIDED | estimate " in text
    assert "rows would decide" in text
    assert "| ✗ | require rmse(test) &lt;= 0.1 at 95% · FAIL | estimate " in text
    assert f"{project.name}/pipeline.mlops:{line}:3" in text


def test_run_py_does_the_same(job: Path, project: Path, call: Call) -> None:
    spec(REVEALED.replace("<= 5 at 95%", "<= 0.1 at 95%"))
    call("build")
    folder = project / "deploy" / "orders" / "local"
    for has_origins in (True, False):
        if not has_origins:
            (folder / "origins.json").unlink()
        job.unlink(missing_ok=True)
        arguments = [sys.executable, str(folder / "run.py"), "gate"]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, env={**os.environ})
        assert done.returncode == 1
        (command,) = commands_in(done.stdout)
        assert ("file=" in command) is has_origins
        assert command.startswith("::error ")
        assert "✗ | require mae(test) &lt;= 0.1 at 95% · FAIL" in job.read_text("utf-8")


def test_json_stays_json(job: Path, call: Call) -> None:
    spec(REVEALED.replace("<= 5 at 95%", "<= 0.1 at 95%"))
    done = call("run", "--json")
    assert [json.loads(line)["event"] for line in done.out.splitlines()][-1] == "RunFinished"
    assert "✗ orders in local" in job.read_text("utf-8")


def test_without_github_nothing_of_it_is_seen(project: Path, call: Call) -> None:
    spec(REVEALED.replace("<= 5 at 95%", "<= 0.1 at 95%"))
    assert "::" not in call("run").out
    assert not (project.parent / "page.md").exists()


@pytest.mark.parametrize("trouble", ["folder", "missing"])
def test_a_page_that_cannot_be_written_is_a_warning(trouble: str, job: Path, call: Call) -> None:
    if trouble == "folder":
        job.mkdir()
    else:
        os.environ[PAGE] = str(job / "nowhere" / "page.md")
    spec(REVEALED)
    done = call("run")
    assert done.code == 0
    assert "warning: the page of this job could not be written: " in done.err


def test_whatever_goes_wrong_while_telling_the_run_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PAGE, str(tmp_path / "page.md"))
    record = StageRecord("gate", "test", "k", Verdict.OK, facts={"of": "another version"})
    told = tell(request(tmp_path), result(summary_of(record)), nowhere, io.StringIO())
    assert told == "the page of this job could not be written: KeyError"


def nowhere(*_: str) -> str:
    return ""


def request(folder: Path, name: str = "orders") -> Request:
    return Request({"name": name, "environment": {"name": "dev"}, "stages": []}, folder, {})


def result(*stages: StageSummary) -> RunResult:
    return RunResult(1, 1, 1.5, stages, Path())


@pytest.mark.parametrize("there", [0, 1000, github.LARGEST - 50, github.LARGEST])
def test_a_page_is_never_larger_than_github_shows(there: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "page.md"
    file.write_bytes(b"x" * there)
    monkeypatch.setenv(PAGE, str(file))
    messages = tuple(Message("é" * 500, level="warning") for _ in range(1500))
    record = StageRecord("orders", "data", "k", Verdict.OK, messages=messages)
    assert tell(request(tmp_path), result(summary_of(record)), nowhere, io.StringIO()) == ""
    content = file.read_bytes()
    assert len(content) <= github.LARGEST
    content.decode("utf-8")
    if there < github.LARGEST - 1000:
        assert content.endswith(b"The log tells the rest.\n")
        assert len(content) > github.LARGEST - 5000


HOSTILE = (
    "a | b",
    "a\n::error::b",
    "`b`",
    "``",
    "```\nx",
    "<script>alert(1)</script>",
    "<!--",
    "[x](javascript:1)",
    "![x](y)",
    "[x]: http://y",
    "# x",
    "- x",
    "1. x",
    "> x",
    "---",
    "===",
    "***x***",
    "~~x~~",
    "\\",
    "a\\|b",
    "&lt;b&gt;",
    "\x1b[31mred",
    "\u202eabc",
    "$x$",
    "    x",
    "+ x",
    "_x_",
    "| --- |",
    "100%",
    "\r\nx",
    "</code>",
    "日本 🙂",
)


def a_run(evil: str) -> RunResult:
    """A run in which the same text stands wherever a spec, its data or its code can put one."""
    rule = {"rule": "r", "text": f"require {evil}", "kind": "metric", "verdict": "fail", "reason": evil}
    judged = {"comparison": "<=", "verdict": "fail", "rows": 9, "units": 9, "slices": [], "note": evil}
    rule |= {"judgements": [judged], "advisory": False, "look": None, "hidden": False}
    gate = {"rows": {"rows": 9, "units": 8, "unit": evil}, "rules": [rule], "model": evil, "judged_on": "test"}
    gate |= {"waived": [{"rule": evil, "reason": evil}], "version": None}
    check = {"rule": "c", "text": f"check {evil}", "holds": True, "seen": None}
    data = {"rows": 9, "columns": {"a": 1}, "source": {"path": evil}, "checks": [check]}
    model = {"objective": {"metric": "mae", "on": "test", "better": "lower"}, "chosen": 0, "scores": {}, "rows": {}}
    model |= {"estimator": f"x.py:{evil}", "target": evil, "task": "regression", "fitted_on": ["train"], "columns": []}
    model |= {"candidates": [{"score": 1.0, "parameters": {"a": evil}}] * 2, "parameters": {"a": evil}}
    model["rows"] = {"model": 9}
    messages = (Message(f"{evil}\nmore", hint=evil, level="warning"),)
    records = [
        StageRecord(evil, kind, "k", verdict, facts=facts, messages=messages)
        for kind, verdict, facts in (
            ("data", Verdict.OK, data),
            ("train", Verdict.OK, model),
            ("test", Verdict.FAIL, gate),
        )
    ]
    stages = [summary_of(one) for one in records]
    stages.append(StageSummary(evil, "data", Outcome.ERROR, failure=Failure(evil, evil, details=evil, tail=(evil,))))
    stages.append(StageSummary(evil, "data", Outcome.SKIPPED, reason=evil))
    return result(*stages)


class Known(Before):
    """Knows of each stage that it said something else before."""

    def __init__(self, evil: str, folder: Path) -> None:
        super().__init__({"name": evil, "environment": {"name": evil}}, folder, 1, LocalStore(folder))
        self.evil = evil

    def find(self, record: StageRecord) -> Earlier:
        """The same record with other figures."""
        if record.kind == "data":
            facts = {**record.facts, "rows": 1, "splits": {self.evil: 1}}
            return Earlier(figures(replace(record, facts=facts)), self.evil)
        return Earlier({}, self.evil)


def told(evil: str, folder: Path) -> str:
    document = {"name": evil, "environment": {"name": evil}}
    places = lambda *_: f"{evil}:1:1"  # noqa: E731 (a place)
    return "\n".join(page(document, a_run(evil), (), Known(evil, folder), places))


def shape(markdown: str) -> Iterator[Any]:
    """What a reader makes of a page, without its words; and what HTML there is."""
    for token in PARSER.parse(markdown):
        if token.type == "inline":
            kinds = [child.type for child in token.children or []]
            assert {
                one for one in kinds if one not in ("text", "html_inline", "text_special", "em_open", "em_close")
            } == set()
            html = [child.content for child in token.children or [] if child.type == "html_inline"]
            assert set(html) <= {"<code>", "</code>", "<br>"}
            yield "inline"
        elif not token.type.startswith("bullet_list"):  # a line that begins with a gap is set in
            yield token.type


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_that_a_spec_says_becomes_markup(evil: str, tmp_path: Path) -> None:
    assert list(shape(told(evil, tmp_path))) == list(shape(told("plain", tmp_path)))


def words(markdown: str) -> str:
    """What a reader sees of a page."""
    inline = (child for token in PARSER.parse(markdown) if token.type == "inline" for child in token.children or [])
    return " ".join(child.content for child in inline)


@pytest.mark.parametrize("evil", [one for one in HOSTILE if not set("`\n") & set(one)])
def test_all_that_a_spec_says_is_seen(evil: str, tmp_path: Path) -> None:
    shown = " ".join(safe(evil).split())
    assert words(told(evil, tmp_path)).count(shown) >= words(told("plain", tmp_path)).count("plain")


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("`|\\<>*_[]()!#-+=~$&;:% \n\r\ta1.\u2028é"), min_size=1, max_size=14))
def test_nothing_that_anybody_can_write_becomes_markup(evil: str) -> None:
    folder = Path("nowhere")
    plain = list(shape(told("x", folder)))
    assert list(shape(told(f"x{evil}", folder))) == plain
    assert list(shape(told(f"{evil}x", folder))) == plain


@pytest.mark.parametrize("evil", HOSTILE)
def test_no_text_becomes_a_command(evil: str) -> None:
    places = lambda *_: f"a,b:{evil}.mlops:7:1"  # noqa: E731 (a place)
    lines = list(github.annotated(a_run(evil), places))
    assert lines
    for line in lines:
        assert "\n" not in line
        assert "\r" not in line
        head, _, _ = line[2:].partition("::")
        level, _, properties = head.partition(" ")
        assert level in ("error", "warning")
        assert [one.partition("=")[0] for one in properties.split(",")] == ["file", "line", "title"]


def test_an_annotation_is_escaped_as_github_reads_it() -> None:
    assert annotation("error", "a%\r\n::b", file="a:b,c", line=3, title="") == (
        "::error file=a%3Ab%2Cc,line=3::a%25%0D%0A::b"
    )
    assert annotation("notice", "a") == "::notice::a"


def test_what_stages_print_is_no_command() -> None:
    stream = io.StringIO()
    with suppress(KeyboardInterrupt), without_commands(stream):
        print("::error::x", file=stream)
        raise KeyboardInterrupt
    stream.write("::notice::y\n")
    assert commands_in(stream.getvalue()) == ["::notice::y"]
    other = io.StringIO()
    with without_commands(other):
        pass
    assert other.getvalue().splitlines()[0] != stream.getvalue().splitlines()[0]
