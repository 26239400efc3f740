"""The file of pins, and `mlopsc pins`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SPEC, Done, start, write_project

from mlopsc.compiler.cli.outputs import compare
from mlopsc.targets import OutputFile
from mlopsc.targets.github.pins import KNOWN
from mlopsc.targets.github.pins_file import begun, read
from mlopsc.targets.github.uses import UnreadableError, Use, uses_of

Call = Callable[..., Done]
CHECKOUT = KNOWN["checkout"]
OTHER = "0123456789abcdef0123456789abcdef01234567"
BUILD = ("build", "--target", "github")
HOSTED = SPEC.replace("  owner =", '  github = github(repository = "shop/orders", folder = "models/orders")\n  owner =')


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The top of a repository; the current folder is that of a spec further down."""
    folder = write_project(tmp_path / "repository" / "models" / "orders", HOSTED, rows=10)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path / "repository"


def pins_of(top: Path) -> Path:
    return top / ".github" / "mlopsc-pins.yml"


def workflow_of(top: Path) -> Path:
    return top / ".github" / "workflows" / "orders-ci.yml"


def test_a_build_begins_the_file_and_never_touches_it_again(repository: Path, call: Call) -> None:
    assert "wrote      ../../.github/mlopsc-pins.yml\n" in call(*BUILD).out
    assert pins_of(repository).read_text("utf-8") == begun()
    assert "`mlopsc build` reads it" in begun()
    workflow = workflow_of(repository).read_text("utf-8")
    mine = "# mine\n" + begun()
    pins_of(repository).write_text(mine, "utf-8")
    assert "pins" not in call(*BUILD).out
    assert pins_of(repository).read_text("utf-8") == mine
    assert workflow_of(repository).read_text("utf-8") == workflow
    assert call(*BUILD, "--check").code == 0
    pins_of(repository).unlink()
    assert call(*BUILD, "--check").code == 0, "nobody has to have the file"


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "seed").symlink_to(tmp_path / "elsewhere")
    assert compare(tmp_path, "p.mlops", [OutputFile("seed", "text", is_seed=True)], ()).is_empty


def test_workflows_are_written_by_the_file(repository: Path, call: Call) -> None:
    call(*BUILD)
    text = begun().replace(CHECKOUT.commit, OTHER).replace(f"release: {CHECKOUT.version}", "release: v9.9.9", 1)
    pins_of(repository).write_text(text, "utf-8")
    assert call(*BUILD, "--check").code == 1
    assert call(*BUILD).code == 0
    assert f"uses: actions/checkout@{OTHER} # v9.9.9" in workflow_of(repository).read_text("utf-8").replace(
        "  # v", " # v"
    )
    again = workflow_of(repository).read_bytes()
    call(*BUILD)
    assert workflow_of(repository).read_bytes() == again


@pytest.mark.parametrize("text", ["", "# only a word\n", "{}\n", f"actions/cache:\n  release: v1\n  commit: {OTHER}\n"])
def test_what_is_not_listed_is_what_we_know(text: str) -> None:
    assert read(text, is_ours=False) == {}


