"""The checker knows no word of the standard library: a registry of a few lines is a language too."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Literal

import pytest

from mlopsc.compiler.program import vocabulary_of
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Block, Function, StageKind, Subject, Verb, setting
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.schema.values import Duration
from mlopsc.compiler.semantics.analysis import analyse
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.semantics.reader import WorkspaceReader
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.text import SourceFile
from mlopsc.compiler.workspace import MemoryWorkspace


class Heat(Function, family="way to heat"):
    """How something is heated."""


class Oven(Heat, word="oven"):
    """Hot air."""

    degrees: int = setting("How hot.", ..., ge=50, le=300)
    fan: bool = setting("Whether the air moves.", False)


class Taste(Subject, family="taste"):
    """What can be judged."""


class Salt(Taste, word="salt", measure="ratio", better="lower", least=0, most=1):
    """How salty it is."""


class Bake(StageKind, word="bake", one_of=("heat", "raw"), must_hold=("taste",)):
    """Something baked."""

    heat: Heat | None = setting("How it is heated.")
    raw: bool | None = setting("Whether it is not.")
    after: Annotated[str, types.StageRef(("bake",))] | None = setting("What is baked before.")
    time: Duration | None = setting("How long.")
    size: Literal["small", "large"] = setting("How big.", "small")


class Pipeline(Block, word="pipeline"):
    """All of it."""


class TasteIt(Verb, word="taste", kinds=("bake",), subjects=(Taste,)):
    """What must be tasted."""


REGISTRY = Registry(blocks={"bake": Bake, "pipeline": Pipeline}, verbs=(TasteIt,), functions=(Oven, Salt))


def checked(text: str) -> SemanticModel:
    file = parse(SourceFile("main.mlops", text), vocabulary_of(REGISTRY))
    return analyse([file], REGISTRY, WorkspaceReader(MemoryWorkspace({})))


def test_a_spec_of_another_language_is_checked() -> None:
    model = checked(
        "pipeline party {}\nbake bread {\n  heat = oven(220, fan = true)\n  time = 45min\n  taste salt <= 2%\n}\n"
        "bake cake {\n  extends = bread\n  after = bread\n  size = large\n}\n"
    )
    assert not model.diagnostics
    stages = model.environments["local"].stages
    assert stages["bread"].value("heat") == {"function": "oven", "degrees": 220, "fan": True}
    assert stages["bread"].value("time") == "45min"
    assert stages["cake"].inputs == ("bread",)
    assert stages["cake"].rules[0].comparisons[0].limit.offset == 0.02


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("heat = oven()\n taste salt <= 2%", "E308"),
        ("heat = oven(20)\n taste salt <= 2%", "E307"),
        ("heat = stove(220)\n taste salt <= 2%", "E215"),
        ("heat = salt\n taste salt <= 2%", "E208"),
        ("raw = true\n heat = oven(220)\n taste salt <= 2%", "E311"),
        ("taste salt <= 2%", "E310"),
        ("raw = true", "E508"),
        ("raw = true\n taste salt >= 2%", "E503"),
        ("raw = true\n taste salt <= 100%", "E509"),
        ("raw = true\n after = bread\n taste salt <= 2%", "E401"),
        ("raw = true\n size = medium\n taste salt <= 2%", "E207"),
        ("raw = true\n time = 45\n taste salt <= 2%", "E301"),
        ("raw = true\n taste sugar <= 2%", "E215"),
    ],
)
def test_its_mistakes_are_found(body: str, code: str) -> None:
    model = checked(f"pipeline party {{}}\nbake bread {{\n {body}\n}}\n")
    assert [found.code.id for found in model.diagnostics] == [code]


def test_no_files_give_an_empty_model() -> None:
    assert analyse([], REGISTRY, WorkspaceReader(MemoryWorkspace({}))).environments == {}


def test_checking_imports_nothing_heavy_and_no_standard_library() -> None:
    program = (
        "import sys, mlopsc.compiler.semantics.analysis\n"
        "heavy = {'pydantic', 'lark', 'pandas', 'numpy', 'sklearn', 'networkx', 'mlopsc.stdlib'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
