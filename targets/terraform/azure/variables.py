"""The variables of GitHub by which its jobs know who they become on Azure: ids that Azure makes up, and no secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from mlopsc.targets.terraform.azure.places import SharedPlace, group_of, identity_of, shared_of
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.identities import identities
from mlopsc.targets.terraform.oidc import BUILDING, PLANNING, RUNNING, SERVICES, jobs_environment

TENANT = "AZURE_TENANT_ID"


@dataclass(frozen=True)
class Variable:
    """A variable of a GitHub environment: the client id of an identity, which is in a resource group."""

    name: str
    environment: str
    group: str
    identity: str

    @property
    def command(self) -> str:
        """What a person types to set it."""
        asked = f"az identity show --resource-group {quote(self.group)} --name {quote(self.identity)}"
        told = f"gh variable set {self.name} --env {quote(self.environment)} --body"
        return f'{told} \\\n  "$({asked} --query clientId --output tsv)"'


def client_variable(identity: str) -> str:
    """The name of the variable that holds the client id of an identity, in the GitHub environment of its jobs."""
    return f"AZURE_CLIENT_ID_{identity.replace('-', '_')}".upper()


def image_variable(shared: SharedPlace) -> str:
    """The same of who pushes images: one for each subscription, as one GitHub environment pushes to all of them."""
    return f"{client_variable(BUILDING)}_{shared.subscription.partition('-')[0]}".upper()


def of_images(shared: SharedPlace) -> Variable:
    """That of who pushes images into the registry of a subscription."""
    jobs = jobs_environment(shared.pipeline, BUILDING)
    return Variable(image_variable(shared), jobs, shared.group, shared.pusher)


def of_ci(written: Written) -> Iterator[Variable]:
    """Those of an environment that can be set when the bootstrap has been applied."""
    for identity, end in (("ci-plan", PLANNING), ("ci-apply", "")):
        yield _variable(written, identity, end, shared_of(written).group)


def of_stages(written: Written) -> Iterator[Variable]:
    """Those that can be set when the environment has been applied for the first time."""
    for one in identities(written):
        if not one.groups and one.name not in SERVICES:
            yield _variable(written, one.name, RUNNING, group_of(written)[0])


def _variable(written: Written, identity: str, end: str, group: str) -> Variable:
    jobs = jobs_environment(written.pipeline, written.environment, end)
    return Variable(client_variable(identity), jobs, group, identity_of(written, identity))
