"""The jobs that plan and apply the Terraform of an environment: exactly what was planned, or nothing."""

from __future__ import annotations

from mlopsc.targets.github.clouds import IDENTITY, Cloud
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.jobs import READ, checkout, passed, python
from mlopsc.targets.github.model import Job, Step, Text
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.repository import Repository

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
aws s3api put-object --bucket "$BUCKET" --key "$key" --body "$RUNNER_TEMP/tfplan" --if-none-match '*' > /dev/null
{
  echo "changes=true"
  echo "hash=$hash"
  echo "key=$key"
} >> "$GITHUB_OUTPUT"
"""
_APPLY = """aws s3api get-object --bucket "$BUCKET" --key "$KEY" "$RUNNER_TEMP/tfplan" > /dev/null
echo "$HASH  $RUNNER_TEMP/tfplan" | sha256sum --check
terraform -chdir="$FOLDER" init -input=false -no-color -lockfile=readonly
terraform -chdir="$FOLDER" apply -input=false -no-color "$RUNNER_TEMP/tfplan"
"""
_VERIFY = """set -o pipefail
mlopsc verify "$SPEC" "$ENVIRONMENT" | tee -a "$GITHUB_STEP_SUMMARY"
"""


def plan_job(repository: Repository, cloud: Cloud, needs: tuple[str, ...]) -> Job:
    """What would change, as somebody who can change nothing; a plan that weakens the environment fails."""
    plan = Step("plan", "Plan, and keep the plan where it is encrypted", run=_PLAN, env=_about(repository, cloud))
    return Job(
        plan_id(cloud),
        f"plan {cloud.environment}",
        (checkout(), *python(repository, "mlopsc[run,aws,terraform]"), _terraform(), cloud.log_in("ci-plan"), plan),
        30,
        needs,
        (READ, IDENTITY),
        Expr(passed(*needs)),
        cloud.planning,
        outputs={name: Expr(f"steps.plan.outputs.{name}") for name in ("changes", "hash", "key")},
        folder=repository.folder,
    )


def apply_job(repository: Repository, cloud: Cloud) -> Job:
    """Exactly what was planned, once whoever approves this environment has been asked; skipped if nothing changes."""
    planned = plan_id(cloud)
    given = {name: Expr(f"needs.{planned}.outputs.{name.lower()}") for name in ("HASH", "KEY")}
    about: dict[str, Text] = {**_about(repository, cloud), **given}
    named = {"SPEC": repository.builds[0].spec, "ENVIRONMENT": cloud.environment}
    return Job(
        apply_id(cloud),
        f"apply {cloud.environment}",
        (
            checkout(),
            *python(repository, "mlopsc[run,aws,terraform]"),
            _terraform(),
            cloud.log_in("ci-apply"),
            Step("apply", "Apply exactly the plan", run=_APPLY, env=about),
            Step("verify", "See whether reality is what was applied", run=_VERIFY, env=named),
        ),
        60,
        (planned,),
        (READ, IDENTITY),
        Expr(f"{passed(planned)} && needs.{planned}.outputs.changes == 'true'"),
        cloud.environment,
        folder=repository.folder,
    )


def plan_id(cloud: Cloud) -> str:
    """The id of the job that plans."""
    return job_id("plan", cloud.environment)


def apply_id(cloud: Cloud) -> str:
    """The id of the job that applies."""
    return job_id("apply", cloud.environment)


def _terraform() -> Step:
    return Step("terraform", "Set up Terraform", uses="setup-terraform", given={"terraform_wrapper": False})


def _about(repository: Repository, cloud: Cloud) -> dict[str, str]:
    """What the scripts need to know of the environment."""
    return {
        "SPEC": repository.builds[0].spec,
        "ENVIRONMENT": cloud.environment,
        "FOLDER": f"{cloud.build.folder}/terraform",
        "BUCKET": cloud.state_bucket,
        "PLANS": cloud.plans,
    }
