"""What no stage function does yet is refused at its place, never ignored; what is only declared passes."""

from __future__ import annotations

import pytest

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.schema.declarations import StageKind
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

SPEC = """\
pipeline churn {
  language = 1
  owner    = "growth@example.com"
}

data customers {
  source = csv("customers.csv")
  target = left
  time   = since
  schema {
    since: date
    left:  bool
    spent: float
  }
  check rows >= 100
  split = by_time(train = 60%, validation = 20%, test = 20%)
}

train churn {
  data      = customers
  estimator = sklearn("linear_model.LogisticRegression")
  features  = python("code.py:Dates")
  maximize accuracy(validation)
}

test gate {
  model = churn
  require accuracy(test) >= 0.7 at 95%
  require accuracy(test) >= champion * 99% at 95%
}

release api {
  model = churn
  gate  = gate
}

monitor live {
  release = api
  watch uptime >= 99.9% over 30d
}
"""
CODE = """\
from sklearn.base import BaseEstimator, TransformerMixin


class Dates(TransformerMixin, BaseEstimator):
    def fit(self, rows, y=None):
        return self

    def transform(self, rows):
        return rows


def gain(y, predicted):
    return 1.0
"""
FILES = {"customers.csv": "", "code.py": CODE, "train.py": "", "requirements.txt": ""}

LOGISTIC = 'estimator = sklearn("linear_model.LogisticRegression")'
SPLIT = "split = by_time(train = 60%, validation = 20%, test = 20%)"
REQUIRE = "require accuracy(test) >= 0.7 at 95%"
CASES = {
    "rolling": (SPLIT, "split = rolling(train = 60%, validation = 20%, test = 20%, windows = 3)"),
    "every": ("time   = since", "time   = since\n  refresh = every(1d)"),
    "script": (LOGISTIC, 'estimator = script("train.py")'),
    "halving": (LOGISTIC, f"{LOGISTIC}\n  search = halving(C = [0.1, 1])"),
    "threshold": (LOGISTIC, f"{LOGISTIC}\n  decide = threshold(30%)"),
    "calibrate": (LOGISTIC, f"{LOGISTIC}\n  calibrate = isotonic"),
    "init": (LOGISTIC, f"{LOGISTIC}\n  init = champion"),
    "cost": (REQUIRE, "require cost(test, false_positive = 1, false_negative = 5) <= 2 at 95%"),
    "python": (REQUIRE, 'require python(test, "code.py:gain") >= 2 at 95%'),
}
WITHOUT_FUNCTIONS = {"decide"}
"""Settings that can only be written with a function: `decide` has only `threshold`."""


def refusals(spec: str) -> list[tuple[str, str]]:
    """What the local target refuses: the place's text and the message."""
    compilation = Compilation(MemoryWorkspace({**FILES, "pipeline.mlops": spec}), registry())
    assert [f"{one.location}: {one.message}" for one in compilation.diagnostics if one.is_error] == []
    found = compilation.diagnostics_for(["local"])
    refused = [one for one in found if one.code.id == "E601"]
    assert (compilation.emit(["local"]) == []) == bool(refused)
    return [(one.location.text, one.message) for one in refused]


def test_what_runs_is_not_refused_and_what_is_only_declared_neither() -> None:
    assert refusals(SPEC) == []


@pytest.mark.parametrize("word", CASES)
def test_what_does_not_run_is_refused_at_its_place(word: str) -> None:
    old, new = CASES[word]
    found = refusals(SPEC.replace(old, new))
    assert len(found) == 1
    place, message = found[0]
    assert word in place
    assert message.endswith("is not run by this version of mlopsc")


def test_every_declaration_that_does_not_run_has_a_case() -> None:
    declared = list(registry().all())
    words = {one.word for one in declared if not one.runs}
    run_kinds = [one for one in declared if isinstance(one, type) and issubclass(one, StageKind) and one.runtime]
    words |= {word for kind in run_kinds for word, parameter in kind.accepts().items() if not parameter.runs}
    assert words - CASES.keys() == WITHOUT_FUNCTIONS


def test_what_runs_instead_is_said() -> None:
    old, new = CASES["rolling"]
    compilation = Compilation(MemoryWorkspace({**FILES, "pipeline.mlops": SPEC.replace(old, new)}), registry())
    (refused,) = (one for one in compilation.diagnostics_for(["local"]) if one.code.id == "E601")
    assert refused.hint == "These run: `by_group`, `by_time`, `random`, `stratified`."


def test_a_page_shows_a_spec_that_is_refused_and_one_that_is_not() -> None:
    page = pages()["E601"]
    for example, count in [(page.wrong[0], 1), (page.right[0], 0)]:
        spec = f"pipeline p {{\n  language = 1\n}}\n{example}"
        compilation = Compilation(MemoryWorkspace({"rides.csv": "", "pipeline.mlops": spec}), registry())
        codes = [one.code.id for one in compilation.diagnostics_for(["local"]) if one.is_error]
        assert codes == ["E601"] * count
