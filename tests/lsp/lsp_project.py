"""A small project to edit: a spec, its rows and its Python."""

from __future__ import annotations

from pathlib import Path

SPEC = """\
pipeline bikes { owner = "team@example.com" }

environment dev { platform = local() }

limit = 45

data rides {
  source = csv("rides.csv")
  target = bikers
  time   = at
  unit   = block(7d)

  schema {
    at:     timestamp
    hr:     int in 0..23
    season: category
    bikers: int
  }
  check rows >= 10
  split = by_time(train = 70%, validation = 10%, test = 20%, gap = 1d)
}

train demand {
  data      = rides
  estimator = sklearn("linear_model.Ridge", alpha = 0.5)
  minimize mae(validation)
}

test demand_gate {
  model = demand
  require mae(test) <= limit at 95% assuming 33
}
"""

PREP = '''\
def widen(rows):
    """Adds a column."""
    return rows


class Calendar:
    def fit(self, rows, target=None):
        return self

    def transform(self, rows):
        return rows
'''


def write_project(folder: Path, spec: str = SPEC) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.mlops").write_text(spec, "utf-8")
    (folder / "rides.csv").write_text("at,hr,season,bikers\n2011-01-01T00:00Z,0,winter,16\n", "utf-8")
    (folder / "prep.py").write_text(PREP, "utf-8")
    (folder / "requirements.lock").write_text("", "utf-8")
    return folder
