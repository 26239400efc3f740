"""The comment on a pull request: how it is written of what jobs told, whatever that is, and kept to one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from github_api import GitHub, github_api
from markdown_it import MarkdownIt

from mlopsc.targets.github.telling_scripts import COMMENT, FIND, WRITE

MARK = "<!-- mlopsc: shop -->"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LARGEST = 65_536
Write = Callable[..., str]

__all__ = ["github_api"]


def run(script: str, folder: Path, **env: str) -> str:
    """What a script of a workflow prints, run as GitHub does."""
    outside = {"PATH": os.environ["PATH"], "HOME": str(folder), **env}
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=outside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the comment of what jobs told, by job."""

    def written(told: Mapping[str, str | bytes], results: Mapping[str, str] | None = None) -> str:
        for job, text in told.items():
            folder = tmp_path / "told" / job
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "told.md").write_bytes(text if isinstance(text, bytes) else text.encode())
        known = results or dict.fromkeys(told, "success")
        env = {"MARK": MARK, "PIPELINE": "shop", "JOBS": " ".join(known), "COMMIT": "1a2b3c4d5e6f"}
        needs = json.dumps({job: {"result": result, "outputs": {}} for job, result in known.items()}, indent=2)
        run(WRITE, tmp_path, RESULTS=needs, PAGE="https://github.com/example-org/shop/actions/runs/7", **env)
        found: str = json.loads((tmp_path / "comment.json").read_text("utf-8"))["body"]
        return found

    return written


def test_it_tells_how_each_job_ended_and_what_it_told(write: Write) -> None:
    told = {"check": "### What of the spec\n", "data-orders": "### <code>orders</code>: done\n\n| a | b |\n|---|---|"}
    text = write(told, {"check": "success", "data-orders": "failure", "train-price": "skipped"})
    assert text.splitlines()[:12] == [
        MARK,
        "## shop: not all has passed",
        "",
        "What [this run](https://github.com/example-org/shop/actions/runs/7) made of 1a2b3c4.",
        "",
        "|  | job | result |",
        "|---|---|---|",
        "| :white_check_mark: | `check` | success |",
        "| :x: | `data-orders` | failure |",
        "| :white_circle: | `train-price` | skipped |",
        "",
        "### What of the spec",
    ]
    assert text.endswith("### <code>orders</code>: done\n\n| a | b |\n|---|---|\n")
    assert write({"check": ""}).startswith(f"{MARK}\n## shop: all has passed\n")


