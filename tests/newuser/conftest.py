"""Commands as a newcomer types them, in a small project."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from mlopsc.compiler.cli.main import run

SPEC = """pipeline flowers {}

environment dev { platform = local() }

data flowers {
  source = csv("flowers.csv")
  target = species
  schema {
    width:   float in 0..
    species: category
  }
  check rows >= 100
  split = stratified(train = 60%, validation = 20%, test = 20%)
}

train model {
  data      = flowers
  estimator = sklearn("ensemble.HistGradientBoostingClassifier", random_state = 7)
}

test gate {
  model = model
  require accuracy(test) >= 80% at 95%
  require accuracy(test) >= champion - 2pp at 95%
}
"""

Type = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a spec and its rows."""
    (tmp_path / "pipeline.mlops").write_text(SPEC, encoding="utf-8")
    (tmp_path / "flowers.csv").write_text("width,species\n1.5,a\n", encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("scikit-learn\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


@pytest.fixture
def type_it(capsys: pytest.CaptureFixture[str]) -> Type:
    """Run a line; its exit code, and what it wrote to stdout and stderr."""

    def typed(line: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(shlex.split(line)[1:])
        written = capsys.readouterr()
        return int(code), written.out, written.err

    return typed
