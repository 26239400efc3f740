"""Microsoft Azure: a job becomes an identity by its client id, which Azure makes up and a person tells GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlopsc.targets import Build
from mlopsc.targets.github.clouds.cloud import Cloud, Plans, Registry
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.model import Step, Text, Value
from mlopsc.targets.terraform.oidc import BUILDING, PLANNING, RUNNING, jobs_environment

if TYPE_CHECKING:
    from mlopsc.targets.terraform.azure.places import SharedPlace
    from mlopsc.targets.terraform.building import Written

_CHANGES = {"ci-plan": PLANNING, "ci-apply": ""}
"""Who changes infrastructure, and what ends the GitHub environment in which that is done."""
_KNOWN = """if [ -z "$CLIENT_ID" ] || [ -z "$TENANT_ID" ]; then
  echo "::error::set the variables $TENANT of this repository and $CLIENT of its environment $PLACE: $GUIDE says how"
  exit 1
fi
"""
_HOLD = "az account get-access-token --resource https://storage.azure.com --output none\n"
_KEEP = """az storage blob upload --auth-mode login --account-name "$ACCOUNT" --container-name "$CONTAINER" \\
  --name "$key" --file "$RUNNER_TEMP/tfplan" --overwrite false --no-progress --output none
"""
_FETCH = """az storage blob download --auth-mode login --account-name "$ACCOUNT" --container-name "$CONTAINER" \\
  --name "$KEY" --file "$RUNNER_TEMP/tfplan" --no-progress --output none
"""
_ENTER = """set -o pipefail
az acr login --name "${IMAGE%%.*}" --expose-token --query accessToken --output tsv |
  docker login --username 00000000-0000-0000-0000-000000000000 --password-stdin "${IMAGE%%/*}"
"""
"""Azure takes whoever has such a token for whoever got it, under that name."""


def azure(build: Build) -> Cloud:
    """That of an environment on Azure."""
    from mlopsc.targets.terraform.building import Written

    return _Azure(build, Written(build))


@dataclass(frozen=True)
class _Azure(Cloud):
    written: Written

    @property
    def extra(self) -> str:
        return "azure"

    @property
    def store(self) -> str:
        from mlopsc.targets.terraform.azure.places import store_of

        return store_of(self.written).url

    @property
    def opens(self) -> Mapping[str, Text]:
        # As whom the Azure CLI has logged in, and never as nobody, or as the machine that the job runs on.
        return {"AZURE_STORAGE_ANON": "false", "AZURE_TOKEN_CREDENTIALS": "dev"}

    @property
    def plans(self) -> Plans:
        from mlopsc.targets.terraform.azure.places import PLANS, plans_of

        env = {"ACCOUNT": self._shared.account, "CONTAINER": PLANS, "PLANS": plans_of(self.written)}
        return Plans(env, _KEEP, _FETCH)

    @property
    def account(self) -> str:
        return self._shared.subscription

    @property
    def registry(self) -> Registry:
        from mlopsc.targets.terraform.azure.variables import image_variable

        jobs = jobs_environment(self.written.pipeline, BUILDING)
        steps = self._become("who pushes images", image_variable(self._shared), jobs)
        return Registry(self._shared.images, steps, _ENTER)

    def log_in(self, identity: str, minutes: int = 60) -> tuple[Step, ...]:  # noqa: ARG002 (it lasts for a day)
        from mlopsc.targets.terraform.azure.variables import client_variable

        jobs = self.jobs(_CHANGES.get(identity, RUNNING))
        who = f"{identity} of {self.environment}"
        return (
            # Whoever has rights on nothing but blobs sees no subscription.
            *self._become(who, client_variable(identity), jobs, sees_subscription=identity in _CHANGES),
            # GitHub's token is taken for some minutes only; what it is changed for in them lasts.
            Step("hold", "Get leave for blobs that lasts as long as the job may take", run=_HOLD),
        )

    def _become(self, who: str, variable: str, jobs: str, *, sees_subscription: bool = True) -> tuple[Step, ...]:
        """Become whom a variable of the GitHub environment `jobs` names, if a person has told GitHub."""
        from mlopsc.targets.terraform.azure.variables import TENANT

        client, tenant = Expr(f"vars.{variable}"), Expr(f"vars.{TENANT}")
        told: dict[str, Text] = {
            "CLIENT": variable,
            "CLIENT_ID": client,
            "TENANT": TENANT,
            "TENANT_ID": tenant,
            "PLACE": jobs,
            "GUIDE": f"{self._shared.folder}/README.md",
        }
        given: dict[str, Value] = {"client-id": client, "tenant-id": tenant}
        if sees_subscription:
            given["subscription-id"] = self._shared.subscription
        else:
            given["allow-no-subscriptions"] = True
        return (
            Step("known", "See whether GitHub has been told who that is", run=_KNOWN, env=told),
            Step("log-in", f"Become {who}", uses="azure-login", given=given),
        )

    def terraform(self, identity: str) -> Mapping[str, Text]:
        from mlopsc.targets.terraform.azure.variables import TENANT, client_variable

        found: dict[str, Text] = {
            "ARM_USE_OIDC": "true",
            "ARM_CLIENT_ID": Expr(f"vars.{client_variable(identity)}"),
            "ARM_TENANT_ID": Expr(f"vars.{TENANT}"),
            "ARM_SUBSCRIPTION_ID": self._shared.subscription,
        }
        # A lock is written into the state, and whoever plans can only read it.
        return {**found, "TF_CLI_ARGS_plan": "-lock=false"} if identity == "ci-plan" else found

    @property
    def _shared(self) -> SharedPlace:
        from mlopsc.targets.terraform.azure.places import shared_of

        return shared_of(self.written)
