"""The `check` rules of a data stage: what each measures on the rows, and whether it holds."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Comparison, Rule
from mlopsc.stdlib.data import (
    Age,
    Check,
    Distinct,
    Matches,
    MeanOf,
    MissingShare,
    PythonCheck,
    Quantile,
    Rows,
    StandardDeviation,
    Unique,
)
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.data.declared import DataStage, moment
from mlopsc.stdlib.runtime.data.schema import TypedRows
from mlopsc.stdlib.runtime.data.sources import call
from mlopsc.stdlib.runtime.data.violations import Violation
from mlopsc.stdlib.runtime.engine.outcome import StageFailure

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_HINT = "mend the rows, or change the rule"


@dataclass(frozen=True)
class Measured:
    """What a check saw: a number, a truth value, or None where there is nothing to measure.

    `failing` is a (rows,) mask of the rows to show, `columns` those whose values show what is wrong.
    """

    seen: float | bool | None
    failing: NDArray[np.bool_] | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """The result of one check. `is_volatile` is what the clock decides."""

    rule: Rule
    seen: float | bool | None
    holds: bool
    violation: Violation | None = None
    is_volatile: bool = False

    @property
    def record(self) -> dict[str, Any]:
        """What is kept of it, as JSON."""
        measure = Check.model_validate(self.rule.subject).measure
        return {
            "rule": self.rule.id,
            "text": self.rule.text,
            "measure": measure,
            "seen": self.seen,
            "holds": self.holds,
        }


@dataclass(frozen=True)
class _Measuring:
    stage: DataStage
    typed: TypedRows
    project: Path
    rule: Rule = field(repr=False)

    @property
    def frame(self) -> pd.DataFrame:
        return self.typed.rows.frame

    def numbers(self, name: str) -> pd.Series:
        return self.frame[name].astype("float64")


def judge_checks(stage: DataStage, typed: TypedRows, project: Path) -> list[Judged]:
    """Every check of the stage, judged on the rows; raises StageFailure when a function of the project does."""
    return [_judged(_Measuring(stage, typed, project, rule)) for rule in stage.rules if rule.verb == "check"]


def key_violations(stage: DataStage, typed: TypedRows) -> list[Violation]:
    """The rows that share their key, if there are any."""
    key = stage.settings.key
    failing = _repeated(stage, typed.rows.frame, key) if key else np.zeros(0, dtype=bool)
    if not failing.any():
        return []
    named = ", ".join(f"`{name}`" for name in key)
    fact = f"{int(failing.sum()):,} of {len(failing):,} rows share their key, {named}, with another row"
    hint = "drop the duplicates, or name all columns that it takes to tell rows apart"
    return [Violation(fact, hint, setting="key", columns=key, rows=typed.numbers[failing])]


def _judged(at: _Measuring) -> Judged:
    subject = Check.model_validate(at.rule.subject)
    unread = [name for name in _columns(subject, at.stage) if at.typed.unreadable[name].any()]
    if unread:
        fact = f"`{at.rule.text}` was not judged: `{unread[0]}` has values that are not of its type"
        return Judged(at.rule, None, False, Violation(fact, "mend them first", rule=at.rule.id))
    measured = _measured(subject, at)
    volatile = isinstance(subject, Age) and at.stage.settings.as_of is None
    if _holds(at.rule, measured.seen):
        return Judged(at.rule, measured.seen, True, None, volatile)
    return Judged(at.rule, measured.seen, False, _violation(at, subject, measured), volatile)


def _columns(subject: Check, stage: DataStage) -> list[str]:
    """The columns that a check looks at; a function of the project may look at all of them."""
    match subject:
        case PythonCheck():
            return [column.name for column in stage.columns]
        case Age() if stage.settings.time is not None:
            return [stage.settings.time]
        case Unique(columns=names):
            return [*names]
        case _:
            return [vars(subject)["column"]] if "column" in vars(subject) else []


def _holds(rule: Rule, seen: float | bool | None) -> bool:
    if seen is None or isinstance(seen, bool):
        return seen is True
    return all(_compared(one, seen) for one in rule.comparisons)


def _compared(comparison: Comparison, seen: float) -> bool:
    limit = comparison.limit
    if comparison.operator in ("in", "not in"):
        return (seen in (limit.values or ())) == (comparison.operator == "in")
    return _OPERATORS[comparison.operator](seen, limit.offset)


def _violation(at: _Measuring, subject: Check, measured: Measured) -> Violation:
    fact = f"`{at.rule.text}` does not hold"
    if subject.measure != "truth":
        fact += f": {_worded(subject, measured.seen)}"
    elif measured.failing is not None:
        fact += f" in {int(measured.failing.sum()):,} of {len(measured.failing):,} rows"
    failing = np.zeros(len(at.frame), dtype=bool) if measured.failing is None else measured.failing
    return Violation(fact, _HINT, rule=at.rule.id, columns=measured.columns, rows=at.typed.numbers[failing])


def _worded(subject: Check, seen: float | bool | None) -> str:
    if seen is None:
        return "there is no value to measure"
    match subject.measure:
        case "ratio":
            return f"it is {seen:.4%}"
        case "duration":
            return f"it is {timedelta(seconds=round(seen))}"
        case "count":
            return f"it is {seen:,}"
        case _:
            return f"it is {seen:.6g}"


def _measured(subject: Check, at: _Measuring) -> Measured:
    match subject:
        case Rows():
            return Measured(len(at.frame))
        case MissingShare(column=name):
            missing = at.frame[name].isna().to_numpy()
            return Measured(float(missing.mean()), missing, (name,))
        case Unique(columns=names):
            failing = _repeated(at.stage, at.frame, names)
            return Measured(not failing.any(), failing, names)
        case MeanOf(column=name):
            return Measured(_finite(at.numbers(name).mean()))
        case StandardDeviation(column=name):
            return Measured(_finite(at.numbers(name).std()))
        case Quantile(column=name, share=share):
            return Measured(_finite(at.numbers(name).quantile(share)))
        case Distinct(column=name):
            return Measured(int(_hashable(at.stage, at.frame, [name])[name].nunique()))
        case Matches(column=name, pattern=pattern):
            return _matched(at, name, pattern)
        case Age():
            return Measured(_age(at))
        case PythonCheck(name=name):
            return _called(at, name)
    raise TypeError(f"no way to measure {subject!r}")


def _matched(at: _Measuring, name: str, pattern: str) -> Measured:
    try:
        matches = at.frame[name].astype(object).str.fullmatch(pattern, na=True).to_numpy(dtype=bool)
    except re.error as error:
        fact = f"`{pattern}` is no regular expression: {error}"
        raise StageFailure(fact, "correct it; see the documentation of Python's `re`", rule=at.rule.id) from error
    return Measured(bool(matches.all()), ~matches, (name,))


def _age(at: _Measuring) -> float | None:
    if at.stage.settings.time is None:
        raise StageFailure("`age` needs the time of the rows", "say which column it is: `time = …`", rule=at.rule.id)
    newest = at.frame[at.stage.settings.time].max()
    if pd.isna(newest):
        return None
    zone = at.stage.settings.zone
    now = moment(at.stage.settings.as_of or datetime.fromtimestamp(clock.now(), UTC), zone)
    return float((now - moment(newest, zone)).total_seconds())


def _called(at: _Measuring, name: str) -> Measured:
    returned = call(at.project, name, at.frame.copy(), rule=at.rule.id)
    if isinstance(returned, bool | np.bool_):
        return Measured(bool(returned))
    truths = _truths(returned)
    if truths is None or len(truths) != len(at.frame):
        kind = f"`{type(returned).__name__}`" + ("" if truths is None else f" of {len(truths):,} truth values")
        fact = f"`{name}` returned a {kind}, expected true, false or a truth value for each of {len(at.frame):,} rows"
        raise StageFailure(fact, "return `bool`, or a Series of `bool` as long as the DataFrame", rule=at.rule.id)
    return Measured(bool(truths.all()), ~truths)


def _truths(returned: object) -> NDArray[np.bool_] | None:
    """A truth value for each row, missing ones as false; None for anything else."""
    if not isinstance(returned, pd.Series | np.ndarray | list | tuple):
        return None
    values = pd.Series(returned)
    if pd.api.types.infer_dtype(values, skipna=True) != "boolean":
        return None
    return values.astype("boolean").to_numpy(dtype=bool, na_value=False)


def _repeated(stage: DataStage, frame: pd.DataFrame, names: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows have the values of another row in these columns; missing equals missing."""
    return _hashable(stage, frame, names).duplicated(keep=False).to_numpy()


def _hashable(stage: DataStage, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    vectors = {column.name for column in stage.columns if column.type["function"] == "vector"}.intersection(names)
    tuples = {name: frame[name].map(tuple, na_action="ignore") for name in sorted(vectors)}
    return frame[[*names]].assign(**tuples)


def _finite(value: float | np.floating[Any]) -> float | None:
    return float(value) if np.isfinite(value) else None
