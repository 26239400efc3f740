"""Who sees what happens in an environment: a log of all that is done with the store, mail to the owner, a budget."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlopsc.compiler.schema.values import Money, Rate
from mlopsc.targets.terraform.azure.making import Maker
from mlopsc.targets.terraform.azure.places import location_of
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.expressions import Expr, Value, template
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.resources import Reason, Resource

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LOGGED = ("StorageRead", "StorageWrite", "StorageDelete")
WORKSPACE = "azurerm_log_analytics_workspace"
_SHORT_LOG, LONG_LOG = 30, 90
_THIS_MONTH = Expr("formatdate(\"YYYY-MM-01'T'00:00:00'Z'\", plantimestamp())")


def watching(written: Written, make: Maker, group: Resource, account: Resource) -> Iterator[Resource]:
    """The log of the store; the owner's mail and the budget where the spec has them."""
    yield from _log(written, make, group, account)
    mail = _mail(written, make, group)
    if mail is not None:
        yield mail
        yield from _budget(written, make, group, mail)


def _log(written: Written, make: Maker, group: Resource, account: Resource) -> Iterator[Resource]:
    days = LONG_LOG if written.build.pipeline.environment.serves else _SHORT_LOG
    place = (name(WORKSPACE, written.pipeline, written.environment), location_of(written))
    workspace = log_of(make, group, place, days, written.because(f"Keeps logs for {days} days, and takes no keys"))
    yield workspace
    reason = written.because("Who read, wrote and deleted which blob of the store, and when", "store")
    yield logged(make, "store", account, workspace, reason)


def log_of(make: Maker, group: Resource, place: tuple[str, str], days: int, reason: Reason) -> Resource:
    """A place for logs, by its name and location."""
    body: dict[str, Value] = {
        "name": place[0],
        "resource_group_name": group.get("name"),
        "location": place[1],
        "sku": "PerGB2018",
        "retention_in_days": days,
        "local_authentication_enabled": False,
    }
    return make(WORKSPACE, "log", body, reason)


def logged(make: Maker, label: str, account: Resource, workspace: Resource, reason: Reason) -> Resource:
    """Sends what is done with the blobs of an account to a log."""
    body: dict[str, Value] = {
        "name": "log",
        "target_resource_id": template(account.get("id"), "/blobServices/default"),
        "log_analytics_workspace_id": workspace.get("id"),
        "enabled_log": [{"category": category} for category in _LOGGED],
    }
    return make("azurerm_monitor_diagnostic_setting", label, body, reason)


def _mail(written: Written, make: Maker, group: Resource) -> Resource | None:
    owner = str(written.build.pipeline.settings.get("owner", ""))
    if not _ADDRESS.fullmatch(owner):
        return None
    type_ = "azurerm_monitor_action_group"
    body: dict[str, Value] = {
        "name": name(type_, written.pipeline, written.environment),
        "resource_group_name": group.get("name"),
        "short_name": "mlopsc",
        "email_receiver": [{"name": "owner", "email_address": owner, "use_common_alert_schema": True}],
    }
    return make(type_, "owner", body, Reason("Mails the owner", f"pipeline {written.pipeline}", "owner"))


def _budget(written: Written, make: Maker, group: Resource, mail: Resource) -> Iterator[Resource]:
    setting = written.build.pipeline.environment.settings.get("budget")
    if setting is None:
        return
    amount = Rate.parse(str(setting)).amount
    assert isinstance(amount, Money)
    type_ = "azurerm_consumption_budget_resource_group"
    told: dict[str, Value] = {"operator": "GreaterThanOrEqualTo", "contact_groups": [mail.get("id")]}
    body: dict[str, Value] = {
        "name": name(type_, written.pipeline, written.environment),
        "resource_group_id": group.get("id"),
        "amount": int(amount.amount) if amount.amount.is_integer() else amount.amount,
        "time_grain": "Monthly",
        "time_period": [{"start_date": _THIS_MONTH}],
        "notification": [
            {**told, "threshold": 80, "threshold_type": "Forecasted"},
            {**told, "threshold": 100, "threshold_type": "Actual"},
        ],
    }
    purpose = (
        "Tells the owner when a month is likely to cost 80% of this and when it has cost all; it stops nothing. "
        f"Azure counts in the currency that the subscription is billed in, which must be {amount.currency}"
    )
    # A budget begins with a month that has not ended; in later months that is no change.
    yield make(type_, "month", body, written.because(purpose, "budget"), keep=("time_period",))
