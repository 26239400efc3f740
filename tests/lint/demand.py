"""A project without a fault, and ways to change it."""

from __future__ import annotations

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.program import vocabulary_of
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.text import SourceFile
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

SPEC = """\
pipeline demand {
  language = 1
  owner    = "mobility-ml@example.com"
}

environment dev { platform = local() }

environment prod {
  follows  = dev
  platform = local()
  traffic  = 20_000 / 1d
}

data rides {
  source = csv("rides.csv")
  time   = at
  unit   = block(7d)
  target = bikers

  schema {
    at:     timestamp
    user:   category
    temp:   float in 0..1
    bikers: int in 0..
  }

  check rows >= 100
  split = by_time(train = 70%, validation = 10%, test = 20%)
}

train demand {
  data      = rides
  features  = python("features.py:Calendar")
  estimator = sklearn("ensemble.HistGradientBoostingRegressor")
  minimize mae(validation)
}

test gate {
  model = demand
  require mae(test) <= 45 at 95%
  require mae(test) <= champion + 5% at 95%
}

release api {
  model    = demand
  gate     = gate
  assign   = user
  strategy = canary(steps = [5%, 50%, 100%], every = 14d)
  require mae(feedback) <= champion + 5% at 95% within 28d
}
"""

DEPLOYED_BLOCKS = (
    """pipeline demand {
  language = 1
  owner    = "mobility-ml@example.com"
  github   = github(repository = "example-org/demand")
}""",
    """analysts = group(github = "@example-org/analysts", aws = "arn:aws:iam::123456789012:role/analysts")""",
    """environment prod {
  follows   = dev
  platform  = aws(region = "eu-west-1", account = "123456789012")
  approvers = ["@example-org/leads"]
  access    = [read(analysts)]
  budget    = 400USD / 1mo
  traffic   = 20_000 / 1d
}""",
    """train demand {
  data      = rides
  features  = python("features.py:Calendar")
  estimator = sklearn("ensemble.HistGradientBoostingRegressor", random_state = 7)
  minimize mae(validation)
}""",
    """test gate {
  model = demand
  require pytest("tests/")
  require mae(test) <= 45 at 95%
  require mae(test) <= champion + 5% at 95%
  require mae(test) <= 60 at 95% by user
}""",
    """release api {
  model    = demand
  gate     = gate
  assign   = user
  strategy = canary(steps = [5%, 50%, 100%], every = 14d)
  require mae(feedback) <= champion + 5% at 95% within 28d
  guard error_rate <= champion * 2
}""",
    """monitor live {
  release = api
  watch stable(features) over 7d, alarms <= 1 / 90d
  watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
  watch uptime >= 99.9% over 30d
  on drift or uptime do notify("ml@example.com")
  on quality do retrain(demand, refresh = rides, cooldown = 7d, limit = 4 / 30d)
}""",
)
"""What makes of the project one that leaves this machine and lacks nothing."""

FEATURES = """\
from sklearn.base import BaseEstimator, TransformerMixin


class Calendar(TransformerMixin, BaseEstimator):
    def fit(self, rows, y=None):
        return self

    def transform(self, rows):
        return rows.drop(columns="at")
"""

FILES = {
    "rides.csv": "",
    "weather.csv": "",
    "features.py": FEATURES,
    "requirements.txt": "pandas==3.0.0\n",
    "mlops.lock": "",
    "tests/test_it.py": "",
}


def compiled(spec: str, without: tuple[str, ...] = (), **files: str) -> Compilation:
    """A spec among the project's files, but for some."""
    texts = {path: text for path, text in {**FILES, **files, "pipeline.mlops": spec}.items() if path not in without}
    return Compilation(MemoryWorkspace(texts), registry())


def found(spec: str, without: tuple[str, ...] = (), **files: str) -> list[Diagnostic]:
    """What is said of a spec."""
    return list(compiled(spec, without, **files).diagnostics)


def changed(*blocks: str, spec: str = SPEC) -> str:
    """The spec with each block in place of the one of its kind and name; a new block is added at the end."""
    texts = {_header(item): _text(item, origin) for item, origin in _items(spec)}
    for block in blocks:
        texts |= {_header(item): _text(item, origin) for item, origin in _items(block)}
    return "\n\n".join(texts.values()) + "\n"


def deployed(*blocks: str) -> str:
    """The spec as it is in a cloud, changed."""
    return changed(*DEPLOYED_BLOCKS, *blocks)


def _items(text: str) -> list[tuple[ast.Item, ast.Origin]]:
    return list(parse(SourceFile("x", text), vocabulary_of(registry())).placed())


def _header(item: ast.Item) -> tuple[str, str]:
    match item:
        case ast.Block(kind=kind, label=label):
            return kind.text, label.text if label else ""
        case ast.Setting(name=name):
            return "", name.text
    return "", str(item.span)


def _text(item: ast.Item, origin: ast.Origin) -> str:
    """The item, with what stands behind it on its last line."""
    at = origin.at(item)
    rest = at.file.text[at.span.end :].partition("\n")[0]
    return at.text + rest
