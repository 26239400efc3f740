"""What in a plan would make an environment weaker: a table of rules over its changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.targets.terraform.reading import policies
from mlopsc.targets.terraform.reading.changes import Act, Change, Changes


@dataclass(frozen=True)
class Weakening:
    """A change that makes an environment weaker: by which rule, of which resource, and in what."""

    rule: str
    address: str
    what: str


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what it finds, the types that guard and must not go, and what it finds in a change."""

    name: str
    meaning: str
    guards: tuple[str, ...] = ()
    find: Callable[[Change], Iterator[str]] = lambda _: iter(())

    def weakenings(self, change: Change) -> Iterator[Weakening]:
        """What it finds in one change."""
        if change.act in (Act.DESTROY, Act.FORGET):
            if change.type in self.guards:
                yield Weakening(self.name, change.address, "it would be gone")
        else:
            yield from (Weakening(self.name, change.address, what) for what in dict.fromkeys(self.find(change)))


def weakenings(changes: Changes) -> tuple[Weakening, ...]:
    """Everything in a plan that makes its environment weaker, by rule."""
    return tuple(found for rule in RULES for one in changes.changes for found in rule.weakenings(one))


def not_judged(changes: Changes) -> tuple[str, ...]:
    """The resources whose new policy is known only once the plan has been applied."""
    return tuple(
        one.address
        for one in changes.changes
        if one.act in (Act.CHANGE, Act.REPLACE)
        and any(one.is_unknown(name) for name in _POLICIES if one.before.get(name))
    )


_POLICIES = ("policy", "assume_role_policy")
_INDEX = re.compile(r"\[\d+\]")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a value that has no parts, by path; of an empty list the list itself."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, one in enumerate(value):
            yield from _leaves(one, f"{path}[{number}]")
    else:
        yield path, value


def _pairs(change: Change, names: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    """The attributes of these names, wherever they stand, before and after; of those that are known then."""
    if change.act is Act.MAKE:
        return
    after = dict(_leaves(change.after))
    for path, before in _leaves(change.before):
        name = _INDEX.sub("", path).rpartition(".")[2]
        if name in names and not change.is_unknown(path):
            yield path, before, after.get(path)


def _no_longer(strong: Mapping[str, tuple[Any, ...]]) -> Callable[[Change], Iterator[str]]:
    """Finds attributes that had one of their strong values and have none of them then."""

    def find(change: Change) -> Iterator[str]:
        for path, before, after in _pairs(change, tuple(strong)):
            values = strong[_INDEX.sub("", path).rpartition(".")[2]]
            if before in values and after not in values:
                yield f"`{path}` would be {_word(after)} instead of {_word(before)}"

    return find


def _taken_away(*names: str) -> Callable[[Change], Iterator[str]]:
    """Finds attributes that named something and name nothing, or something else, then."""

    def find(change: Change) -> Iterator[str]:
        for path, before, after in _pairs(change, names):
            if before and before != after:
                yield f"`{path}` would be {_word(after)} instead of {_word(before)}"

    return find


def _shorter(*names: str, forever: tuple[Any, ...] = ()) -> Callable[[Change], Iterator[str]]:
    """Finds numbers that get smaller; `forever` are values that stand for no end."""

    def find(change: Change) -> Iterator[str]:
        for path, before, after in _pairs(change, names):
            was, will = _length(before, forever), _length(after, forever)
            if will < was:
                yield f"`{path}` would be {_word(after)} instead of {_word(before)}"

    return find


def _length(value: Any, forever: tuple[Any, ...]) -> float:
    if value in forever:
        return float("inf")
    return float(value) if isinstance(value, int | float) else 0.0


def _of(types: str, finder: Callable[[Change], Iterator[str]]) -> Callable[[Change], Iterator[str]]:
    """The same, of types that begin so only."""
    return lambda change: finder(change) if change.type.startswith(types) else iter(())


def _all(*finders: Callable[[Change], Iterator[str]]) -> Callable[[Change], Iterator[str]]:
    def find(change: Change) -> Iterator[str]:
        for one in finders:
            yield from one(change)

    return find


def _word(value: Any) -> str:
    if value is None or value in ("", []):
        return "nothing"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _expiry(change: Change) -> Iterator[str]:
    """Objects that would be deleted earlier, or at all."""
    if change.type != "aws_s3_bucket_lifecycle_configuration":
        return
    had = dict(_expiries(change.before))
    for which, days in _expiries(change.after):
        if change.act is not Act.MAKE and days < had.get(which, float("inf")):
            before = f"`{had[which]}`" if which in had else "never"
            yield f"{which[1]} of the rule `{which[0]}` would end after `{days}` days instead of {before}"


def _expiries(body: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], int]]:
    for rule in body.get("rule") or ():
        if rule.get("status", "Enabled") != "Enabled":
            continue
        for block, key, what in (
            ("expiration", "days", "objects"),
            ("noncurrent_version_expiration", "noncurrent_days", "earlier versions"),
        ):
            yield from (((str(rule.get("id")), what), one[key]) for one in rule.get(block) or () if one.get(key))


