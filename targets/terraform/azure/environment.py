"""The folder of one environment on Azure."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.targets import Build
from mlopsc.targets.terraform.azure.access import access
from mlopsc.targets.terraform.azure.making import Maker, backend, looked_up, provider
from mlopsc.targets.terraform.azure.places import STATES, group_of, shared_of, state_key, store_of, subscription_of
from mlopsc.targets.terraform.azure.storage import storage
from mlopsc.targets.terraform.azure.watching import watching
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.identities import Identity, identities
from mlopsc.targets.terraform.resources import Output, Resource
from mlopsc.targets.terraform.synthesis import Plan

_OPEN = ("http://", "https://")


def environment_plan(build: Build) -> Plan:
    """The store, the identities, the log, the budget."""
    written = Written(build)
    make = Maker(written.pipeline, written.environment)
    found = identities(written)
    called, _ = group_of(written)
    # Made by the bootstrap, or there before: who may change it is decided on the group, so CI does not make it.
    group = looked_up(
        "azurerm_resource_group", "here", {"name": called}, written.because("What holds all of the environment")
    )
    stored = tuple(storage(written, make, group))
    who = tuple(access(written, make, group, found))
    root = written.root(
        backend(shared_of(written), STATES, state_key(written)),
        (provider(subscription_of(written)),),
        (group, *stored, *who, *watching(written, make, group, stored[0])),
        outputs=_outputs(written, who, found),
    )
    return Plan(root, written.prefix, make.tags)


def _outputs(written: Written, who: Sequence[Resource], found: Sequence[Identity]) -> dict[str, Output]:
    runs_as = {one.name: one.get("client_id") for one in who if one.type == "azurerm_user_assigned_identity"}
    outputs = {"store": Output(store_of(written).url, "Where data, models and records are, as `store` takes it.")}
    if runs_as:
        outputs["identities"] = Output(runs_as, "The client id of each identity, for jobs that run as it.")
    elsewhere = {one.name: _guarded_sources(one) for one in found}
    if any(elsewhere.values()):
        outputs["sources"] = Output(
            {name: urls for name, urls in elsewhere.items() if urls},
            "What each identity reads outside of the store: whoever owns it must let the identity in.",
        )
    return outputs


def _guarded_sources(identity: Identity) -> list[str]:
    """What it reads elsewhere that asks who is there."""
    return sorted({source.url for source in identity.sources if not source.url.startswith(_OPEN)})
