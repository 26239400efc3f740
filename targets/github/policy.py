"""What we ask of every workflow that we write, beyond what GitHub asks: judged on the file, whoever wrote it.

A rule is a generator over a `_File`; `findings` runs them all. The checkers that others make know less of it: none
compares a comment with the pin, asks for a final job, or knows that a plan must not become an artifact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlopsc.targets.github.pins import Pin
from mlopsc.targets.github.uses import UnreadableError, against, uses_of

_EXPRESSION = re.compile(r"\$\{\{((?:'(?:[^']|'')*'|[^'}]|\}(?!\}))*)\}\}")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_SECRETS = re.compile(r"(?<![\w.-])secrets(?![\w-])(?P<named>\.[A-Za-z_][\w-]*)?", re.I)
_OUTPUT = re.compile(r"\bneeds\.([A-Za-z_][\w-]*)\.outputs\b|\bneeds\['([^']+)'\]\.outputs\b")
_PLAN_OR_STATE = re.compile(r"tfplan|tfstate|\bplan\b|\bterraform\b|\.terraform", re.I)
_ALWAYS = re.compile(r"(\$\{\{)?\s*always\(\)\s*(\}\})?")
_STATUS = re.compile(r"\b(?:always|cancelled|failure|success)\(\)")
_OWN = "github.event.pull_request.head.repo.full_name == github.repository"
_LONGEST_ID = 99
_KEPT_KEYS = frozenset(("creds", "aws-access-key-id", "aws-secret-access-key", "credentials_json"))
"""Inputs of actions by which a job gets into a cloud with a password."""
_LONGEST_RUN = 360
_CRON_FIELDS = 5
_SHORTEST_PAUSE = 5
_BUSY_MINUTES = frozenset([0, 15, 30, 45])
_HOUR = 60


@dataclass(frozen=True)
class Finding:
    """A rule that a workflow does not keep, where, and in words."""

    rule: str
    where: str
    words: str


@dataclass(frozen=True)
class _File:
    text: str
    document: Mapping[str, Any]
    pins: Mapping[str, Pin]

    @property
    def jobs(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, job in _mapping(self.document.get("jobs")).items():
            yield str(name), _mapping(job)

    @property
    def steps(self) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
        """Where it is, its job and the step."""
        for name, job in self.jobs:
            for index, step in enumerate(_list(job.get("steps"))):
                yield f"jobs.{name}.steps[{index}]", job, _mapping(step)

    @cached_property
    def expressions(self) -> list[str]:
        """The code of all expressions, those of conditions without `${{` as well."""
        return [code for key, text in _texts(self.document) for code in _code_of(key, text)]

    @property
    def triggers(self) -> Mapping[str, Any]:
        found = self.document.get("on")
        if isinstance(found, str):
            return {found: None}
        return dict.fromkeys(map(str, found)) if isinstance(found, list) else _mapping(found)


def findings(path: str, text: str, pins: Mapping[str, Pin]) -> list[Finding]:
    """What is wrong with a workflow, by our own rules; `path` names it in messages."""
    try:
        document = _read(text)
    except ValueError as error:
        return [Finding("yaml", path, str(error))]
    file = _File(text, document, pins)
    return [Finding(rule, f"{path}: {where}", words) for rule, check in _RULES.items() for where, words in check(file)]


def _read(text: str) -> Mapping[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    if not isinstance(found, dict):
        raise ValueError("it is no mapping")
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a value, and the key that it stands at."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, str(name))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, key)


def _code_of(key: str, text: str) -> list[str]:
    found = _EXPRESSION.findall(text)
    return [text] if key == "if" and not found else found


Found = Iterator[tuple[str, str]]


def _quoted_on(file: _File) -> Found:
    if not re.search(r'^"on":', file.text, re.M):
        yield "on", 'the key `"on"` must stand in quotes: readers of YAML 1.1 take it for `true`'


def _events(file: _File) -> Found:
    for event in ("pull_request_target", "workflow_run"):
        if event in file.triggers:
            yield f"on.{event}", f"`{event}` runs a stranger's change with our token"


def _pinned(file: _File) -> Found:
    pins = {pin.action: pin for pin in file.pins.values()}
    try:
        used = uses_of(file.text)
    except UnreadableError:
        yield "jobs", "there are no jobs"
        return
    for use in used:
        wrong = against(use, pins)
        if wrong:
            yield f"line {use.line}", wrong


def _permissions(file: _File) -> Found:
    if file.document.get("permissions", None) != {}:
        yield "permissions", "the file must begin with `permissions: {}`"
    for name, job in file.jobs:
        if not isinstance(job.get("permissions"), dict):
            yield f"jobs.{name}.permissions", "each job must name what its token may do, one by one"


def _time(file: _File) -> Found:
    for name, job in file.jobs:
        minutes = job.get("timeout-minutes")
        if "uses" not in job and not (type(minutes) is int and 0 < minutes <= _LONGEST_RUN):
            yield f"jobs.{name}.timeout-minutes", f"each job must end after at most {_LONGEST_RUN} minutes"


def _runner(file: _File) -> Found:
    for name, job in file.jobs:
        if "uses" not in job and (not job.get("runs-on") or "latest" in str(job.get("runs-on"))):
            yield f"jobs.{name}.runs-on", "each job must name its machine by a version, not `latest`"


def _scripts(file: _File) -> Found:
    for where, _, step in file.steps:
        if "${{" in str(step.get("run", "")):
            yield f"{where}.run", "an expression in a script is an injection; give it through `env`"


def _credentials(file: _File) -> Found:
    for where, _, step in file.steps:
        is_checkout = str(step.get("uses", "")).lower().startswith("actions/checkout@")
        if is_checkout and _mapping(step.get("with")).get("persist-credentials") is not False:
            yield where, "a checkout must not leave its token behind: `persist-credentials: false`"


def _kept_keys(file: _File) -> Found:
    for where, _, step in file.steps:
        for name in _KEPT_KEYS & {str(one).lower() for one in _mapping(step.get("with"))}:
            yield where, f"`{name}` is a key to a cloud that somebody keeps: let the cloud take the job's own token"


def _secrets(file: _File) -> Found:
    for name, job in file.jobs:
        if job.get("secrets") == "inherit":
            yield f"jobs.{name}.secrets", "secrets must be handed on by name"
    for code in file.expressions:
        if any(not match["named"] for match in _SECRETS.finditer(_LITERAL.sub("", code))):
            yield f"${{{{{code}}}}}", "a secret must be read by its name"


def _matrix(file: _File) -> Found:
    matrices = {name for name, job in file.jobs if _mapping(job.get("strategy")).get("matrix")}
    for match in (match for code in file.expressions for match in _OUTPUT.finditer(code)):
        if (match[1] or match[2]) in matrices:
            yield match[0], "the outputs of a matrix are those of whichever job of it ended last"


def _caches(file: _File) -> Found:
    for where, job, step in file.steps:
        uses, given = str(step.get("uses", "")).lower(), _mapping(step.get("with"))
        caching = uses.startswith("actions/cache") or given.get("cache") or given.get("enable-cache")
        from_cache = any("type=gha" in str(given.get(name, "")) for name in ("cache-from", "cache-to"))
        if "environment" in job and (caching or from_cache):
            yield where, "what is released must not come from a cache, which other runs can write"
        if "environment" in job and uses.startswith("astral-sh/setup-uv@") and given.get("enable-cache") is not False:
            yield where, "setup-uv keeps a cache unless it is told not to: `enable-cache: false`"


def _concurrency(file: _File) -> Found:
    over_all = file.document.get("concurrency")
    if over_all is None and not all("concurrency" in job for _, job in file.jobs):
        yield "concurrency", "which runs wait for each other must be said"
    for name, job in file.jobs:
        for one in (over_all, job.get("concurrency")):
            if "environment" in job and _mapping(one).get("cancel-in-progress", False) is not False:
                yield f"jobs.{name}", "a deployment must never be cancelled while it is under way"


def _schedule(file: _File) -> Found:
    if "schedule" in file.triggers and "workflow_dispatch" not in file.triggers:
        yield "on.schedule", "what runs by the clock must also run by hand: add `workflow_dispatch`"
    for one in _list(file.triggers.get("schedule")):
        cron = str(_mapping(one).get("cron", ""))
        minutes = _minutes(cron)
        if not minutes:
            yield "on.schedule", f"`{cron}` is no schedule"
            continue
        ahead = [*minutes[1:], minutes[0] + _HOUR]
        if min(after - before for before, after in zip(minutes, ahead, strict=True)) < _SHORTEST_PAUSE:
            yield "on.schedule", f"`{cron}`: GitHub starts nothing more often than every {_SHORTEST_PAUSE} minutes"
        if _BUSY_MINUTES.intersection(minutes):
            yield "on.schedule", f"`{cron}`: at the quarters of an hour GitHub is late, or leaves runs out"


def _minutes(cron: str) -> list[int]:
    """The minutes of a schedule in their order; empty where it is none."""
    if len(cron.split()) != _CRON_FIELDS:
        return []
    found: set[int] = set()
    for part in cron.split()[0].split(","):
        match = re.fullmatch(r"(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", part)
        if not match or match[4] == "0":
            return []
        first = int(match[2] or 0)
        last = int(match[3]) if match[3] else first if match[2] and not match[4] else _HOUR - 1
        found.update(range(first, last + 1, int(match[4] or 1)))
    return sorted(found) if found and max(found) < _HOUR else []


def _pull_requests(file: _File) -> Found:
    if "pull_request" not in file.triggers:
        return
    for name, job in file.jobs:
        if _comments(job):
            yield from _beside_its_token(name, job)
        elif job.get("permissions") == "write-all" or "write" in _mapping(job.get("permissions")).values():
            yield f"jobs.{name}.permissions", "a job that a pull request starts must not be able to write"
    for code in file.expressions:
        if _SECRETS.search(_LITERAL.sub("", code)):
            yield f"${{{{{code}}}}}", "what a pull request starts must read no secret"
    yield from _ready(file)


def _comments(job: Mapping[str, Any]) -> bool:
    """Whether a job may comment on pull requests, and nothing else."""
    return bool(_mapping(job.get("permissions")) == {"pull-requests": "write"})


def _beside_its_token(name: str, job: Mapping[str, Any]) -> Found:
    asked = str(job.get("if", "")).strip().removeprefix("${{").removesuffix("}}")
    if "||" in asked or _OWN not in [part.strip() for part in asked.split("&&")]:
        yield f"jobs.{name}.if", f"it must ask `{_OWN}`: a pull request of a fork has no token that may write"
    for index, step in enumerate(_list(job.get("steps"))):
        action = str(_mapping(step).get("uses", ""))
        if action and not action.startswith("actions/download-artifact@"):
            yield (
                f"jobs.{name}.steps[{index}].uses",
                "beside a token that may write, there must be no code of a pull request: artifacts alone, as data",
            )


def _ready(file: _File) -> Found:
    jobs = dict(file.jobs)
    last = jobs.get("ready")
    if last is None:
        yield "jobs", "one job `ready` must stand for all, so that a rule of the branch can ask for it"
        return
    told = {name for name, job in jobs.items() if _comments(job)}
    left = set(jobs) - {"ready"} - told - _needs(last)
    if left:
        yield "jobs.ready.needs", f"it does not wait for {', '.join(sorted(left))}"
    for name in sorted(told):
        if name in _needs(last):
            yield "jobs.ready.needs", f"it waits for {name}: a comment that cannot be written is against no change"
        elif jobs[name].get("continue-on-error") is not True:
            yield f"jobs.{name}", "a comment that cannot be written must not fail the run: `continue-on-error: true`"
    if not _ALWAYS.fullmatch(str(last.get("if", ""))):
        yield "jobs.ready.if", "it must always run: a check that was skipped counts as passed"


def _skips(file: _File) -> Found:
    """A condition that asks for no status asks that all jobs before have passed, not only the needed ones."""
    jobs = dict(file.jobs)
    conditional = {name for name, job in jobs.items() if job.get("if") and not _ALWAYS.fullmatch(str(job["if"]))}
    for name, job in jobs.items():
        skipped = sorted(conditional & _before(name, jobs))
        if skipped and not _STATUS.search(str(job.get("if", ""))):
            yield (
                f"jobs.{name}.if",
                f"where `{skipped[0]}` is skipped, so is this: its condition must ask `!cancelled()`",
            )


def _before(name: str, jobs: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The jobs that a job waits for, directly or not."""
    found: set[str] = set()
    open_ = [name]
    while open_:
        new = _needs(jobs.get(open_.pop(), {})) - found
        found |= new
        open_ += new
    return found