def _tls(change: Change) -> Iterator[str]:
    for path, before, after in _pairs(change, ("min_tls_version", "minimum_tls_version")):
        if str(after) < str(before):
            yield f"`{path}` would be {_word(after)} instead of {_word(before)}"


def _opened(change: Change) -> Iterator[str]:
    """Addresses of the whole world that come in."""
    for attribute in ("cidr_blocks", "cidr_ipv4", "source_address_prefix", "ip_rules", "public_network_access"):
        had = {str(one) for path, one in _leaves(change.before) if attribute in path}
        for path, one in _leaves(change.after):
            is_ingress = "egress" not in path and "egress" not in change.type
            if attribute in path and is_ingress and one in ("0.0.0.0/0", "::/0", "*", "Enabled") and one not in had:
                yield f"`{path}` would be {_word(one)}"


def _policy(change: Change) -> Iterator[str]:
    after = [str(one) for path, one in _leaves(change.after) if _is_policy(path) and one]
    if change.act is Act.MAKE:
        yield from (what for one in after for what in policies.wide_from_the_start(one))
        return
    before = [str(one) for path, one in _leaves(change.before) if _is_policy(path) and one]
    if after:
        yield from policies.widened(_together(before), _together(after))


def _is_policy(path: str) -> bool:
    return _INDEX.sub("", path).rpartition(".")[2] == "policy"


def _together(documents: list[str]) -> str:
    """Several policies as one: those of a role apply together."""
    found: list[Any] = []
    for one in documents:
        try:
            statements = json.loads(one)["Statement"]
        except (ValueError, KeyError, TypeError):
            continue
        found += statements if isinstance(statements, list) else [statements]
    return json.dumps({"Statement": found})


_MIGHTY = ("Owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator")


def _roles(change: Change) -> Iterator[str]:
    """Roles of Azure that allow more."""
    if change.type == "azurerm_role_definition":
        had = {one for path, one in _leaves(change.before) if "actions" in path and "not_" not in path}
        for path, one in _leaves(change.after):
            wide = isinstance(one, str) and (one == "*" or one.endswith("/*"))
            if wide and "actions" in path and "not_" not in path and one not in had:
                yield f"it allows `{one}`"
    if change.type == "azurerm_role_assignment":
        name, scope = change.after.get("role_definition_name"), str(change.after.get("scope") or "")
        if name in _MIGHTY and name != change.before.get("role_definition_name"):
            yield f"it would give the role `{name}`"
        before = str(change.before.get("scope") or "")
        if scope and before.startswith(f"{scope}/"):
            yield f"it would hold for `{scope}` instead of `{before}`"


def _trust(change: Change) -> Iterator[str]:
    before, after = change.before.get("assume_role_policy"), change.after.get("assume_role_policy")
    if after and before:
        yield from (f"it would let in {one}" for one in policies.trusts_widened(str(before), str(after)))
    elif after:
        yield from policies.wide_from_the_start(str(after))
    if change.type == "azurerm_federated_identity_credential":
        for name in ("issuer", "subject", "audience"):
            if change.act is not Act.MAKE and change.before.get(name) != change.after.get(name):
                shown = _word(change.after.get(name)), _word(change.before.get(name))
                yield f"it would let in the {name} {shown[0]} instead of {shown[1]}"


def _untold(change: Change) -> Iterator[str]:
    if "budget" in change.type and change.before.get("notification") and not change.after.get("notification"):
        yield "nobody would be told of it"


def _lost(change: Change) -> Iterator[str]:
    if change.act is Act.REPLACE and change.type in _KEEPING:
        yield "what it holds would be lost"


