"""The text of new specs and of the blocks that `add` appends."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mlopsc.compiler.scaffold.guesses import ColumnGuess, TableGuess

if TYPE_CHECKING:
    from jinja2 import Template

_ESTIMATORS = {
    "regression": "ensemble.HistGradientBoostingRegressor",
    "binary": "ensemble.HistGradientBoostingClassifier",
    "multiclass": "ensemble.HistGradientBoostingClassifier",
}
_AIMS = {
    "regression": "minimize mae(validation)",
    "binary": "maximize roc_auc(validation)",
    "multiclass": "maximize accuracy(validation)",
}


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mlopsc.compiler.scaffold"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the result is a spec, not HTML; names and texts are quoted by the filters below
    )
    environment.filters.update(name=quoted_name, text=quoted_text)
    return environment.get_template(name)


def quoted_name(name: str) -> str:
    """A name as it is written in a spec: in backticks unless it is an identifier that is no literal."""
    plain = name.isidentifier() and name not in {"true", "false", "none", "and", "or", "not", "in"}
    return name if plain else f"`{name}`"


def quoted_text(text: str) -> str:
    """A text as it is written in a spec."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${").replace("\n", "\\n")
    return f'"{escaped}"'


def identifier(text: str, otherwise: str) -> str:
    """An identifier made of a text, such as a folder's name."""
    name = re.sub(r"\W+", "_", text.lower()).strip("_")
    return name if name.isidentifier() else otherwise


def project_spec(name: str, guess: TableGuess, path: str) -> str:
    """A spec with data, train and test stages for a table."""
    text = _template("pipeline.mlops.j2").render(
        pipeline=name,
        guess=guess,
        source="parquet" if path.endswith((".parquet", ".pq")) else "csv",
        path=path,
        columns=[(column, _clauses(column)) for column in guess.columns],
        estimator=_ESTIMATORS[guess.task],
        aim=_AIMS[guess.task],
        data=identifier(PurePosixPath(path).stem, "rows"),
        model=identifier(f"{guess.target}_model", "model"),
        better="<=" if guess.task == "regression" else ">=",
        tolerance="+ 5%" if guess.task == "regression" else "- 2pp",
        least_rows=max(1, int(guess.rows * 0.9)),
    )
    return _formatted(text)


def block(kind: str, **names: str) -> str:
    """The text of a `release`, `monitor` or `environment` block."""
    return _formatted(_template(f"{kind}.mlops.j2").render(**names))


def _formatted(text: str) -> str:
    from mlopsc.compiler.program import vocabulary_of
    from mlopsc.compiler.syntax.formatter import format_file
    from mlopsc.compiler.syntax.parser import parse
    from mlopsc.compiler.text import SourceFile
    from mlopsc.stdlib import registry

    return format_file(parse(SourceFile("pipeline.mlops", text), vocabulary_of(registry())))


def feature_module() -> str:
    """The text of the `features.py` that turns a time into numbers."""
    return _template("features.py.j2").render()


def _clauses(column: ColumnGuess) -> str:
    role = f"role {column.role}" if column.role else ""
    missing = f"missing <= {round(column.missing * 100)}%" if column.missing else ""
    within = f" in {column.within}" if column.within else ""
    if role and missing:
        return f"{within} {role}, {missing}"
    return f"{within} {role}{', ' if missing else ''}{missing}".rstrip() if role or missing else within
