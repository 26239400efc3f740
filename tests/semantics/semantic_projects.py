"""Small projects to check specs in: files and Python beside them, and stages that a fragment may refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.program import read_program
from mlopsc.compiler.semantics.analysis import analyse
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.semantics.reader import WorkspaceReader
from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

PREP = """
LIMIT = 5

def add_timestamp(rows):
    return rows

def merge(rides, weather):
    return rides

def widen(rows, by=2):
    return rows

async def fetch(rows):
    return rows

def load():
    return None

def strict(rows, *, mode):
    return rows
"""

FEATURES = """
class Calendar:
    def __init__(self, week: bool = True, depth: int | None = None):
        self.week = week

    def fit(self, rows, target=None):
        return self

    def transform(self, rows):
        return rows

class Half:
    def fit(self, rows, target=None):
        return self

class Needy(Calendar):
    def __init__(self, zone):
        self.zone = zone
"""

METRICS = """
def rmsle(truth, predicted):
    return 0.0

def three(a, b, c):
    return 0.0
"""

MODEL = """
def pipeline(depth: int = 3, **others):
    return None

def fixed(depth: int = 3):
    return None
"""

FILES: Mapping[str, str] = {
    "data/rides.csv": "at,hr,bikers\n",
    "data/weather.csv": "day,temp\n",
    "data/customers.csv": "customer,age,left\n",
    "prep.py": PREP,
    "features.py": FEATURES,
    "checks.py": "def plausible(rows):\n    return True\n",
    "metrics.py": METRICS,
    "model.py": MODEL,
    "broken.py": "def f(:\n",
    "tests/test_prep.py": "def test_nothing() -> None: ...\n",
    "requirements.lock": "",
}

STAGES: Mapping[str, str] = {
    "rides": """
data rides {
  source  = csv("data/rides.csv")
  time    = at
  target  = bikers
  outcome = independent
  schema {
    at:         timestamp
    hr:         int in 0..23 role calendar
    weathersit: category
    email:      text role pii
    temp:       float in 0..1
    bikers:     int in 0..
  }
  check rows >= 1_000
  split = by_time(train = 70%, validation = 10%, test = 20%)
}
""",
    "demand": """
train demand {
  data      = rides
  estimator = sklearn("ensemble.HistGradientBoostingRegressor", random_state = 7)
}
""",
    "gate": """
test gate {
  model = demand
  require mae(test) <= 45 at 95%
}
""",
    "api": """
release api {
  model = demand
  gate  = gate
}
""",
    "customers": """
data customers {
  source = csv("data/customers.csv")
  target = left
  schema {
    customer: text role id
    age:      int
    left:     bool
  }
  check rows >= 1_000
  split = random(train = 70%, validation = 10%, test = 20%)
}
""",
    "churn": """
train churn {
  data      = customers
  estimator = sklearn("linear_model.LogisticRegression")
}
""",
    "churn_gate": """
test churn_gate {
  model = churn
  require accuracy(test) >= 80% at 95%
}
""",
    "flowers": """
data flowers {
  source = csv("data/rides.csv")
  target = kind
  schema {
    width: float
    kind:  category in ["setosa", "versicolor", "virginica"]
  }
  check rows >= 100
  split = random(train = 70%, validation = 10%, test = 20%)
}
""",
    "species": """
train species {
  data      = flowers
  estimator = sklearn("linear_model.LogisticRegression")
}
""",
}
"""Stages that a fragment may name without declaring them."""

_DEFINED = re.compile(r"^(?:data|train|test|release|monitor|score)\s+(\w+)", re.MULTILINE)


def completed(fragment: str) -> str:
    """A fragment with a pipeline and the stages that it names, directly or through others, after it."""
    text = fragment if re.search(r"^pipeline\b", fragment, re.MULTILINE) else f"{fragment}\npipeline example {{}}\n"
    defined = set(_DEFINED.findall(text))
    added = True
    while added:
        added = False
        for name, stage in STAGES.items():
            if name not in defined and re.search(rf"(?<!\w){name}(?!\w)", _uncommented(text)):
                text += stage
                defined.add(name)
                added = True
    return text


def _uncommented(text: str) -> str:
    return re.sub(r'"[^"\n]*"|#.*', "", text)


@cache
def standard_reader() -> WorkspaceReader:
    """The project with the files above."""
    return WorkspaceReader(MemoryWorkspace(dict(FILES)))


def model_of(text: str, files: Mapping[str, str] | None = None) -> SemanticModel:
    """What a spec means, in the project above with more files."""
    workspace = MemoryWorkspace({**FILES, **(files or {}), "main.mlops": text})
    program = read_program(workspace, registry(), "main.mlops", {})
    assert not program.problems, program.problems
    return analyse(program.files, registry(), standard_reader() if not files else WorkspaceReader(workspace))


def all_diagnostics(text: str, files: Mapping[str, str] | None = None) -> list[Diagnostic]:
    """Everything that is wrong with a spec, its syntax included."""
    model = model_of(text, files)
    syntax = [found for file in model.files for found in syntax_diagnostics(file)]
    return sorted([*syntax, *model.diagnostics], key=lambda found: found.order)


def described(diagnostics: list[Diagnostic]) -> str:
    """Messages as one text, for assertions that fail."""
    return "\n".join(f"{found.location}: {found.code.id} {found.message} [{found.label}]" for found in diagnostics)
