"""Microsoft Azure: a job becomes an identity by its client id, which Azure makes up and a person tells GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlopsc.targets import Build
from mlopsc.targets.github.clouds.cloud import Cloud, Plans
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.model import Step, Text, Value
from mlopsc.targets.terraform.oidc import PLANNING, RUNNING

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

    def log_in(self, identity: str, minutes: int = 60) -> tuple[Step, ...]:  # noqa: ARG002 (it lasts for a day)
        client, tenant = self._ids(identity)
        given: dict[str, Value] = {"client-id": client, "tenant-id": tenant}
        if identity in _CHANGES:
            given["subscription-id"] = self._shared.subscription
        else:
            # Whoever has rights on nothing but blobs sees no subscription.
            given["allow-no-subscriptions"] = True
        return (
            Step("known", "See whether GitHub has been told who that is", run=_KNOWN, env=self._told(identity)),
            Step("log-in", f"Become {identity} of {self.environment}", uses="azure-login", given=given),
            # GitHub's token is taken for some minutes only; what it is changed for in them lasts.
            Step("hold", "Get leave for blobs that lasts as long as the job may take", run=_HOLD),
        )

    def terraform(self, identity: str) -> Mapping[str, Text]:
        client, tenant = self._ids(identity)
        found: dict[str, Text] = {
            "ARM_USE_OIDC": "true",
            "ARM_CLIENT_ID": client,
            "ARM_TENANT_ID": tenant,
            "ARM_SUBSCRIPTION_ID": self._shared.subscription,
        }
        # A lock is written into the state, and whoever plans can only read it.
        return {**found, "TF_CLI_ARGS_plan": "-lock=false"} if identity == "ci-plan" else found

    def _told(self, identity: str) -> Mapping[str, Text]:
        """What a person has to tell GitHub, and where that is written down."""
        from mlopsc.targets.terraform.azure.variables import TENANT, client_variable

        client, tenant = self._ids(identity)
        return {
            "CLIENT": client_variable(identity),
            "CLIENT_ID": client,
            "TENANT": TENANT,
            "TENANT_ID": tenant,
            "PLACE": self.jobs(_CHANGES.get(identity, RUNNING)),
            "GUIDE": f"{self._shared.folder}/README.md",
        }

    def _ids(self, identity: str) -> tuple[Expr, Expr]:
        """The client id of an identity, and the tenant."""
        from mlopsc.targets.terraform.azure.variables import TENANT, client_variable

        return Expr(f"vars.{client_variable(identity)}"), Expr(f"vars.{TENANT}")

    @property
    def _shared(self) -> SharedPlace:
        from mlopsc.targets.terraform.azure.places import shared_of

        return shared_of(self.written)
