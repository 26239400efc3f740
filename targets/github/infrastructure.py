"""The jobs that plan and apply the Terraform of an environment: exactly what was planned, or nothing."""

from __future__ import annotations

from mlopsc.targets.github.approving import REVIEWS, approval
from mlopsc.targets.github.clouds.cloud import IDENTITY, Cloud
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.jobs import READ, checkout, passed, python
from mlopsc.targets.github.model import Job, Step, Text
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.terraform.jobs import jobs_of

_IMAGE = "TF_VAR_image"
"""By which Terraform learns which image tasks run."""
_PLAN = """set -o pipefail
if [ ! -f "$FOLDER/.terraform.lock.hcl" ]; then
  echo "::error::commit $FOLDER/.terraform.lock.hcl, which terraform init writes: the apply takes no other providers"
  exit 1
fi
mlopsc plan "$SPEC" "$ENVIRONMENT" --out "$RUNNER_TEMP/tfplan" | tee -a "$GITHUB_STEP_SUMMARY"
changes=$(terraform -chdir="$FOLDER" show -json "$RUNNER_TEMP/tfplan" | jq '[
  (.resource_changes // [])[], ((.output_changes // {})[] | {change: .})
] | map(select(.change.actions | inside(["no-op", "read"]) | not)) | length')
if [ "$changes" -eq 0 ]; then
  echo "changes=false" >> "$GITHUB_OUTPUT"
  exit 0
fi
hash=$(sha256sum "$RUNNER_TEMP/tfplan" | cut -d ' ' -f 1)
key="$PLANS/$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT.tfplan"
"""
_NOTED = """{
  echo "changes=true"
  echo "hash=$hash"
  echo "key=$key"
} >> "$GITHUB_OUTPUT"
"""
_APPLY = """echo "$HASH  $RUNNER_TEMP/tfplan" | sha256sum --check
terraform -chdir="$FOLDER" init -input=false -no-color -lockfile=readonly
terraform -chdir="$FOLDER" apply -input=false -no-color "$RUNNER_TEMP/tfplan"
"""
_VERIFY = """set -o pipefail
mlopsc verify "$SPEC" "$ENVIRONMENT" | tee -a "$GITHUB_STEP_SUMMARY"
"""
_OF_PLANNING = ("SPEC", "ENVIRONMENT", "PLANS")
"""What the script that applies does not ask for: it has its plan, and the way to it."""


def plan_job(repository: Repository, cloud: Cloud, needs: tuple[str, ...], image: str | None = None) -> Job:
    """What would change, as somebody who can change nothing; a plan that weakens the environment fails.

    `image` is the job that says which image tasks run, where there are any.
    """
    script = f"{_PLAN}{cloud.plans.keep}{_NOTED}"
    about = _about(repository, cloud, "ci-plan")
    outputs = {name: Expr(f"steps.plan.outputs.{name}") for name in ("changes", "hash", "key")}
    if image:
        about[_IMAGE] = outputs["image"] = Expr(f"needs.{image}.outputs.image")
    plan = Step("plan", "Plan, and keep the plan where it is encrypted", run=script, env=about)
    return Job(
        plan_id(cloud),
        f"plan {cloud.environment}",
        (*_ready(repository, cloud, "ci-plan"), plan),
        30,
        needs,
        (READ, IDENTITY),
        Expr(passed(*needs)),
        cloud.planning,
        outputs=outputs,
        folder=repository.folder,
    )


def apply_job(repository: Repository, cloud: Cloud) -> Job:
    """Exactly what was planned, once whoever approves this environment has been asked; skipped if nothing changes."""
    planned = plan_id(cloud)
    given = {name: Expr(f"needs.{planned}.outputs.{name.lower()}") for name in ("HASH", "KEY")}
    about = {name: one for name, one in _about(repository, cloud, "ci-apply").items() if name not in _OF_PLANNING}
    named: dict[str, Text] = {
        "SPEC": repository.builds[0].spec,
        "ENVIRONMENT": cloud.environment,
        **cloud.opens,
        **cloud.terraform("ci-apply"),
    }
    if jobs_of(cloud.build):
        named[_IMAGE] = Expr(f"needs.{planned}.outputs.image")
    asked = approval(repository, cloud)
    first, *ready = _ready(repository, cloud, "ci-apply")
    return Job(
        apply_id(cloud),
        f"apply {cloud.environment}",
        (
            first,
            *([asked] if asked else ()),
            *ready,
            Step("apply", "Apply exactly the plan", run=f"{cloud.plans.fetch}{_APPLY}", env={**about, **given}),
            Step("verify", "See whether reality is what was applied", run=_VERIFY, env=named),
        ),
        60,
        (planned,),
        (READ, *([REVIEWS] if asked else ()), IDENTITY),
        Expr(f"{passed(planned)} && needs.{planned}.outputs.changes == 'true'"),
        cloud.applying,
        folder=repository.folder,
    )


def plan_id(cloud: Cloud) -> str:
    """The id of the job that plans."""
    return job_id("plan", cloud.environment)


def apply_id(cloud: Cloud) -> str:
    """The id of the job that applies."""
    return job_id("apply", cloud.environment)


def _ready(repository: Repository, cloud: Cloud, identity: str) -> tuple[Step, ...]:
    """The code, what it takes to plan and apply, and whom the job is."""
    terraform = Step("terraform", "Set up Terraform", uses="setup-terraform", given={"terraform_wrapper": False})
    installed = python(repository, cloud.extra, "terraform")
    return (checkout(), *installed, terraform, *cloud.log_in(identity))


def _about(repository: Repository, cloud: Cloud, identity: str) -> dict[str, Text]:
    """What the script that plans needs to know of the environment."""
    return {
        "SPEC": repository.builds[0].spec,
        "ENVIRONMENT": cloud.environment,
        "FOLDER": f"{cloud.build.folder}/terraform",
        **cloud.plans.env,
        **cloud.terraform(identity),
    }
