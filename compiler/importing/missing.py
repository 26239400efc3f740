"""What a pipeline says nothing about, by principle: what the spec will not hold until somebody writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlopsc.compiler.importing.model import Foreign
from mlopsc.compiler.importing.writing import Written
from mlopsc.compiler.lint.principle import PRINCIPLES


@dataclass(frozen=True)
class Missing:
    """One thing that is missing of a principle, and what to do about it."""

    principle: int
    what: str
    next: str

    @property
    def title(self) -> str:
        """What the principle asks for."""
        return PRINCIPLES[self.principle]


def missing_of(foreign: Foreign, written: Written) -> list[Missing]:
    """What is missing, in the order of the principles."""
    return sorted(_found(foreign, written), key=lambda one: one.principle)


def _found(foreign: Foreign, written: Written) -> Iterator[Missing]:
    has = written.stages
    if foreign.kind != "dvc":
        yield Missing(1, "rows are not pinned by their content", "run it once, and commit `mlops.lock`")
    yield Missing(2, "there is one environment, and nobody approves", "mlopsc add environment prod")
    yield Missing(3, "no infrastructure is described", "`platform = aws(…)` or `azure(…)`, then mlopsc build")
    if "train" not in has:
        yield Missing(4, "nothing is trained, as far as it was understood", "write a `train` block")
    yield Missing(5, "nothing is asked of the rows but that there are some", "ranges of columns, and `check` rules")
    if "test" in has:
        yield Missing(5, "no gate asks for tests of the code", '`require pytest("tests/")` in the `test` block')
    else:
        yield Missing(5, "no gate judges the model", "write a `test` block with `require …(test) … at 95%`")
    if "release" not in has:
        yield Missing(6, "nothing says how a model comes into service", "mlopsc add release")
    yield Missing(6, "nothing is delivered by itself", "`github = github(…)` in the pipeline, then mlopsc build")
    if "monitor" not in has:
        yield Missing(7, "nobody looks at the model in service", "mlopsc add monitor")
    else:
        yield Missing(
            7, "drift leads to a message and not to a retraining", "`on quality do retrain(…)` in the monitor"
        )