@pytest.mark.parametrize(
    ("change", "words", "line"),
    [
        ((CHECKOUT.commit, "v7"), "`actions/checkout` is pinned to `v7`, which is no commit", 8),
        ((CHECKOUT.commit, CHECKOUT.commit[:-1]), "which is no commit", 8),
        ((CHECKOUT.commit, CHECKOUT.commit.upper()), "which is no commit", 8),
        ((f'"{CHECKOUT.commit}"', "1" * 40), "which is no commit", 8),
        (("actions/checkout", "actions/chekout"), "no workflow uses an action `actions/chekout`", 8),
        (("  release: v7.0.1\n", ""), "has not just a `release` and a `commit`", 8),
        (("release: v7.0.1", 'release: "v1\\n      - run: evil"'), "the release of `actions/checkout` cannot be", 8),
        (("release: v7.0.1", "release: v7.0.1 }"), "the release of `actions/checkout` cannot be", 8),
        (("release: v7.0.1", "release: 'v7"), "it is no YAML", 0),
        (("release: v7.0.1", "release: v7.0.1\n  release: v7"), "it is no YAML", 0),
        (("actions/setup-python", "actions/checkout"), "it is no YAML", 0),
    ],
)
def test_what_cannot_be_followed_is_told_at_the_spec(
    change: tuple[str, str], words: str, line: int, repository: Path, call: Call
) -> None:
    call(*BUILD)
    before = workflow_of(repository).read_bytes()
    pins_of(repository).write_text(begun().replace(*change), "utf-8")
    for arguments in (BUILD, (*BUILD, "--check")):
        done = call(*arguments)
        assert done.code == 1
        assert "error[E640]: " in done.err
        assert words in done.err
        assert "pipeline.mlops:2:3" in done.err
        assert f"`.github/mlopsc-pins.yml:{line or ''}" in done.err
    for arguments in (("pins",), ("pins", "check"), ("pins", "update", "none.yml")):
        done = call(*arguments)
        assert (done.code, words in done.err) == (1, True)
    assert workflow_of(repository).read_bytes() == before
    assert "Traceback" not in done.err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: \0", b"[" * 5000, b"- a", b"12", b"? [a]\n: b\n", b"\x01: a"])
def test_a_file_that_is_no_list_of_pins(content: bytes, repository: Path, call: Call) -> None:
    call(*BUILD)
    pins_of(repository).write_bytes(content)
    done = call(*BUILD)
    assert done.code == 1
    assert "error[E640]: " in done.err
    done = call("pins", "check")
    assert done.code in (1, 4)
    assert "mlopsc-pins.yml" in done.err


def test_a_folder_in_its_place(repository: Path, call: Call) -> None:
    pins_of(repository).mkdir(parents=True)
    assert "error[E640]: " in call(*BUILD).err
    assert call("pins").code == 4


def test_the_list_says_where_each_is_from(repository: Path, call: Call) -> None:
    assert {line.split()[-1] for line in call("pins").out.splitlines()[1:]} == {"mlopsc"}
    entry = f'actions/checkout:\n  release: v8\n  commit: "{OTHER}"\n'
    pins_of(repository).parent.mkdir()
    pins_of(repository).write_text(entry, "utf-8")
    first, second, *_ = call("pins", "list").out.splitlines()[1:]
    assert first.split() == ["actions/checkout", "v8", OTHER, "../../.github/mlopsc-pins.yml"]
    assert second.split()[-1] == "mlopsc"


def offer(folder: Path, **entries: dict[str, str]) -> Path:
    path = folder / "offered.json"
    path.write_text(json.dumps({name.replace("__", "/"): entry for name, entry in entries.items()}), "utf-8")
    return path


def test_an_update_keeps_what_else_is_in_the_file(repository: Path, call: Call) -> None:
    call(*BUILD)
    mine = begun().replace("actions/setup-python:", "# why we wait\nactions/setup-python: # mine")
    pins_of(repository).write_text(mine, "utf-8")
    source = offer(
        repository,
        actions__checkout={"release": "v8.0.0", "commit": OTHER},
        somebody__action={"release": "v1", "commit": OTHER},
    )
    done = call("pins", "update", str(source), "--check")
    assert done.code == 1
    assert f"actions/checkout  {CHECKOUT.version}  v8.0.0  {OTHER}" in done.out
    assert pins_of(repository).read_text("utf-8") == mine
    assert call("pins", "update", str(source)).code == 0
    expected = mine.replace(CHECKOUT.commit, OTHER).replace(CHECKOUT.version, "v8.0.0", 1)
    assert pins_of(repository).read_text("utf-8") == expected
    done = call("pins", "update", str(source), "--check")
    assert (done.code, "already" in done.out) == (0, True)


def test_an_update_begins_the_file_and_takes_another_repositorys(repository: Path, call: Call) -> None:
    theirs = repository / "theirs.yml"
    theirs.write_text(begun().replace(CHECKOUT.commit, OTHER), "utf-8")
    done = call("pins", "update", str(theirs))
    assert done.code == 0
    assert f"warning: `actions/checkout` {CHECKOUT.version} is another commit now" in done.out
    assert pins_of(repository).read_text("utf-8") == theirs.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        (None, "there is no file `offered.yml`", 4),
        ("a: [", "it is no YAML", 1),
        ("{}", "lists no action that the workflows use", 1),
        ("actions/checkout: v7", "has not just a `release` and a `commit`", 1),
    ],
)
def test_an_offer_that_is_none(text: str | None, words: str, code: int, repository: Path, call: Call) -> None:
    if text is not None:
        (repository / "offered.yml").write_text(text, "utf-8")
    done = call("pins", "update", str(repository / "offered.yml"))
    assert (done.code, words in done.err) == (code, True), done.err
    assert not pins_of(repository).exists()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (CHECKOUT.commit, OTHER, f"`actions/checkout` is at `{OTHER}`, and pinned to `{CHECKOUT.commit}`"),
        (CHECKOUT.commit, "v7", "`actions/checkout` is at `v7`, and pinned to"),
        (f"{CHECKOUT.commit} # v7.0.1", f"{CHECKOUT.commit} # v9", "is called `v9`, and its commit is v7.0.1"),
        (f"{CHECKOUT.commit} # v7.0.1", CHECKOUT.commit, "is called ``, and its commit is v7.0.1"),
        ("actions/checkout@", "somebody/checkout@", "`somebody/checkout` is not pinned here"),
        ("jobs:", "jobs: [", "is no workflow any more"),
    ],
)
def test_a_workflow_that_uses_something_else_is_found(
    before: str, after: str, words: str, repository: Path, call: Call
) -> None:
    call(*BUILD)
    done = call("pins", "check")
    assert (done.code, done.out.partition(": ")[2]) == (0, f"nothing but the {len(KNOWN)} pins\n")
    text = workflow_of(repository).read_text("utf-8").replace("  # v", " # v")
    assert before in text
    workflow_of(repository).write_text(text.replace(before, after), "utf-8")
    done = call("pins", "check")
    assert done.code == 1
    assert words in done.out
    assert "✗ `../../.github/workflows/orders-ci.yml" in done.out


