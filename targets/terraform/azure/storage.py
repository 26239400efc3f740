"""The store of an environment: its account, its container, how long things stay, and what keeps it from deletion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import cast

from mlopsc.targets.terraform.azure.locations import ZONED
from mlopsc.targets.terraform.azure.making import DAYS_BACK, Maker, account_body
from mlopsc.targets.terraform.azure.places import StorePlace, location_of, store_of
from mlopsc.targets.terraform.building import Written, log_retention
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.platforms import platform_of
from mlopsc.targets.terraform.resources import Resource

SOFT_DAYS = 7
"""For how many days a deleted blob can be had back; after its retention, a log stays for these and is gone."""
_LONGEST_PREFIX = 31


def storage(written: Written, make: Maker, group: Resource) -> Iterator[Resource]:
    """The store of an environment: the account first, then the container."""
    place = store_of(written)
    is_kept = written.build.pipeline.environment.serves
    copies, how = _copies(written)
    body = account_body(place.account, group.get("name"), location_of(written), copies, SOFT_DAYS)
    purpose = f"Where data, models and records are: {how}, opened by roles only"
    account = make(
        "azurerm_storage_account",
        "store",
        {**body, **_firewall(written)},
        written.because(purpose, "store"),
        guarded=is_kept,
    )
    yield account
    container: dict[str, Value] = {
        "name": place.container,
        "storage_account_id": account.get("id"),
        "container_access_type": "private",
    }
    yield make(
        "azurerm_storage_container", "store", container, written.because("All of the store", "store"), guarded=is_kept
    )
    yield _stays(written, make, account, place)
    if is_kept:
        notes = "Holds what an environment in production needs. Lift it by hand, and only to end the environment."
        lock: dict[str, Value] = {
            "name": "keep",
            "scope": account.get("id"),
            "lock_level": "CanNotDelete",
            "notes": notes,
        }
        reason = written.because("Nobody deletes the store by mistake; CI can set the lock and not lift it")
        yield make("azurerm_management_lock", "store", lock, reason)


def _copies(written: Written) -> tuple[str, str]:
    """How many copies, and the words for it."""
    copies = safest(location_of(written)) if written.build.pipeline.environment.serves else "LRS"
    words = {"ZRS": "a copy in each zone of the location", "LRS": "three copies in one zone of the location"}
    return copies, words[copies]


def safest(location: str) -> str:
    """The copies that survive most without leaving the location."""
    return "ZRS" if location in ZONED else "LRS"


def _firewall(written: Written) -> Mapping[str, Value]:
    """From where the account answers at all."""
    ranges = cast("list[str]", platform_of(written.build).get("reachable_from", []))
    if not ranges:
        return {}
    allowed = [one for text in ranges for one in _as_known(text)]
    return {"network_rules": [{"default_action": "Deny", "bypass": ["None"], "ip_rules": allowed}]}


def _as_known(text: str) -> list[str]:
    """A range as the account takes it, which refuses ranges of one address or two."""
    network = ip_network(text)
    return [str(one) for one in network] if network.prefixlen >= _LONGEST_PREFIX else [str(network)]


def _stays(written: Written, make: Maker, account: Resource, place: StorePlace) -> Resource:
    rules: list[Value] = [
        {
            "name": "old-versions",
            "enabled": True,
            "filters": [{"blob_types": ["blockBlob"], "prefix_match": [f"{place.container}/{place.folder}"]}],
            "actions": [{"version": [{"delete_after_days_since_creation": DAYS_BACK}]}],
        }
    ]
    logs = list(_logs(written, place))
    body: dict[str, Value] = {"storage_account_id": account.get("id"), "rule": [*rules, *logs]}
    purpose = f"What was replaced or deleted goes after {DAYS_BACK} days"
    if not logs:
        return make("azurerm_storage_management_policy", "store", body, written.because(purpose, "store"))
    stage = next(one for one in written.build.pipeline.stages if log_retention(one.settings) is not None)
    purpose = f"{purpose}; request logs when their retention ends, whether or not a router runs that deletes them"
    return make(
        "azurerm_storage_management_policy", "store", body, written.because_of_stage(purpose, stage.name, "log")
    )


def _logs(written: Written, place: StorePlace) -> Iterator[Mapping[str, Value]]:
    """A rule for the log of each release that is not kept for ever."""
    for stage in written.build.pipeline.stages:
        retention = log_retention(stage.settings) if stage.kind == "release" else None
        if retention is None:
            continue
        below = f"{stage.name}/{written.environment}/"
        prefixes = [f"{place.container}/{place.folder}{one}/{below}" for one in ("log", "feedback", "heartbeat")]
        yield {
            "name": f"log-{stage.name.replace('_', '-')}",
            "enabled": True,
            "filters": [{"blob_types": ["blockBlob"], "prefix_match": prefixes}],
            "actions": [
                {
                    "base_blob": [{"delete_after_days_since_modification_greater_than": retention}],
                    "version": [{"delete_after_days_since_creation": 1}],
                }
            ],
        }