_KEEPING = (
    "aws_s3_bucket",
    "aws_kms_key",
    "aws_ecr_repository",
    "azurerm_storage_account",
    "azurerm_storage_container",
    "azurerm_key_vault",
    "azurerm_key_vault_key",
    "azurerm_container_registry",
)
_YES, _NO = (True,), (False,)

RULES: Sequence[Rule] = (
    Rule("data", "a store, a registry or a key goes, and with it what it holds or opens", _KEEPING, _lost),
    Rule(
        "public-access",
        "something that was closed opens to the world",
        ("aws_s3_bucket_public_access_block", "azurerm_storage_account_network_rules"),
        _all(
            _no_longer(
                {
                    "block_public_acls": _YES,
                    "block_public_policy": _YES,
                    "ignore_public_acls": _YES,
                    "restrict_public_buckets": _YES,
                    "public_network_access_enabled": _NO,
                    "allow_nested_items_to_be_public": _NO,
                    "publicly_accessible": _NO,
                    "shared_access_key_enabled": _NO,
                    "container_access_type": ("private",),
                    "default_action": ("Deny",),
                    "acl": ("private",),
                }
            ),
            _opened,
        ),
    ),
    Rule(
        "encryption",
        "data is encrypted with less, or not at all, where it lies or on its way",
        (
            "aws_s3_bucket_server_side_encryption_configuration",
            "azurerm_storage_account_customer_managed_key",
        ),
        _all(
            _no_longer(
                {
                    "sse_algorithm": ("aws:kms", "aws:kms:dsse"),
                    "encryption_type": ("KMS", "KMS_DSSE"),
                    "enable_key_rotation": _YES,
                    "encrypted": _YES,
                    "storage_encrypted": _YES,
                    "infrastructure_encryption_enabled": _YES,
                    "https_traffic_only_enabled": _YES,
                }
            ),
            _taken_away("kms_master_key_id", "kms_key_id", "kms_key_arn", "kms_key", "key_vault_key_id"),
            _tls,
        ),
    ),
    Rule(
        "versioning",
        "what is overwritten or deleted cannot be had back any more",
        ("aws_s3_bucket_versioning",),
        _all(
            _no_longer({"versioning_enabled": _YES, "image_tag_mutability": ("IMMUTABLE",)}),
            _of("aws_s3_bucket_versioning", _no_longer({"status": ("Enabled",)})),
        ),
    ),
    Rule(
        "deletion-protection",
        "it can be deleted more easily",
        ("aws_s3_bucket_object_lock_configuration", "azurerm_management_lock"),
        _all(
            _no_longer(
                {
                    "deletion_protection": _YES,
                    "deletion_protection_enabled": _YES,
                    "enable_deletion_protection": _YES,
                    "purge_protection_enabled": _YES,
                    "object_lock_enabled": _YES,
                    "force_destroy": _NO,
                    "force_delete": _NO,
                }
            ),
            _shorter("deletion_window_in_days", "soft_delete_retention_days"),
        ),
    ),
    Rule(
        "retention",
        "data is kept for a shorter time",
        (),
        _all(
            _expiry,
            _of("azurerm_", _shorter("days", "retention_policy_in_days")),
            _shorter("backup_retention_period"),
        ),
    ),
    Rule(
        "log-retention",
        "logs are kept for a shorter time",
        ("aws_cloudwatch_log_group", "azurerm_log_analytics_workspace", "azurerm_monitor_diagnostic_setting"),
        _shorter("retention_in_days", forever=(0,)),
    ),
    Rule(
        "boundary",
        "a role loses the boundary beyond which it cannot go, or gets another",
        ("aws_iam_role_permissions_boundary",),
        _taken_away("permissions_boundary"),
    ),
    Rule(
        "policy",
        "a policy allows everything, or what it forbade",
        ("aws_s3_bucket_policy",),
        _all(_policy, _roles),
    ),
    Rule("trust", "somebody else may take a role", (), _trust),
    Rule(
        "budget",
        "nobody is told any more when money runs out",
        (
            "aws_budgets_budget",
            "azurerm_consumption_budget_resource_group",
            "azurerm_consumption_budget_subscription",
        ),
        _untold,
    ),
)
"""The rules, the gravest first. Each finds nothing in what gets stronger."""
