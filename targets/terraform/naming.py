"""Names that clouds accept: what each type of resource allows, and a short name that stays unique."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

_HASH = 6
"""Characters of a hash that tell two names apart that were cut to the same."""


@dataclass(frozen=True)
class Rule:
    """What names of a type of resource may be: how long, of which characters, and how they must begin and end."""

    longest: int
    allowed: str
    shortest: int = 1
    separator: str = "-"
    is_lower: bool = True

    @property
    def pattern(self) -> re.Pattern[str]:
        """What every name of this kind matches."""
        return re.compile(rf"[a-zA-Z][{self.allowed}]*")


_WORDS = "a-zA-Z0-9-"
RULES: Mapping[str, Rule] = {
    "aws_s3_bucket": Rule(63, "a-z0-9-", 3),
    "aws_iam_role": Rule(64, _WORDS, is_lower=False),
    "aws_iam_policy": Rule(128, _WORDS, is_lower=False),
    "aws_kms_alias": Rule(250, _WORDS, is_lower=False),
    "aws_cloudwatch_log_group": Rule(512, _WORDS, is_lower=False),
    "aws_sns_topic": Rule(256, _WORDS, is_lower=False),
    "aws_budgets_budget": Rule(100, _WORDS, is_lower=False),
    "aws_ecr_repository": Rule(256, "a-z0-9-", 2),
    "azurerm_resource_group": Rule(90, _WORDS, is_lower=False),
    "azurerm_storage_account": Rule(24, "a-z0-9", 3, separator=""),
    "azurerm_storage_container": Rule(63, "a-z0-9-", 3),
    "azurerm_user_assigned_identity": Rule(128, _WORDS, 3, is_lower=False),
    "azurerm_federated_identity_credential": Rule(120, _WORDS, 3, is_lower=False),
    "azurerm_role_definition": Rule(128, _WORDS, is_lower=False),
    "azurerm_log_analytics_workspace": Rule(63, _WORDS, 4, is_lower=False),
    "azurerm_monitor_action_group": Rule(260, _WORDS, is_lower=False),
    "azurerm_consumption_budget_resource_group": Rule(63, _WORDS, is_lower=False),
    "azurerm_container_registry": Rule(50, "a-z0-9", 5, separator=""),
    "azurerm_container_registry_image": Rule(256, "a-z0-9-"),
    "azurerm_key_vault": Rule(24, _WORDS, 3, is_lower=False),
}
"""By type of resource, or of what is in one; what the clouds document, narrowed to what all of their tools take."""


def name(type_: str, *parts: str) -> str:
    """A name of a type of resource, made of parts, with `-` for each `_`: the same for the same parts.

    Where a part cannot stand as it is, or all of them are too long, a hash of the parts ends the name, so that two
    that were changed to the same stay apart. Where a type has no separator at all, it always does.
    """
    rule = RULES[type_]
    dashed = [part.replace("_", "-") for part in parts]
    plain = [_plain(part, rule) for part in dashed]
    joined = rule.separator.join(part for part in plain if part)
    if plain == dashed and rule.separator and rule.shortest <= len(joined) <= rule.longest and joined[0].isalpha():
        return joined
    mark = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    begin = joined if joined[:1].isalpha() else f"m{joined}"
    room = rule.longest - _HASH - len(rule.separator)
    return f"{begin[:room].rstrip('-')}{rule.separator}{mark}"


def _plain(part: str, rule: Rule) -> str:
    text = part.lower() if rule.is_lower else part
    return re.sub(rf"[^{rule.allowed}]+", rule.separator, text).strip("-")


def tag(text: str) -> str:
    """Text as the value of a tag: of the characters that every cloud takes there, 128 at most."""
    return re.sub(r"[^\w .:/=+@-]+", "_", text, flags=re.ASCII)[:128].strip()
