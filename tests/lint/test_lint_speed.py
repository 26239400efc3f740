"""No rule of the linter makes somebody wait who types: each looks at 1,000 lines in a few milliseconds."""

from __future__ import annotations

import time
from functools import cache

import pytest

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.lint import rules
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

MOST = 0.010
"""CPU seconds that a rule may take of the 0.050 that a keystroke may take; the slowest takes a twentieth of that."""

GROUP = """\
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
HEAD = (
    "pipeline p {}\n\nenvironment dev {}\nenvironment stage { follows = dev }\nenvironment prod { follows = stage }\n\n"
)


@cache
def program() -> LintedProgram:
    text = HEAD + "".join(GROUP.format(i=i) for i in range(46))
    state = Compilation(MemoryWorkspace({"pipeline.mlops": text, "rows.csv": ""}), registry())
    assert not state.has_errors
    return LintedProgram(state.model, state.workspace.exists)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code.title)
def test_a_rule_is_fast(rule: type[LintRule]) -> None:
    taken = MOST
    for _ in range(6):  # the first is for what is kept, and a busy machine may hit some
        begun = time.process_time()
        list(rule().check(program()))
        taken = min(taken, time.process_time() - begun)
    assert taken < MOST
