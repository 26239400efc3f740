"""What keeps an environment from being written for Azure, each at its line. Every check asks: nothing heavy here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, cast

from mlopsc.compiler.diagnostics import Diagnostic, did_you_mean
from mlopsc.compiler.schema.values import Duration, Money, Rate
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel, SettingModel
from mlopsc.compiler.text import Location
from mlopsc.targets.terraform import messages
from mlopsc.targets.terraform.azure.locations import LOCATIONS
from mlopsc.targets.terraform.azure.places import WANTED, existing_group, store_at
from mlopsc.targets.terraform.jobs import no_jobs
from mlopsc.targets.terraform.platforms import settings_of
from mlopsc.targets.terraform.refusals import groups_without, of_platform, trust_unknown, unsupported

AZURE = "azure"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUP = re.compile(r"(?=.{1,90}\Z)[\w.()-]*[\w()-]", re.ASCII)
_GUID_RULE = "It is 36 characters long, such as `2f1c0c35-3f50-4b8a-9d0c-1f6c9d1e2a3b`."
_SUBSCRIPTION_RULE = "Write its id, such as `2f1c0c35-3f50-4b8a-9d0c-1f6c9d1e2a3b`; `az account list` shows yours."
_GROUP_RULE = "1 to 90 letters, digits, `-`, `_`, `.` and parentheses, with no `.` at the end; the name, not the id."


def found(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """Everything that this platform cannot express of an environment."""
    yield from of_platform(environment, _platform)
    yield from _group(model, environment)
    yield from _store(environment)
    yield from _budget(environment)
    yield from _people(environment)
    yield from trust_unknown(model)
    yield from no_jobs(environment, AZURE)
    instead = "Leave it out: what serves models on `azure` is not written yet; the store and all identities are."
    yield from unsupported(environment, "serve", AZURE, "way to serve that Terraform writes yet", instead)
    instead = "Leave it out: nothing that is written stands in a network of yours; `reachable_from` guards the store."
    yield from unsupported(environment, "network", AZURE, "part in a network yet", instead)


def _platform(setting: SettingModel) -> Iterator[Diagnostic]:
    call = cast("Mapping[str, Any]", setting.value)
    location, subscription = str(call["location"]), str(call["subscription"])
    if location not in LOCATIONS:
        close = did_you_mean(location.replace(" ", ""), LOCATIONS)
        yield messages.unknown_region(setting.value_at, AZURE, location, close)
    if not _GUID.fullmatch(subscription):
        yield messages.name_refused(setting.value_at, "a subscription", subscription, _SUBSCRIPTION_RULE)
    group = existing_group(call)
    if group is not None and not _GROUP.fullmatch(group):
        yield messages.name_refused(setting.value_at, "a resource group", group, _GROUP_RULE)
    for one in cast("list[str]", call.get("reachable_from", [])):
        yield from _addresses(setting.value_at, one)


def _addresses(at: Location, text: str) -> Iterator[Diagnostic]:
    """The firewall of a storage account knows public IPv4 addresses only."""
    try:
        network = ip_network(text)
    except ValueError:
        rule = "Write `203.0.113.0/24`: an IPv4 address and how many of its bits count; the bits after them are 0."
        yield messages.name_refused(at, "a range of addresses", text, rule)
        return
    if isinstance(network, IPv6Network) or any(network.subnet_of(one) for one in _PRIVATE):
        what = f"way to let in `{text}`: its firewall knows public IPv4 addresses only"
        yield messages.cannot_do(at, what, AZURE, "Write the public addresses that requests come from.")


_PRIVATE = tuple(IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def _group(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """A resource group is what limits who may change an environment, so no two are in one."""
    call = settings_of(environment)
    for other in model.environments.values():
        if other.name == environment.name:
            return
        there = settings_of(other)
        mine, theirs = existing_group(call), existing_group(there)
        same = mine and theirs and mine.lower() == theirs.lower()
        if same and str(call["subscription"]).lower() == str(there["subscription"]).lower():
            here, at = environment.settings["platform"].value_at, other.settings["platform"].value_at
            yield messages.not_apart(
                here,
                f"the resource group `{mine}`",
                other.name,
                at,
                "Give each environment a resource group of its own.",
            )


def _store(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    setting = environment.settings.get("store")
    if setting is None:
        return
    place = store_at(str(setting.value))
    if place is None:
        yield messages.store_elsewhere(setting.value_at, str(setting.value), AZURE, WANTED)
        return
    for what, name, rule in place.faults():
        yield messages.name_refused(setting.value_at, what, name, rule)


def _budget(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    setting = environment.settings.get("budget")
    if setting is None:
        return
    rate = Rate.parse(str(setting.value))
    if rate.per != Duration(months=1) or not isinstance(rate.amount, Money):
        hint = "Write the amount of one month, such as `400EUR / 1mo`."
        yield messages.cannot_do(setting.value_at, f"budget of `{rate}`, only one by the month", AZURE, hint)


def _people(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    yield from groups_without(environment, AZURE, 'azure = "<object id of the group>"', AZURE)
    access = environment.settings.get("access")
    for one in cast("list[dict[str, Any]]", access.value) if access else []:
        known = (one.get("group") or {}).get(AZURE)
        if access and known and not _GUID.fullmatch(known):
            yield messages.name_refused(access.value_at, "a group's object id", known, _GUID_RULE)
