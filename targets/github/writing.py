"""Workflows as YAML that a reader of YAML 1.1 and one of 1.2 understand alike, with a reason beside each permission."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from mlopsc.targets.github.expressions import Expr, Mixed, rendered
from mlopsc.targets.github.model import Concurrency, Job, Permission, Step, Text, Value, Workflow
from mlopsc.targets.github.overlays import lay
from mlopsc.targets.github.pins import Pin
from mlopsc.targets.yaml_text import dumped, lines_of, safe_text

_INDENT = 6
"""Of what a job's token may do."""


def workflow_text(
    workflow: Workflow,
    pins: Mapping[str, Pin],
    runner: Sequence[str],
    header: Sequence[str],
    overlay: CommentedMap | None = None,
    known: dict[str, str] | None = None,
) -> str:
    """The file of a workflow, with what is laid over it; the same bytes for the same workflow, pins and overlay.

    `known` keeps what has been written of steps for the next workflow, whose steps are much the same. Raises
    OwnFileProblem for an overlay that cannot be followed.
    """
    body = CommentedMap()
    body["name"] = _text(workflow.name)
    body[DoubleQuotedScalarString("on")] = _value(workflow.triggers)
    body["permissions"] = CommentedMap()
    body["permissions"].fa.set_flow_style()
    if workflow.concurrency:
        body["concurrency"] = _concurrency(workflow.concurrency)
    if workflow.env:
        body["env"] = _value(workflow.env)
    jobs = body["jobs"] = CommentedMap({job.id: _job(job, runner) for job in workflow.jobs})
    for place, job in enumerate(workflow.jobs):
        jobs[job.id]["steps"] = place if overlay is None else [_step(step, pins) for step in job.steps]
    if overlay is not None:
        lay(overlay, body, pins)
    for above, key in [(body, "permissions"), (body, "jobs"), *((jobs, job.id) for job in workflow.jobs[1:])]:
        above.yaml_set_comment_before_after_key(key, before="\n")
    comment = "".join(f"# {_in_one_line(line)}".rstrip() + "\n" for line in header)
    text = dumped(body)
    if overlay is None:
        text = _with_steps(text, workflow.jobs, pins, {} if known is None else known)
    return comment + re.sub(r"\n\s*\n\n+", "\n\n", text)


def _with_steps(text: str, jobs: Sequence[Job], pins: Mapping[str, Pin], known: dict[str, str]) -> str:
    """The text of a workflow, with steps where there is the number of their job: equal ones are written once."""
    steps = {key: step for job in jobs for step in job.steps if (key := repr(step)) not in known}
    if steps:
        items = re.split(r"^(?=  - )", dumped([_step(step, pins) for step in steps.values()]), flags=re.MULTILINE)
        known |= zip(steps, (indent(one, "    ") for one in items[1:]), strict=True)

    def written(match: re.Match[str]) -> str:
        return "    steps:\n" + "".join(known[repr(step)] for step in jobs[int(match[1])].steps)

    return re.sub(r"^    steps: (\d+)\n", written, text, flags=re.MULTILINE)


def _in_one_line(text: str) -> str:
    """Text of a spec for a comment, which ends with its line: what ends one for some reader is written out."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _job(job: Job, runner: Sequence[str]) -> CommentedMap:
    found = CommentedMap()
    found["name"] = _text(job.name)
    if job.needs:
        found["needs"] = list(job.needs)
    if job.condition:
        found["if"] = _text(job.condition)
    found["runs-on"] = _text(runner[0]) if len(runner) == 1 else _value(runner)
    found["timeout-minutes"] = job.minutes
    if job.may_fail:
        found["continue-on-error"] = True
    if job.environment:
        found["environment"] = _text(job.environment)
    if job.concurrency:
        found["concurrency"] = _concurrency(job.concurrency)
    found["permissions"] = _permissions(job.permissions)
    if job.folder:
        found["defaults"] = {"run": {"working-directory": _text(job.folder)}}
    if job.outputs:
        found["outputs"] = _value(job.outputs)
    if job.env:
        found["env"] = _value(job.env)
    if job.services:
        found["services"] = _value(job.services)
    return found


def _concurrency(concurrency: Concurrency) -> dict[str, Any]:
    return {"group": _text(concurrency.group), "cancel-in-progress": _value(concurrency.cancels)}


def _permissions(permissions: Sequence[Permission]) -> CommentedMap:
    found = CommentedMap()
    widest = max((len(f"{one.scope}: {one.access}") for one in permissions), default=0)
    for one in permissions:
        found[one.scope] = one.access
        found.yaml_add_eol_comment(one.why, one.scope, column=_INDENT + widest + 2)
    if not permissions:
        found.fa.set_flow_style()
    return found


def _step(step: Step, pins: Mapping[str, Pin]) -> CommentedMap:
    found = CommentedMap()
    found["id"] = step.id
    found["name"] = _text(step.name)
    if step.condition:
        found["if"] = _text(step.condition)
    if step.may_fail:
        found["continue-on-error"] = True
    if step.uses:
        pin = pins[step.uses]
        found["uses"] = f"{pin.action}@{pin.commit}"
        found.yaml_add_eol_comment(pin.version, "uses")
    if step.given:
        found["with"] = _value(step.given)
    if step.env:
        found["env"] = _value(step.env)
    if step.run:
        found["run"] = _script(step.run)
    return found


def _script(script: str) -> str:
    """A script as a block, unless it is one plain line: nobody wants to read escaped quotes."""
    text = safe_text(script)
    return text if "\n" not in script and text is script else lines_of(script.rstrip("\n") + "\n")


def _value(value: Value) -> Any:
    match value:
        case str() | Expr() | Mixed():
            return _text(value)
        case Mapping():
            return CommentedMap({safe_text(name): _value(one) for name, one in value.items()})
        case Sequence():
            return [_value(one) for one in value]
        case _:
            return value


def _text(value: Text) -> str:
    return safe_text(rendered(value))
