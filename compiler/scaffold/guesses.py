"""What `init` believes of a table; plain data, so that the spec can be written without having read one."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlopsc.compiler.schema.declarations import Task

TESTED = 0.2
"""The share of the rows in the test split that `init` writes."""


class CannotGuess(Exception):  # noqa: N818 (the guess fails; nothing is wrong with the program)
    """The table is not one that a spec can be written for; `hint` is the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class ColumnGuess:
    """A column as it will be declared; `missing` is the share of missing values that is tolerated, `why` a comment."""

    name: str
    type: str
    within: str = ""
    role: str = ""
    missing: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Baseline:
    """What a model must beat: a constant answer, scored on all rows by the metric of the gate."""

    metric: str
    score: float
    limit: str
    text: str


@dataclass(frozen=True)
class TableGuess:
    """A table as it will be declared: its columns, what is predicted, and what one independent observation is."""

    rows: int
    columns: tuple[ColumnGuess, ...]
    target: str
    task: Task
    baseline: Baseline
    time: str = ""
    group: str = ""
    block: str = ""
    """For rows in time: the length of one independent stretch, such as `7d`."""
    remarks: tuple[str, ...] = field(default=())
    """What the user should look at, one sentence each."""
