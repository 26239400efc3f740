"""Rules about latency: single rows, one after the other, on this machine."""

from __future__ import annotations

import os
import platform
import time
from math import ceil, log
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.metrics import Latency, quantile_of
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.statistics.estimates import FEWEST_CALLS
from mlopsc.stdlib.runtime.statistics.gates import LATENCY_LEVEL, judge
from mlopsc.stdlib.runtime.statistics.inputs import Latencies
from mlopsc.stdlib.runtime.statistics.judgements import Requirement, Verdict
from mlopsc.stdlib.runtime.test.gate import Gate
from mlopsc.stdlib.runtime.test.results import RuleResult, told
from mlopsc.stdlib.test import RequireTest

KIND = "latency"
WARM_UPS = 20
_BUSY = 0.1  # of the time; more waiting, and it is the machine that was measured
_ROOM = 1.5  # times the calls that a clean run needs, so that a few slow ones do not leave it undecided


def judge_latency(gate: Gate, rule: Rule) -> RuleResult:
    """The verdict on one rule about latency; only advice on a hosted runner or where other work kept it waiting."""
    latency = Latency.model_validate(rule.subject)
    clauses = RequireTest.model_validate(rule.clauses)
    share = quantile_of(latency.percentile)
    comparison = rule.comparisons[0]
    if comparison.operator not in ("<", "<="):
        raise StageFailure("a latency is held against an upper limit", "use `<=`", rule=rule.id)
    split = "test" if gate.counted else "validation"
    rows = gate.rows_of(split if split in gate.table.splits else "train")
    seconds, waited = time_calls(gate.model_for(split), rows.frame, _calls(share, clauses.at or LATENCY_LEVEL))
    requirement = Requirement("<=", clauses.at)
    judgement = told(judge(Latencies(seconds, share), comparison.limit.offset, requirement), comparison.operator)
    verdict = Verdict(judgement["verdict"])
    figures = ("estimate", "lower", "upper", "provable_limit", "reason")
    return RuleResult(
        rule=rule.id,
        text=rule.text,
        kind=KIND,
        verdict=verdict,
        reason=f"{latency.percentile} of {len(seconds)} single rows on this machine",
        judgements=({name: value for name, value in judgement.items() if name not in figures},),
        advisory=verdict is not Verdict.PASS and (is_hosted() or waited > _BUSY),
        measured={
            **{name: judgement[name] for name in figures},
            "machine": describe_machine(gate.context.threads),
            "waited": round(waited, 3),
        },
    )


def time_calls(model: LoadedModel, rows: pd.DataFrame, calls: int) -> tuple[NDArray[np.float64], float]:
    """The seconds that each of so many predictions of one row takes, (calls,), after 20 that are not counted.

    Also the share of that time in which other work on this machine had the processor.
    """
    single = [rows.iloc[[place]] for place in np.linspace(0, len(rows) - 1, min(calls, len(rows))).astype(int)]
    for call in range(WARM_UPS):
        model.predict(single[call % len(single)])
    taken = np.empty(calls)
    waited = _seconds_waited()
    for call in range(calls):
        row = single[call % len(single)]
        begun = time.perf_counter()
        model.predict(row)
        taken[call] = time.perf_counter() - begun
    return taken, (_seconds_waited() - waited) / float(taken.sum())


def _seconds_waited() -> float:
    """How long this thread was ready to run and had no processor; 0 where the system does not tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _calls(share: float, level: float) -> int:
    return max(FEWEST_CALLS, ceil(_ROOM * log(1 - level) / log(share)))


def is_hosted() -> bool:
    """Whether this is a hosted runner, whose speed depends on others."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def describe_machine(threads: int) -> dict[str, Any]:
    """What the calls were timed on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "threads": threads,
    }