def test_a_workflow_of_somebody_else_is_not_judged(repository: Path, call: Call) -> None:
    call(*BUILD)
    text = workflow_of(repository).read_text("utf-8").replace(CHECKOUT.commit, "v7")
    workflow_of(repository).with_name("mine.yml").write_text(text.partition("\n")[2], "utf-8")
    assert call("pins", "check").code == 0


def test_uses_are_read_as_yaml_reads_them() -> None:
    text = """jobs:
  one:
    uses: ./.github/workflows/two.yml
  two:
    uses: a/b/.github/workflows/c.yml@x # v1
    steps:
      - run: |
          uses: no/step@v1
      - {uses: "c/d@y", with: {uses: e/f@z}}   #v2
      - uses: ./local
"""
    assert uses_of(text) == [Use("a/b/.github/workflows/c.yml", "x", "v1", 5), Use("c/d", "y", "", 9)]
    for wrong in ("", "- a", "jobs: 1", "jobs: ["):
        with pytest.raises(UnreadableError):
            uses_of(wrong)


def test_a_spec_without_a_repository(repository: Path, call: Call) -> None:
    Path("pipeline.mlops").write_text(SPEC, "utf-8")
    done = call("pins")
    assert (done.code, "names no repository of GitHub" in done.err) == (1, True)
    assert repository.exists()


def test_it_is_as_a_user_types_it(repository: Path) -> None:
    folder = repository / "models" / "orders"
    assert start(*BUILD, folder=folder).code == 0
    shutil.copy(pins_of(repository), folder / "offered.yml")
    assert start("pins", "update", "offered.yml", folder=folder).out == "all is as in `offered.yml` already\n"
    coloured = start("pins", folder=folder, environment={"NO_COLOR": "", "FORCE_COLOR": "1"})
    assert "\x1b[" in coloured.out
    assert "\x1b[" not in start("pins", folder=folder).out
    assert start("pins", "lits", folder=folder).code == 2
