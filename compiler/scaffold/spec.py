"""The text of new specs and of the blocks that `add` appends."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mlopsc.compiler.scaffold.baselines import written
from mlopsc.compiler.scaffold.guesses import TESTED, ColumnGuess, TableGuess
from mlopsc.compiler.syntax.literals import ESCAPES

if TYPE_CHECKING:
    from jinja2 import Template

ESTIMATORS = {
    "regression": "ensemble.HistGradientBoostingRegressor",
    "binary": "ensemble.HistGradientBoostingClassifier",
    "multiclass": "ensemble.HistGradientBoostingClassifier",
}
AIMS = {
    "regression": "minimize mae(validation)",
    "binary": "maximize roc_auc(validation)",
    "multiclass": "maximize accuracy(validation)",
}

_WORDS = frozenset({"true", "false", "none", "and", "or", "not", "in"})
_ESCAPED = {char: f"\\{letter}" for letter, char in ESCAPES.items() if char != "$"}
_LONGEST_COMMENT = 100
_LEAST_SHARE = 0.5
"""How much of the rows must be there: what is less was cut off. A rehearsal begins with four fifths of them."""
_PROVABLE = 100
"""With fewer test rows no mean is proven (see docs/statistics.md)."""


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
    environment.filters.update(name=quoted_name, text=quoted_text, comment=one_line, python=_python_text)
    return environment.get_template(name)


def quoted_name(name: str) -> str:
    """A name as it is written in a spec: in backticks unless it is an identifier that is no literal."""
    return name if name.isidentifier() and name not in _WORDS else f"`{name}`"


def quoted_text(text: str) -> str:
    """A text as it is written in a spec."""
    escaped = "".join(_ESCAPED.get(char, char) for char in text).replace("${", "\\${")
    return f'"{escaped}"'


def _python_text(text: str) -> str:
    """A text as Python writes it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def one_line(text: str) -> str:
    """A text as it may stand in a comment: on one line, and not too long for it."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_COMMENT else f"{flat[:_LONGEST_COMMENT]}…"


def identifier(text: str, otherwise: str, taken: Collection[str] = ()) -> str:
    """An identifier made of a text, such as a folder's name; `otherwise` where it would be none, or is taken."""
    name = re.sub(r"\W+", "_", text.lower()).strip("_")
    return name if name.isidentifier() and name not in _WORDS and name not in taken else otherwise


def project_spec(
    name: str, guess: TableGuess, path: str, options: Mapping[str, str], features: str, owner: str = ""
) -> str:
    """A spec with data, train and test stages for a table at `path`.

    `options` are those of its source beside the path; `features` is the file of the class `Calendar`.
    """
    model = f"{identifier(guess.target, 'target')}_model"
    text = _template("pipeline.mlops.j2").render(
        pipeline=name,
        owner=owner,
        guess=guess,
        source="parquet" if path.lower().endswith((".parquet", ".pq")) else "csv",
        path=path,
        options=options,
        features=features,
        columns=[(column, _clauses(column)) for column in guess.columns],
        estimator=ESTIMATORS[guess.task],
        aim=AIMS[guess.task],
        data=identifier(PurePosixPath(path).name.split(".")[0], "rows", taken={"gate", "dev", model}),
        model=model,
        better="<=" if guess.task == "regression" else ">=",
        tolerance="+ 5%" if guess.task == "regression" else "- 2pp",
        least_rows=written(max(1, int(guess.rows * _LEAST_SHARE)), exact=True),
        undecided=guess.task == "regression" and guess.rows * TESTED < _PROVABLE,
    )
    return _formatted(text)


def block(kind: str, **names: str) -> str:
    """The text of a block that `add` appends: `environment`, `release`, `monitor` or `score`."""
    return _formatted(_template(f"{kind}.mlops.j2").render(**names))


def _formatted(text: str) -> str:
    from mlopsc.compiler.program import vocabulary_of
    from mlopsc.compiler.syntax.formatter import format_file
    from mlopsc.compiler.syntax.parser import parse
    from mlopsc.compiler.text import SourceFile
    from mlopsc.stdlib import registry

    return format_file(parse(SourceFile("pipeline.mlops", text), vocabulary_of(registry())))


def feature_module(guess: TableGuess) -> str:
    """The text of the `features.py` that turns a time into numbers, and leaves personal data out."""
    return _template("features.py.j2").render(personal=[one.name for one in guess.columns if one.role == "pii"])


def _clauses(column: ColumnGuess) -> str:
    role = f"role {column.role}" if column.role else ""
    missing = f"missing <= {round(column.missing * 100)}%" if column.missing else ""
    within = f" in {column.within}" if column.within else ""
    if role and missing:
        return f"{within} {role}, {missing}"
    return f"{within} {role}{', ' if missing else ''}{missing}".rstrip() if role or missing else within
