"""With many files open: a change in one that others use reaches all of them, and finding who uses what stays cheap."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsp_asking import Asking
from lsp_project import SPEC, write_project
from lsp_raw import PUBLISH, Message, Raw
from pygls.uris import from_fs_path

from mlopsc.compiler.lsp import projects as projects_module
from mlopsc.compiler.lsp.projects import MOST_STATES

FILES = 40
NAMES = [f"s{number}.mlops" for number in range(FILES)]
USING = NAMES[1::2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Specs of which every second uses the same file."""
    write_project(tmp_path)
    (tmp_path / "limits.mlops").write_text("limit = 45\n", "utf-8")
    for name in NAMES:
        text = SPEC.replace("limit = 45", 'use "limits.mlops"') if name in USING else SPEC
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def told_in(message: Message) -> dict[str, list[str]]:
    """The file that a message is about, with the codes of its errors."""
    if message.get("method") != PUBLISH:
        return {}
    params = message["params"]
    return {params["uri"]: [one["code"] for one in params["diagnostics"] if one["severity"] == 1]}


def test_a_change_in_a_used_file_reaches_all_that_use_it_and_nobody_else(folder: Path) -> None:
    with Raw(folder) as server:
        server.begin()
        for name in (*NAMES, "limits.mlops"):
            server.open(name)
        last = server.uri(USING[-1])
        for number, text in enumerate(["limits = 45\n", "limit = 45\n"]):
            seen = len(server.seen)
            server.change("limits.mlops", number + 2, text)
            server.until(lambda one, wanted=number == 0: last in (said := told_in(one)) and bool(said[last]) == wanted)
            told = {uri: codes for one in server.seen[seen:] for uri, codes in told_in(one).items()}
            wrong = {uri for uri, codes in told.items() if codes}
            assert {server.uri(name) for name in USING} <= set(told)
            assert not {server.uri(name) for name in NAMES if name not in USING} & set(told)
            assert wrong == ({server.uri(name) for name in USING} if number == 0 else set())


def test_finding_who_uses_a_file_reads_each_spec_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(folder, "limits.mlops", "limit = 45\n")
    read: list[str] = []
    mentions = projects_module._mentions_use

    def counted(place: Path, main: str) -> bool:
        read.extend([main] if place == folder else [])
        return mentions(place, main)

    monkeypatch.setattr(projects_module, "_mentions_use", counted)
    asking.projects.forget()
    mains = {asking.projects.of(from_fs_path(str(folder / name)) or "").main for name in NAMES}
    assert mains == set(NAMES)
    assert asking.projects.of(asking.uri).main == USING[0]
    assert sorted(read) == sorted({*NAMES, "limits.mlops", "pipeline.mlops"})


def test_after_many_edits_everything_is_checked_anew_at_rest(folder: Path) -> None:
    asking = Asking(folder, NAMES[0], SPEC)
    project = asking.projects.of(asking.uri)
    for number in range(MOST_STATES + 2):
        asking.set(SPEC.replace("at 95%", f"at {90 + number % 9}%"))
        assert project.compilation.model
    before = project.compilation
    project.tidy()
    assert project.compilation is not before
    assert project.compilation.diagnostics == before.diagnostics
    after = project.compilation
    project.tidy()
    assert project.compilation is after, "there is nothing to tidy"
