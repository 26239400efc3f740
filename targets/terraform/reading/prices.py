"""What an environment costs before anybody uses it: list prices of the few things that cost while they only stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.targets.terraform.aws.regions import REGIONS

CURRENCY = "USD"
_HOURS = 730
_DAYS = 365 / 12

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Price:
    """What one of a type costs a month by list, in dollars, and what comes on top with use."""

    name: str
    monthly: Callable[[Body], float]
    more: str = ""


@dataclass(frozen=True)
class Cost:
    """What an environment has of something: how many, and what they cost a month together."""

    name: str
    number: int
    monthly: float
    more: str


def _flat(amount: float) -> Callable[[Body], float]:
    return lambda _: amount


_REGISTRIES = {"Basic": 0.167, "Standard": 0.667, "Premium": 1.667}

PRICES: Mapping[str, Price] = {
    "aws_kms_key": Price("key", _flat(1), "1 more for each of its first two yearly renewals; requests"),
    "aws_budgets_budget": Price("budget", _flat(0)),
    "aws_cloudwatch_log_group": Price("log group", _flat(0), "what is written and kept"),
    "aws_cloudwatch_metric_alarm": Price("alarm", _flat(0.10)),
    "aws_ecr_repository": Price("image registry", _flat(0), "what is kept"),
    "aws_nat_gateway": Price("NAT gateway", _flat(0.045 * _HOURS), "what passes; more in some regions"),
    "aws_s3_bucket": Price("bucket", _flat(0), "what is kept, requests"),
    "aws_secretsmanager_secret": Price("secret", _flat(0.40), "requests"),
    "aws_sns_topic": Price("topic", _flat(0), "what is sent"),
    "azurerm_consumption_budget_resource_group": Price("budget", _flat(0)),
    "azurerm_consumption_budget_subscription": Price("budget", _flat(0)),
    "azurerm_container_registry": Price(
        "image registry",
        lambda body: _REGISTRIES[str(body.get("sku", "Basic"))] * _DAYS,
        "what is kept beyond its share",
    ),
    "azurerm_key_vault": Price("key vault", _flat(0), "requests"),
    "azurerm_key_vault_key": Price("key", _flat(0), "requests"),
    "azurerm_log_analytics_workspace": Price("Log Analytics", _flat(0), "what is written and kept"),
    "azurerm_monitor_action_group": Price("who is told", _flat(0), "what is sent"),
    "azurerm_monitor_metric_alert": Price("alarm", _flat(0.10)),
    "azurerm_private_endpoint": Price("private endpoint", _flat(0.01 * _HOURS), "what passes"),
    "azurerm_storage_account": Price("storage account", _flat(0), "what is kept, requests"),
}
"""By type. These do not differ between the usual regions; a type that is not here is told as such."""
_FREE = (
    *("aws_iam_", "aws_s3_bucket_", "aws_kms_alias", "aws_sns_topic_", "aws_cloudwatch_log_", "aws_ecr_"),
    *("azurerm_role_", "azurerm_user_assigned_identity", "azurerm_federated_identity_credential"),
    *("azurerm_resource_group", "azurerm_storage_", "azurerm_management_lock", "terraform_data", "github_"),
    "azurerm_monitor_diagnostic_setting",
)
"""What begins so costs nothing by itself."""


def costs(resources: Mapping[str, Mapping[str, Body]]) -> Iterator[Cost]:
    """What is made and has a price, with what it costs while it only stands."""
    for type_, named in resources.items():
        price = PRICES.get(type_)
        if price and named:
            yield Cost(price.name, len(named), sum(price.monthly(body) for body in named.values()), price.more)


def without_price(resources: Mapping[str, Mapping[str, Body]]) -> tuple[str, ...]:
    """The types that are made and of which nothing is known here."""
    return tuple(sorted(one for one in resources if one not in PRICES and not one.startswith(_FREE)))


def is_unknown_region(platform: Mapping[str, Any]) -> bool:
    """Whether the prices may not be those of a platform's region."""
    from mlopsc.targets.terraform.azure.locations import LOCATIONS

    match platform["function"]:
        case "aws":
            return str(platform["region"]) not in REGIONS
        case "azure":
            return str(platform["location"]) not in LOCATIONS
    return False
