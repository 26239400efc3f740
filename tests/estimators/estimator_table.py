"""Reads scikit-learn as it is installed and makes the table that the compiler checks `sklearn(…)` against.

`python tests/estimators/estimator_table.py` writes the table; `test_estimators.py` holds the committed one against it.
"""

from __future__ import annotations

import inspect
import json
import sys
import warnings
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from numbers import Integral
from pathlib import Path
from typing import Any

from numpy import generic
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import get_tags
from sklearn.utils._param_validation import Interval, Options, make_constraint
from sklearn.utils.discovery import all_estimators

TABLE = Path(__file__).parents[2] / "compiler" / "semantics" / "estimators.json"

SIMPLE = {"_NoneConstraint": "none", "_Booleans": "bool", "_RandomStates": "seed", "_VerboseHelper": "verbose"}
"""Constraints that a word says in the table."""


def table() -> dict[str, Any]:
    """The whole table, as it is written."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {_public_name(one): _described(one) for _, one in all_estimators()}
    return {"scikit-learn": version("scikit-learn"), "estimators": dict(sorted(found.items()))}


def text(content: dict[str, Any]) -> str:
    """The table as a file: one estimator a line, so that a diff tells what changed."""
    lines = ",\n".join(f"  {json.dumps(name)}: {_compact(one)}" for name, one in content["estimators"].items())
    head = json.dumps(content["scikit-learn"])
    return f'{{"scikit-learn": {head},\n "estimators": {{\n{lines}\n}}}}\n'


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _public_name(estimator: type) -> str:
    """The shortest module that offers the class, and its name: `ensemble.RandomForestRegressor`."""
    parts = [part for part in estimator.__module__.split(".")[1:] if not part.startswith("_")]
    for length in range(1, len(parts) + 1):
        module = import_module(".".join(["sklearn", *parts[:length]]))
        if getattr(module, estimator.__name__, None) is estimator:
            return ".".join([*parts[:length], estimator.__name__])
    raise LookupError(f"{estimator} is in no public module")


def _described(estimator: type) -> dict[str, Any]:
    tasks = _tasks(estimator)
    if not tasks:
        return {"tasks": []}
    return {
        "tasks": tasks,
        "parameters": {
            name: [_default(parameter), *_allowed(estimator, name)]
            for name, parameter in inspect.signature(estimator).parameters.items()
            if parameter.kind is not parameter.VAR_KEYWORD
        },
    }


def _default(parameter: inspect.Parameter) -> str | None:
    # numpy 1 and 2 write their own numbers differently
    value = parameter.default.item() if isinstance(parameter.default, generic) else parameter.default
    return None if value is parameter.empty else repr(value)


def _tasks(estimator: type) -> list[str]:
    if issubclass(estimator, ClassifierMixin):
        tags = _tags(estimator)
        several = tags is None or tags.classifier_tags is None or tags.classifier_tags.multi_class
        return ["binary", "multiclass"] if several else ["binary"]
    return ["regression"] if issubclass(estimator, RegressorMixin) else []


def _tags(estimator: type) -> Any:
    try:
        return get_tags(estimator())
    except (TypeError, AttributeError):  # it needs another estimator first
        return None


def _allowed(estimator: type, parameter: str) -> list[Any]:
    """What the parameter may be; nothing where something may be given that a spec cannot write."""
    constraints = getattr(estimator, "_parameter_constraints", {}).get(parameter, "no_validation")
    if constraints == "no_validation":
        return []
    found = [word for one in constraints for word in _constraint(make_constraint(one))]
    return [sorted(found, key=json.dumps)] if found else []


def _constraint(constraint: Any) -> Iterable[Any]:
    kind = type(constraint).__name__
    if isinstance(constraint, Interval):
        name = "int" if constraint.type is Integral else "float"
        yield [name, _end(constraint.left), _end(constraint.right), constraint.closed]
    elif isinstance(constraint, Options):
        yield ["among", *sorted(map(str, constraint.options - constraint.deprecated))]
    else:
        yield SIMPLE.get(kind, "other")


def _end(value: Any) -> float | None:
    return None if value is None or abs(value) == float("inf") else value


if __name__ == "__main__":
    TABLE.write_text(text(table()), encoding="utf-8")
    sys.stdout.write(f"wrote {TABLE}\n")
