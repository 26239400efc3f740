"""The jobs and steps that workflows are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlopsc.compiler.ir.model import Stage
from mlopsc.targets import Build
from mlopsc.targets.github.expressions import Expr, mixed
from mlopsc.targets.github.model import Job, Permission, Step, Value
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.preparing import prepared, secrets, services
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.terraform.oidc import RUNNING, jobs_environment, ready_check

READ = Permission("contents", "read", "the code")
STORE = ".mlops/store"
_CHECK = """mlopsc check "$SPEC" --format github
mlopsc fmt "$SPEC" --check
mlopsc build "$SPEC" --check
"""
_UNDECIDED = """status=0
python "$RUNNER_FILE" "$STAGE" || status=$?
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
_ALL_OK = """for result in $RESULTS; do
  if [ "$result" != success ]; then
    echo "::error::not everything that must pass has passed: $RESULTS"
    exit 1
  fi
done
"""


def checkout() -> Step:
    """The code, without leaving a token in it."""
    return Step("checkout", "Get the code", uses="checkout", given={"persist-credentials": False})


def python(repository: Repository, *extras: str) -> tuple[Step, ...]:
    """Python, what the project is pinned to, and mlopsc with the extras that a job needs."""
    setup = Step("python", "Set up Python", uses="setup-python", given={"python-version": repository.python})
    pinned = f"--requirement {repository.lock} " if repository.lock else ""
    wanted = ",".join(["run", *repository.extras, *extras])
    script = f'python -m pip install --quiet {pinned}"mlopsc[{wanted}]"'
    return setup, Step("install", "Install what the project is pinned to", run=script)


def check_job(repository: Repository) -> Job:
    """The spec, its form, and whether what is committed is what it makes."""
    about = {"SPEC": repository.builds[0].spec}
    check = Step("check", "Check the spec, and that what is built is committed", run=_CHECK, env=about)
    return Job(
        "check",
        "check the spec",
        (checkout(), *python(repository, "terraform"), check),
        15,
        permissions=(READ,),
        folder=repository.folder,
    )


def stage_job(repository: Repository, build: Build, stage: Stage, ids: dict[str, str]) -> Job:
    """One stage of a run, on the outputs of those before it; one that reads a secret does so in its environment."""
    needed = [ids[name] for name in stage.inputs if name in ids]
    before = repository.before(build, stage)
    script = _UNDECIDED if stage.kind == "test" else 'python "$RUNNER_FILE" "$STAGE"'
    secret = secrets([stage])
    run = Step(
        "run",
        "Run the stage",
        run=_AFTER_OTHERS.format(script=script.rstrip("\n")) if before else script,
        env={"RUNNER_FILE": f"{build.folder}/run.py", "STAGE": stage.name, "MLOPSC_STORE": STORE, **secret},
    )
    kept = Step(
        "keep",
        "Keep what it made",
        uses="upload",
        given={
            "name": f"store-{ids[stage.name]}",
            "path": repository.in_folder(STORE),
            "include-hidden-files": True,
            "if-no-files-found": "error",
            "retention-days": 1,
        },
    )
    return Job(
        ids[stage.name],
        f"{stage.kind} {stage.name}",
        (
            checkout(),
            *python(repository),
            *prepared(repository, [stage]),
            *downloads(repository, before, ids),
            run,
            kept,
        ),
        60,
        needs=("check", *needed),
        permissions=(READ,),
        environment=_running(build) if secret else "",
        stage=stage.name,
        services=services(repository),
        folder=repository.folder,
    )


def _running(build: Build) -> str:
    return jobs_environment(build.pipeline.name, build.pipeline.environment.name, RUNNING)


def stage_ids(stages: Sequence[Stage]) -> dict[str, str]:
    """The id of the job of each stage."""
    return {stage.name: job_id(stage.kind, stage.name) for stage in stages}


def ready_job(repository: Repository, needs: Sequence[str]) -> Job:
    """The one job that a rule of the branch asks for: it passes if all others have."""
    results = mixed(*[part for one in needs for part in (" ", Expr(f"needs.{one}.result"))][1:])
    step = Step("all", "See whether everything has passed", run=_ALL_OK, env={"RESULTS": results})
    return Job("ready", ready_check(repository.pipeline), (step,), 5, needs=tuple(needs), condition=Expr("always()"))


def passed(*needs: str) -> str:
    """The condition that jobs have passed, whatever was skipped before them.

    Where a condition has no `cancelled()`, GitHub asks that no job was skipped, those before the needed ones included.
    """
    return " && ".join(["!cancelled()", *(f"needs.{one}.result == 'success'" for one in needs)])


def downloads(
    repository: Repository, stages: Sequence[Stage], ids: Mapping[str, str], into: str = STORE
) -> Iterator[Step]:
    """What jobs of stages made, in a folder of the project: everything there is named by its content."""
    for stage in stages:
        job = ids[stage.name]
        given: dict[str, Value] = {"name": f"store-{job}", "path": repository.in_folder(into)}
        yield Step(f"fetch-{job}", f"Get what {stage.name} made", uses="download", given=given)