def _needs(job: Mapping[str, Any]) -> set[str]:
    needs = job.get("needs")
    return {needs} if isinstance(needs, str) else {str(one) for one in _list(needs)}


def _artifacts(file: _File) -> Found:
    for where, _, step in file.steps:
        given = _mapping(step.get("with"))
        named = f"{given.get('path', '')} {given.get('name', '')}"
        if str(step.get("uses", "")).startswith("actions/upload-artifact@") and _PLAN_OR_STATE.search(named):
            yield where, "a plan or a state holds secrets, and whoever reads the repository can read an artifact"


def _ids(file: _File) -> Found:
    yield from _repeated("jobs", [name for name, _ in file.jobs])
    for name, job in file.jobs:
        steps = [_mapping(step) for step in _list(job.get("steps"))]
        yield from _repeated(f"jobs.{name}.steps", [str(step["id"]) for step in steps if "id" in step])
        for index, step in enumerate(steps):
            if not (step.get("id") and step.get("name")):
                yield f"jobs.{name}.steps[{index}]", "each step needs an id that stays, and a name"


def _repeated(where: str, ids: Iterable[str]) -> Found:
    seen: set[str] = set()
    for one in ids:
        if one.lower() in seen:
            yield where, f"`{one}` is there twice: GitHub does not tell capitals apart"
        if len(one) > _LONGEST_ID or one.startswith("__"):
            yield where, f"`{one}` is longer than {_LONGEST_ID} characters, or begins with `__`"
        seen.add(one.lower())


_RULES: Mapping[str, Callable[[_File], Found]] = {
    "quoted-on": _quoted_on,
    "events": _events,
    "pinned": _pinned,
    "permissions": _permissions,
    "timeout": _time,
    "runner": _runner,
    "script": _scripts,
    "credentials": _credentials,
    "kept-key": _kept_keys,
    "secrets": _secrets,
    "matrix-output": _matrix,
    "cache": _caches,
    "concurrency": _concurrency,
    "schedule": _schedule,
    "pull-request": _pull_requests,
    "skips": _skips,
    "artifact": _artifacts,
    "ids": _ids,
}
