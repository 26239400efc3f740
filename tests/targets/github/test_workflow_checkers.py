"""Emitted workflows under the checkers of others and our own: nothing is found in them, and all that is planted is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from emitted_workflows import golden_workflows
from planted_defects import PLANTED
from right_workflows import PINS, Planted, bases
from workflow_checkers import CHECKERS, there

from mlopsc.targets.github.policy import findings

FEWEST = 40


def policy(files: Sequence[Path]) -> Mapping[str, Sequence[str]]:
    """What our own check says, in the form of the others."""
    found = {path.name: findings(path.name, path.read_text("utf-8"), PINS) for path in files}
    return {name: [f"{one.rule}: {one.where}: {one.words}" for one in said] for name, said in found.items()}


ALL: Mapping[str, Callable[[Sequence[Path]], Mapping[str, Sequence[str]]]] = {**CHECKERS, "policy": policy}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """What each checker says, asked once: of all that is right, and of the defects that it must catch."""
    if not there() and os.environ.get("CI") == "true":
        pytest.fail("there are no checkers of workflows: run `make workflows`")
    if not there():
        pytest.skip("there are no checkers of workflows: run `make workflows`")
    folder = tmp_path_factory.mktemp("planted") / ".github" / "workflows"
    folder.mkdir(parents=True)
    right = golden_workflows()
    for name, text in bases().items():
        right.append(folder / f"{name}.yml")
        right[-1].write_text(text, encoding="utf-8")
    for one in PLANTED:
        (folder / one.file).write_text(one.text, encoding="utf-8")
    return {
        name: ask([*right, *(folder / one.file for one in PLANTED if one.checker == name)]) for name, ask in ALL.items()
    }


@pytest.mark.parametrize("checker", ALL)
def test_nothing_is_found_in_what_is_emitted(checker: str, asked: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    right = [*(path.name for path in golden_workflows()), *(f"{name}.yml" for name in bases())]
    assert {name: asked[checker][name] for name in right} == {name: [] for name in right}


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.name)
def test_a_planted_defect_is_caught(planted: Planted, asked: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    said = asked[planted.checker][planted.file]
    assert [message for message in said if planted.says in message], said


def test_there_are_enough_defects_and_each_is_one_of_its_own() -> None:
    assert len(PLANTED) >= FEWEST
    assert len({one.file for one in PLANTED}) == len(PLANTED)
    assert len({one.text for one in PLANTED}) == len(PLANTED)
    assert {one.checker for one in PLANTED} == set(ALL)
