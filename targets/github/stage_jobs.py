"""The jobs that run stages: one for each, or one for all that hang together where there are too many for a workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from mlopsc.compiler.ir.graph import together
from mlopsc.compiler.ir.model import Stage
from mlopsc.targets import Build
from mlopsc.targets.github.jobs import READ, checkout, python
from mlopsc.targets.github.model import Job, Step, Value
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.preparing import prepared, secrets, services
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.terraform.oidc import RUNNING, jobs_environment

STORE = ".mlops/store"
_OF_JOB, _OF_FETCH, _ROOM = 3_500, 230, 400_000
"""Bytes: of the job of a stage, of each step that fetches something for it, and what of a file they may take."""
_RUN = 'python "$RUNNER_FILE" "$STAGE"'
_NAMES = 'mapfile -t stages <<< "$STAGES"'
_RUN_ALL = 'python "$RUNNER_FILE" "${stages[@]}"'
_UNDECIDED = """status=0
{run} || status=$?
# 3: there are too few rows to decide by. The run has said so, and it is no reason against a change.
if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
  exit "$status"
fi
"""
_AFTER_OTHERS = """touch "$RUNNER_TEMP/fetched"
{script}
# What was fetched is kept by the jobs that made it.
find "$MLOPSC_STORE" -type f ! -newer "$RUNNER_TEMP/fetched" -delete
"""


def run_jobs(repository: Repository, build: Build, stages: Sequence[Stage]) -> tuple[list[Job], dict[str, str]]:
    """The jobs that run stages, and the id of the job of each stage.

    GitHub starts no run of a file of more than 500 kB. Where the jobs of so many stages would take more, those that
    hang together share one, and if that is not enough, so do some of these groups.
    """
    ids = {stage.name: job_id(stage.kind, stage.name) for stage in stages}
    size = sum(_OF_JOB + _OF_FETCH * len(repository.before(build, stage)) for stage in stages)
    if size <= _ROOM:
        return [_stage_job(repository, build, stage, ids) for stage in stages], ids
    by_name = {stage.name: stage for stage in stages}
    apart = together(build.pipeline, by_name)
    share = ceil(len(apart) * _OF_JOB / _ROOM)
    groups = [[by_name[name] for names in some for name in names] for some in _batches(apart, share)]
    shared = {stage.name: job_id("stages", group[0].name) for group in groups for stage in group}
    return [_group_job(repository, build, group, shared) for group in groups], shared


def _batches(groups: Sequence[tuple[str, ...]], size: int) -> Iterator[Sequence[tuple[str, ...]]]:
    return (groups[start : start + size] for start in range(0, len(groups), size))


def downloads(
    repository: Repository, stages: Sequence[Stage], ids: Mapping[str, str], into: str = STORE
) -> Iterator[Step]:
    """What jobs of stages made, in a folder of the project: everything there is named by its content."""
    first = {ids[stage.name]: stage.name for stage in reversed(stages)}
    for job in dict.fromkeys(ids[stage.name] for stage in stages):
        given: dict[str, Value] = {"name": f"store-{job}", "path": repository.in_folder(into)}
        yield Step(f"fetch-{job}", f"Get what {first[job]} made", uses="download", given=given)


def _stage_job(repository: Repository, build: Build, stage: Stage, ids: Mapping[str, str]) -> Job:
    """One stage of a run, on the outputs of those before it."""
    before = repository.before(build, stage)
    script = _UNDECIDED.format(run=_RUN) if stage.kind == "test" else _RUN
    run = Step(
        "run",
        "Run the stage",
        run=_AFTER_OTHERS.format(script=script.rstrip("\n")) if before else script.rstrip("\n"),
        env={"RUNNER_FILE": f"{build.folder}/run.py", "STAGE": stage.name, "MLOPSC_STORE": STORE, **secrets([stage])},
    )
    needs = [ids[name] for name in stage.inputs if name in ids]
    fetched = downloads(repository, before, ids)
    title = f"{stage.kind} {stage.name}"
    return _job(repository, build, [stage], (ids[stage.name], title), needs, (*fetched, run))


def _group_job(repository: Repository, build: Build, group: Sequence[Stage], ids: Mapping[str, str]) -> Job:
    """Stages that need no others."""
    run = Step(
        "run",
        "Run the stages",
        run=f"{_NAMES}\n{_UNDECIDED.format(run=_RUN_ALL)}",
        env={
            "RUNNER_FILE": f"{build.folder}/run.py",
            "STAGES": "\n".join(stage.name for stage in group),
            "MLOPSC_STORE": STORE,
            **secrets(group),
        },
    )
    first, *others = group
    title = f"{first.name} and {len(others)} more" if others else f"{first.kind} {first.name}"
    return _job(repository, build, group, (ids[first.name], title), (), (run,))


def _job(
    repository: Repository,
    build: Build,
    stages: Sequence[Stage],
    named: tuple[str, str],
    needs: Sequence[str],
    steps: Sequence[Step],
) -> Job:
    """Fetch, run, keep; a job that reads a secret does so in its environment."""
    id_, title = named
    kept = Step(
        "keep",
        "Keep what it made",
        uses="upload",
        given={
            "name": f"store-{id_}",
            "path": repository.in_folder(STORE),
            "include-hidden-files": True,
            "if-no-files-found": "error",
            "retention-days": 1,
        },
    )
    running = jobs_environment(build.pipeline.name, build.pipeline.environment.name, RUNNING)
    return Job(
        id_,
        title,
        (checkout(), *python(repository), *prepared(repository, stages), *steps, kept),
        60 if len(stages) == 1 else 330,
        needs=("check", *needs),
        permissions=(READ,),
        environment=running if secrets(stages) else "",
        stage=stages[0].name if len(stages) == 1 else "",
        services=services(repository),
        folder=repository.folder,
    )
