"""What no workflow can hold is told at its line of the spec."""

from __future__ import annotations

import pytest

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry


def codes(spec: str) -> list[str]:
    """The codes of the errors of a spec that is written as workflows."""
    compilation = Compilation(MemoryWorkspace({"pipeline.mlops": spec}), registry())
    return [one.code.id for one in compilation.diagnostics_for(["github"]) if one.is_error]


def test_the_page_shows_a_name_that_is_refused_and_one_that_is_not() -> None:
    page = pages()["E641"]
    assert [codes(one) for one in page.wrong] == [["E641"]]
    assert [codes(one) for one in page.right] == [[]]


@pytest.mark.parametrize("name", ["x" * 101, "ä", "größe_1"])
def test_a_name_that_github_refuses_is_told(name: str) -> None:
    spec = f'pipeline p {{ github = github("o/r") }}\nenvironment `{name}` {{ platform = local() }}\n'
    assert codes(spec) == ["E641"]
    assert codes(spec.replace('{ github = github("o/r") }', "{ }")) == []
