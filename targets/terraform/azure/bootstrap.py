"""What a person applies once for a subscription: where states are kept, the roles that there are, and who CI is.

CI reaches none of it: what limits CI is not CI's to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from mlopsc.targets import Build, OutputFile
from mlopsc.targets.image.contents import needs_image
from mlopsc.targets.terraform.azure.access import github_of
from mlopsc.targets.terraform.azure.ci import ci, pushes_images
from mlopsc.targets.terraform.azure.making import (
    DAYS_BACK,
    NAMESPACES,
    Maker,
    account_body,
    looked_up,
    own_backend,
    provider,
)
from mlopsc.targets.terraform.azure.places import (
    OWN,
    PLANS,
    SHARED,
    STATES,
    SharedPlace,
    group_of,
    location_of,
    shared_of,
    subscription_of,
)
from mlopsc.targets.terraform.azure.roles import Role, apply_role, blob_roles, plan_role
from mlopsc.targets.terraform.azure.storage import safest
from mlopsc.targets.terraform.azure.variables import TENANT, of_ci, of_images, of_stages
from mlopsc.targets.terraform.azure.watching import LONG_LOG, WORKSPACE, log_of, logged
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.guides import guide
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.oidc import BUILDING
from mlopsc.targets.terraform.resources import Output, Reason, Resource, Root
from mlopsc.targets.terraform.synthesis import Plan

_PLANS_KEPT = 7


def bootstrap(builds: Sequence[Build]) -> tuple[Sequence[Plan], Sequence[OutputFile]]:
    """A folder for each subscription, and the page that says how to apply it."""
    everywhere = [Written(build) for build in builds]
    plans, pages = [], []
    for subscription in dict.fromkeys(subscription_of(one) for one in everywhere):
        base = _Base([one for one in everywhere if subscription_of(one) == subscription])
        plan = base.plan()
        plans.append(plan)
        pages.append(OutputFile(f"{plan.root.folder}/README.md", base.guide(plan.root)))
    return plans, pages


@dataclass(frozen=True)
class _Base:
    """What the environments of one subscription rest on."""

    everyone: Sequence[Written]

    @property
    def first(self) -> Written:
        return self.everyone[0]

    @cached_property
    def shared(self) -> SharedPlace:
        return shared_of(self.first)

    @cached_property
    def make(self) -> Maker:
        return Maker(self.first.pipeline, SHARED)

    def guide(self, root: Root) -> str:
        """The page that says how the folder is applied, and what GitHub has to be told then."""
        told = [one for one in self.everyone if github_of(one) and one.build.pipeline.environment.serves]
        first = [one.command for written in told for one in of_ci(written)]
        if told and any(needs_image(one.build) for one in self.everyone):
            first.append(of_images(self.shared).command)
        later = [one.command for written in told for one in of_stages(written)]
        return guide("azure", root, self.first.build.spec, first=first, later=later, tenant=TENANT)

    def plan(self) -> Plan:
        resources = tuple(self._resources())
        root = Root(
            self.shared.folder,
            self.first.pipeline,
            "",
            own_backend(self.shared),
            (provider(self.shared.subscription, NAMESPACES),),
            resources,
            outputs=_outputs(self.shared, resources),
            at=self.first.at,
        )
        return Plan(root, self.shared.group, self.make.tags)

    def _resources(self) -> Iterator[Resource]:
        group = self._group()
        yield group
        yield from self._states(group)
        registry = self._registry(group)
        yield registry
        homes = {one.environment: self._home(one) for one in self.everyone}
        yield from homes.values()
        yield from self._roles([group, *homes.values()], blob_roles(self.shared))
        if github_of(self.first) is None:
            return
        yield from self._roles([group, *homes.values()], (plan_role(self.shared), apply_role(self.shared)))
        for one in self.everyone:
            yield from ci(one, self.make, group, homes[one.environment])
        yield from pushes_images(self.first, self.make, group, registry)

    def _group(self) -> Resource:
        body = {"name": self.shared.group, "location": location_of(self.first)}
        reason = self.first.because("Holds what no environment may change: states, roles of CI, images")
        return self.make("azurerm_resource_group", "shared", body, reason, guarded=True)

    def _states(self, group: Resource) -> Iterator[Resource]:
        location = location_of(self.first)
        body = account_body(self.shared.account, group.get("name"), location, safest(location), DAYS_BACK)
        reason = self.first.because("Where Terraform's states and saved plans are, opened by roles only")
        account = self.make("azurerm_storage_account", "states", body, reason, guarded=True)
        yield account
        for container, purpose in (
            (STATES, "States of environments, one blob each"),
            (PLANS, "Plans that wait for approval"),
            (OWN, "The state of this folder, which CI has no part in"),
        ):
            inside: dict[str, Value] = {"name": container, "storage_account_id": account.get("id")}
            inside["container_access_type"] = "private"
            reason = self.first.because(purpose)
            yield self.make("azurerm_storage_container", container, inside, reason, guarded=container != PLANS)
        yield self._stays(account)
        yield from self._log(group, account)
        notes = "Terraform's states. Lift it by hand, and only when no environment is left."
        lock: dict[str, Value] = {"name": "keep", "scope": account.get("id"), "lock_level": "CanNotDelete"}
        lock["notes"] = notes
        reason = self.first.because("Nobody deletes states by mistake")
        yield self.make("azurerm_management_lock", "states", lock, reason)

    def _log(self, group: Resource, account: Resource) -> Iterator[Resource]:
        reason = self.first.because(f"Keeps logs for {LONG_LOG} days, and takes no keys")
        place = (name(WORKSPACE, "tfstate", self.shared.pipeline), location_of(self.first))
        workspace = log_of(self.make, group, place, LONG_LOG, reason)
        yield workspace
        reason = self.first.because("Who read and wrote which state and which plan, and when")
        yield logged(self.make, "states", account, workspace, reason)

    def _stays(self, account: Resource) -> Resource:
        def rule(label: str, container: str, actions: Value) -> Value:
            only = [{"blob_types": ["blockBlob"], "prefix_match": [f"{container}/"]}]
            return {"name": label, "enabled": True, "filters": only, "actions": [actions]}

        gone = {"version": [{"delete_after_days_since_creation": DAYS_BACK}]}
        plans = {"base_blob": [{"delete_after_days_since_modification_greater_than": _PLANS_KEPT}], **gone}
        rules = [rule("plans", PLANS, plans), rule("states", STATES, gone), rule("bootstrap", OWN, gone)]
        purpose = f"Plans go after {_PLANS_KEPT} days, replaced states after {DAYS_BACK}"
        body: dict[str, Value] = {"storage_account_id": account.get("id"), "rule": rules}
        return self.make("azurerm_storage_management_policy", "states", body, self.first.because(purpose))

    def _registry(self, group: Resource) -> Resource:
        body: dict[str, Value] = {
            "name": self.shared.registry,
            "resource_group_name": group.get("name"),
            "location": location_of(self.first),
            "sku": "Basic",
            "admin_enabled": False,
            "anonymous_pull_enabled": False,
        }
        reason = self.first.because("Images of the pipeline: pushed by one identity, without passwords")
        return self.make("azurerm_container_registry", BUILDING, body, reason)

    def _home(self, written: Written) -> Resource:
        called, is_there = group_of(written)
        type_, label = "azurerm_resource_group", f"of_{written.identifier(written.environment)}"
        reason = written.because(f"Holds all of {written.environment}; made here, so that CI needs no rights beyond it")
        if is_there:
            return looked_up(type_, label, {"name": called}, reason)
        make = Maker(written.pipeline, written.environment)
        body = {"name": called, "location": location_of(written)}
        return make(type_, label, body, reason, guarded=written.build.pipeline.environment.serves)

    def _roles(self, scopes: Sequence[Resource], roles: Sequence[Role]) -> Iterator[Resource]:
        for role in roles:
            reason = Reason(f"A role: {role.purpose[0].lower()}{role.purpose[1:]}", f"pipeline {self.first.pipeline}")
            body = role.body([scope.get("id") for scope in scopes])
            yield self.make("azurerm_role_definition", role.word.replace("-", "_"), body, reason)


def _outputs(shared: SharedPlace, resources: Sequence[Resource]) -> dict[str, Output]:
    people = {one.name: one.get("client_id") for one in resources if one.type == "azurerm_user_assigned_identity"}
    registry = next(one for one in resources if one.type == "azurerm_container_registry")
    outputs = {
        "state_account": Output(shared.account, "Where the states are."),
        "registry": Output(registry.get("login_server"), "Where images are pushed."),
    }
    if people:
        outputs["identities"] = Output(people, "The client id of each identity of CI.")
    return outputs
