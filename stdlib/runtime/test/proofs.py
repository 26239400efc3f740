"""Rules that the project proves by itself: its own tests, or a function of the model and the rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.usercode import failure_of, load_callable
from mlopsc.stdlib.runtime.statistics.judgements import Verdict
from mlopsc.stdlib.runtime.test.gate import Gate
from mlopsc.stdlib.runtime.test.results import RuleResult, undecided
from mlopsc.stdlib.test import Pytest, PythonProof

KIND = "proof"
_SHOWN = 20
_READ = 100_000


def judge_proof(gate: Gate, rule: Rule) -> RuleResult:
    """The verdict on `pytest(…)` or `python(…)`; raises StageFailure when it cannot be asked."""
    subject = rule.subject or {}
    if subject["function"] == Pytest.word:
        return _run_pytest(gate, rule, Pytest.model_validate(subject).path)
    return _ask_function(gate, rule, PythonProof.model_validate(subject).name)


def _run_pytest(gate: Gate, rule: Rule, path: str) -> RuleResult:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no", path]
    code, lines = _run(command, gate)
    last, tail = lines[-1].strip("= "), tuple(lines[-_SHOWN:])
    if last.endswith("No module named pytest"):
        raise StageFailure("pytest is not installed", "install it where mlopsc is installed", rule=rule.id)
    match code:
        case 0:
            return RuleResult(rule.id, rule.text, KIND, Verdict.PASS, _counts(last))
        case 1:
            return RuleResult(rule.id, rule.text, KIND, Verdict.FAIL, _counts(last), tail=tail)
        case 5:
            return RuleResult(rule.id, rule.text, KIND, Verdict.FAIL, f"there are no tests in `{path}`", tail=tail)
    fact = f"pytest could not run `{path}`: {last}"
    raise StageFailure(fact, f"try `{' '.join(['python', *command[1:]])}`", details="\n".join(tail), rule=rule.id)


def _run(command: Sequence[str], gate: Gate) -> tuple[int, list[str]]:
    """The exit code of a command in the project, and the last lines that it printed."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": _search_path(gate)}
    with (gate.context.scratch / "output.txt").open("w+b") as output:
        done = subprocess.run(
            command, cwd=gate.context.project, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
        output.seek(max(0, output.tell() - _READ))
        text = output.read().decode("utf-8", "replace")
    print(text)
    return done.returncode, [line for line in text.splitlines() if line.strip()] or ["nothing was printed"]


def _counts(last: str) -> str:
    """`3 passed`, without the time it took: that would make equal results differ."""
    return last.partition(" in ")[0]


def _search_path(gate: Gate) -> str:
    known: Sequence[str] = [
        str(gate.context.project),
        *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)),
    ]
    return os.pathsep.join(dict.fromkeys(known))


def _ask_function(gate: Gate, rule: Rule, name: str) -> RuleResult:
    split = "test" if gate.counted else "validation"
    if split not in gate.table.splits:
        return undecided(rule, KIND, gate.without(split))
    function = load_callable(gate.context.project, name)
    try:
        answer = function(gate.model_for(split), gate.rows_of(split).frame)
    except AssertionError as error:
        told = str(error).split("\n")[0]
        return RuleResult(rule.id, rule.text, KIND, Verdict.FAIL, told or f"an assertion in `{name}` does not hold")
    except (Exception, SystemExit) as error:
        raise failure_of(error, gate.context.project, f"`{name}`") from error
    if not isinstance(answer, bool | np.bool_):
        raise StageFailure(f"`{name}` returned a `{type(answer).__name__}`", "return true or false", rule=rule.id)
    reason = f"`{name}` returned {str(bool(answer)).lower()}"
    return RuleResult(rule.id, rule.text, KIND, Verdict.PASS if answer else Verdict.FAIL, reason)
