"""A first spec for a table, from its first rows: what `mlopsc init` writes after reading all of them."""

from __future__ import annotations

import re

from mlopsc.compiler.lsp.judged import counted
from mlopsc.compiler.lsp.tables import SeenColumn, Table
from mlopsc.compiler.scaffold.baselines import written
from mlopsc.compiler.scaffold.guesses import Baseline, ColumnGuess, TableGuess
from mlopsc.compiler.scaffold.names import target_rank
from mlopsc.compiler.scaffold.spec import identifier, project_spec
from mlopsc.compiler.schema.declarations import Task
from mlopsc.compiler.workspace import Workspace

_SAID = """\
# Types, ranges and roles were guessed from the first {rows} of the file: correct what you know better.
# `mlopsc init` reads the whole file, and finds more: leaks, times, what names a row."""
_ASKED = 0.8
"""How much of the error of the best constant answer a model may have."""
_TASKS: dict[str, Task] = {"int": "regression", "float": "regression", "bool": "binary", "category": "multiclass"}


def spec_for(workspace: Workspace, table: Table) -> str:
    """The text of a spec; what is predicted is the column whose name sounds like it, else the last one."""
    usable = [one for one in table.columns if one.type in _TASKS and "role" not in one.declared]
    ranked = sorted(usable, key=lambda one: rank if (rank := target_rank(one.name)) is not None else 1_000)
    named = bool(ranked) and target_rank(ranked[0].name) is not None
    target = ranked[0] if named else (usable or [*table.columns])[-1]
    task = _TASKS.get(target.type, "multiclass")
    guess = TableGuess(
        rows=table.total,
        columns=tuple(_declared(one, is_target=one is target) for one in table.columns),
        target=target.name,
        task=task,
        baseline=_baseline(task, target),
        remarks=(),
    )
    name = identifier(workspace.folder.name if workspace.folder else "", "pipeline")
    text = project_spec(name, guess, table.path, {}, "features.py")
    return f"{_SAID.format(rows=counted(table.rows, 'row'))}\n{text.partition(chr(10))[2]}"


def data_for(workspace: Workspace, table: Table) -> str:
    """The data block of that spec."""
    found = re.search(r"^data .*?^}$", spec_for(workspace, table), re.MULTILINE | re.DOTALL)
    return found[0] if found is not None else ""


def _declared(column: SeenColumn, *, is_target: bool) -> ColumnGuess:
    """Texts and times reach an estimator only through a feature step, which there is none of yet."""
    role = "" if is_target else column.role
    left_out = column.type in ("text", "timestamp", "date") and not role
    why = "reaches a model only through `features`" if left_out else ""
    return ColumnGuess(column.name, column.type, column.natural, "ignore" if left_out else role, column.missing, why)


def _baseline(task: Task, target: SeenColumn) -> Baseline:
    if task == "regression":
        limit = written(target.spread * _ASKED) if target.spread else "100"
        return Baseline("mae", target.spread, limit, "correct this limit: how far off may a prediction be?")
    return Baseline("accuracy", 0.0, "80%", "correct this limit: what share of rows must be right?")
