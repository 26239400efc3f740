"""Specs of any size, for measuring."""

from __future__ import annotations

from pathlib import Path

ENVIRONMENTS = """\
pipeline bench {}

environment dev { platform = local() }
environment stage { follows = dev }
environment prod { follows = stage }

"""


def many_stages(count: int) -> str:
    """A spec with `count` stages: a third each of data, train and test, each chain by itself."""
    parts = [ENVIRONMENTS]
    for i in range(count // 3):
        parts.append(
            f"""\
data rows_{i} {{
  source = csv("rows.csv")
  target = y
  schema {{
    x: float in 0..1
    y: float
  }}
  check rows >= 1
  split = random(train = 60%, validation = 20%, test = 20%)
}}

train model_{i} {{
  data      = rows_{i}
  estimator = sklearn("linear_model.Ridge", alpha = 0.5)
  minimize mae(validation)
}}

test gate_{i} {{
  model = model_{i}
  require mae(test) <= 45 at 95%
}}

"""
        )
    return "".join(parts)


def chain(count: int) -> str:
    """A chain of `count` trivial data stages, each derived from the one before."""
    parts = ["pipeline chain {}\n\nenvironment dev { platform = local() }\n\n"]
    for i in range(count):
        source = 'source    = csv("rows.csv")' if i == 0 else f"from      = [s{i - 1}]"
        parts.append(f"data s{i} {{\n  {source}\n  schema {{ x: int }}\n  check rows >= 1\n}}\n\n")
    return "".join(parts)


def write_project(folder: Path, spec: str) -> Path:
    """A project folder with the spec and the rows that it reads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.mlops").write_text(spec, encoding="utf-8")
    rows = "\n".join(f"{i / 100:.2f},{i % 7}" for i in range(100))
    (folder / "rows.csv").write_text(f"x,y\n{rows}\n" if "y: float" in spec else "x\n1\n2\n3\n", encoding="utf-8")
    (folder / "requirements.lock").write_text("", encoding="utf-8")
    return folder
