"""How a batch went, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable

from mlopsc.stdlib.runtime.score.stage import Scoring

_FINDINGS = 1
Place = Callable[[str, str, str], str]
"""Where in the spec a stage, and a rule or setting of it, is written; "" where that is not known."""


def exit_code(done: Scoring) -> int:
    """0; that of the run that should have made the rows; 1 when the predictions break a check."""
    return done.run.exit_code or (0 if done.put else _FINDINGS)


def told(done: Scoring, place: Place) -> list[str]:
    """Lines for people: what was scored, what to look at, what was written."""
    if done.run.exit_code:
        return [f"✗ {done.stage} in {done.environment}: nothing was written"]
    as_of = f"{done.as_of:%Y-%m-%d %H:%M:%S} UTC"
    sign = "✓" if done.put else "✗"
    lines = [f"{sign} {done.stage} in {done.environment}: {done.rows:,} rows, version {done.version}, as of {as_of}"]
    for message in done.messages:
        lines.append(f"  {message.text}")
        at = place(done.stage, message.rule, message.setting) if message.rule else ""
        lines += [f"  at {at}"] if at else []
        lines += [f"  next: {message.hint}"] if message.hint else []
    return [*lines, f"  {_put(done)}"]


def as_json(done: Scoring) -> str:
    """One JSON object."""
    return json.dumps(
        {
            "stage": done.stage,
            "environment": done.environment,
            "run": done.run.number,
            "version": done.version,
            "as_of": done.as_of.isoformat() if done.as_of else None,
            "rows": done.rows,
            "written": vars(done.put) if done.put else None,
            "messages": [vars(one) for one in done.messages],
            "exit_code": exit_code(done),
        }
    )


def _put(done: Scoring) -> str:
    if done.put is None:
        return "nothing was written"
    if not done.put.changed and not done.put.removed:
        return f"{done.put.place}: it was all there already"
    gone = f", {done.put.removed:,} of before taken out" if done.put.removed else ""
    return f"{done.put.place}: {done.put.changed:,} new or changed{gone}"