HOSTILE = {
    "calls a person": "thanks @somebody and @example-org/all &#64;somebody &commat;x &#x40;y",
    "tells another issue of itself": "see #1, example-org/other#23, GH-4 and gh-5, #6",
    "links": "[a](//evil.example) [b]: //evil.example https://evil.example www.evil.example ![c](//evil.example/c.png)",
    "is a mark of another": "<!-- mlopsc: other -->",
    "has tags": '<img src=//evil.example/x><a href="//e">x</a><details><script>x</script></code ><CODE>',
    "encodes tags": "&lt;img&gt; &amp;#64;x",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_jobs_tell_is_text(case: str, write: Write) -> None:
    text = write({"check": HOSTILE[case]})
    (line,) = text.splitlines()[9:]
    tokens = [child for token in PARSER.parse(line) for child in token.children or ()]
    assert {token.type for token in tokens} <= {"text", "html_inline"}, line
    assert {token.content for token in tokens if token.type == "html_inline"} <= {"<code>", "</code>", "<br>"}
    seen = "".join(token.content for token in tokens)
    assert not re.search(r"@\w|#\d|gh-\d|www\.|://", seen, re.I), seen
    assert text.count("<!--") == 1


def test_what_our_own_pages_say_is_seen_as_it_is(write: Write) -> None:
    own = (
        "### <code>gate</code>: failed\n\n| ✗ | require mae(test) &lt;= 0.1 at 95% · FAIL | a<br>b &#124; &#96; |\n\n"
        '```mermaid\n%%{init: {"a": "#a9c4ea, #2f6fc4, #d1242f"}}%%\nxychart-beta\n  x-axis ["a ≤ 1"]\n```\n'
    )
    assert own in write({"check": own})


def test_a_part_that_is_cut_hides_none_after_it(write: Write) -> None:
    text = write({"check": "### told\n\n```mermaid\n" + "x" * 50_000, "data-orders": "### seen\n"})
    assert len(text) < 21_000
    assert [token.content for token in PARSER.parse(text) if token.type == "inline"][-1] == "seen"


@pytest.mark.parametrize(
    "part", ["@" * 19_999 + "\n", "<b>\n" * 5_000, "é" * 30_000, "```\n" * 5_000, "\u200b# x\n" * 999]
)
def test_it_is_never_larger_than_github_takes(part: str, write: Write) -> None:
    began = time.perf_counter()
    text = write({f"data-{i}": part for i in range(10)})
    assert len(text) < LARGEST
    assert time.perf_counter() - began < 60
    if len(text) > 59_000:
        assert text.endswith("\n\nThe rest is on the page of the run.\n")
        assert len(re.findall("^```", text, re.M)) % 2 == 0


@pytest.mark.parametrize("part", [b"\xff\xfe\x00a", b"", b"\0", b"\r\n\r\n", "\u2028".encode(), b'"\\u0000"'])
def test_bytes_that_are_no_text_do_no_harm(part: bytes, write: Write) -> None:
    assert "### seen\n" in write({"check": part, "data-orders": "### seen\n"})


def test_a_link_to_a_file_of_the_machine_is_not_followed(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "told" / "check"
    folder.mkdir(parents=True)
    (folder / "told.md").symlink_to(tmp_path / "secret")
    assert "secret" not in write({}, {"check": "success"})


def comment(github: GitHub, folder: Path, body: str, mark: str = MARK) -> str:
    (folder / "comment.json").write_text(json.dumps({"body": body}), encoding="utf-8")
    return run(COMMENT, folder, MARK=mark, API=f"{github.url}/repos/example-org/shop", NUMBER="7", TOKEN="of-this-run")


def test_there_is_one_comment_of_a_pipeline(github_api: GitHub, tmp_path: Path) -> None:
    other = "<!-- mlopsc: other -->"
    assert comment(github_api, tmp_path, f"{MARK}\nfirst") == ""
    comment(github_api, tmp_path, f"{other}\n{MARK}", other)
    comment(github_api, tmp_path, f"{MARK}\nsecond")
    assert [one["body"] for one in github_api.comments] == [f"{MARK}\nsecond", f"{other}\n{MARK}"]
    assert github_api.asked("Authorization") == {"Bearer of-this-run"}


def test_it_is_found_behind_many_others_and_no_comment_of_a_person_is_taken_for_it(
    github_api: GitHub, tmp_path: Path
) -> None:
    github_api.comments += [github_api.comment(f"{MARK}\nforged", "somebody")]
    github_api.comments += [github_api.comment("x", "somebody") for _ in range(230)]
    comment(github_api, tmp_path, f"{MARK}\nfirst")
    comment(github_api, tmp_path, f"{MARK}\nsecond")
    assert len(github_api.comments) == 232
    assert github_api.comments[0]["body"] == f"{MARK}\nforged"
    assert github_api.comments[-1]["body"] == f"{MARK}\nsecond"


@pytest.mark.parametrize("trouble", ["reads only", "is gone", "says nonsense"])
def test_that_it_cannot_be_written_is_a_warning(trouble: str, github_api: GitHub, tmp_path: Path) -> None:
    github_api.trouble = trouble
    if trouble == "is gone":
        github_api.stop()
    assert comment(github_api, tmp_path, MARK).startswith("::warning::the comment could not be written")
    assert github_api.comments == []


def delivery(github: GitHub, **given: Any) -> Mapping[str, Any]:
    ours, theirs = {"id": 1}, {"id": 2}
    found = {"id": 1, "event": "push", "head_branch": "main", "conclusion": "success"}
    found |= {"head_repository": theirs if given.pop("fork", False) else ours, "repository": ours, **given}
    github.runs.insert(0, found)
    return found


def find(github: GitHub, folder: Path) -> str:
    about = {"WORKFLOW": "shop-cd.yml", "BRANCH": "main", "TOKEN": "of-this-run"}
    (folder / "output").touch()
    run(FIND, folder, API=f"{github.url}/repos/example-org/shop", GITHUB_OUTPUT=str(folder / "output"), **about)
    return (folder / "output").read_text("utf-8")


def test_the_last_delivery_is_found(github_api: GitHub, tmp_path: Path) -> None:
    assert find(github_api, tmp_path) == "run=\n"
    delivery(github_api, id=3)
    delivery(github_api, id=4)
    delivery(github_api, id=5, conclusion="failure")
    delivery(github_api, id=6, head_branch="other")
    delivery(github_api, id=7, event="pull_request")
    delivery(github_api, id=8, fork=True)
    assert find(github_api, tmp_path).splitlines()[-1] == "run=4"


@pytest.mark.parametrize("trouble", ["is gone", "says nonsense"])
def test_that_none_is_found_stops_nothing(trouble: str, github_api: GitHub, tmp_path: Path) -> None:
    delivery(github_api, id=3)
    github_api.trouble = trouble
    if trouble == "is gone":
        github_api.stop()
    assert find(github_api, tmp_path) == ""
