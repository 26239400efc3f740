"""The jobs and steps that workflows are made of."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.targets.github.expressions import Expr, mixed
from mlopsc.targets.github.model import Job, Permission, Step
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.terraform.oidc import ready_check

READ = Permission("contents", "read", "the code")
STORE = ".mlops/store"
_CHECK = """mlopsc check "$SPEC" --format github
mlopsc fmt "$SPEC" --check
mlopsc build "$SPEC" --check
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
