"""A first spec for a table, from its first rows: what `mlopsc init` writes after reading all of them."""

from __future__ import annotations

from mlopsc.compiler.lsp.tables import SeenColumn, Table
from mlopsc.compiler.scaffold.guesses import Baseline, ColumnGuess, TableGuess
from mlopsc.compiler.scaffold.names import target_rank
from mlopsc.compiler.scaffold.spec import identifier, project_spec
from mlopsc.compiler.schema.declarations import Task
from mlopsc.compiler.workspace import Workspace

_TASKS: dict[str, Task] = {"int": "regression", "float": "regression", "bool": "binary", "category": "multiclass"}


def spec_for(workspace: Workspace, table: Table) -> str:
    """The text of a spec; what is predicted is the column whose name sounds like it, else the last one."""
    usable = [one for one in table.columns if one.type in _TASKS and "role" not in one.declared]
    ranked = sorted(usable, key=lambda one: rank if (rank := target_rank(one.name)) is not None else 1_000)
    named = bool(ranked) and target_rank(ranked[0].name) is not None
    target = ranked[0] if named else (usable or [*table.columns])[-1]
    task = _TASKS.get(target.type, "multiclass")
    guess = TableGuess(
        rows=table.rows,
        columns=tuple(_declared(one, is_target=one is target) for one in table.columns),
        target=target.name,
        task=task,
        baseline=_baseline(task),
        remarks=(),
    )
    name = identifier(workspace.folder.name if workspace.folder else "", "pipeline")
    return project_spec(name, guess, table.path, {}, "features.py")


def _declared(column: SeenColumn, *, is_target: bool) -> ColumnGuess:
    """Texts and times reach an estimator only through a feature step, which there is none of yet."""
    role = "" if is_target else column.role
    left_out = column.type in ("text", "timestamp", "date") and not role
    why = "reaches a model only through `features`" if left_out else ""
    return ColumnGuess(column.name, column.type, column.natural, "ignore" if left_out else role, column.missing, why)


def _baseline(task: Task) -> Baseline:
    if task == "regression":
        return Baseline("mae", 0.0, "100", "correct this limit: how far off may a prediction be?")
    return Baseline("accuracy", 0.0, "80%", "correct this limit: what share of rows must be right?")
