"""What statements of AWS policies match: actions, resources and conditions, as AWS documents it.

Whatever is not known here raises UnreadableError: a check that guessed would say yes where AWS says no.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

Context: TypeAlias = Mapping[str, "str | Sequence[str]"]
"""What is known of a request, by condition key: `aws:SecureTransport`, `s3:if-none-match`."""


class UnreadableError(ValueError):
    """A policy says something that this evaluator does not know, so nothing can be said of it."""


@dataclass(frozen=True)
class Condition:
    """One condition: an operator, the key of the request that it looks at, and what that is compared with."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One statement of a policy with all references resolved; `place` says where it stands, `because` why."""

    place: str
    allows: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    """Whom a policy of a resource speaks of, as type and identifier: `("AWS", "*")`."""
    not_principals: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    because: str = ""

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Whether it speaks of this request, whoever makes it."""
        return (
            self.names(action)
            and _fits(resource, self.resources, self.not_resources)
            and all(holds(one, context) for one in self.conditions)
        )

    def names(self, action: str) -> bool:
        """Whether it speaks of an action, whose case does not matter."""
        lower = tuple(one.lower() for one in self.actions), tuple(one.lower() for one in self.not_actions)
        return _fits(action.lower(), *lower)


def _fits(value: str, patterns: Sequence[str], others: Sequence[str]) -> bool:
    if others:
        return not any(like(pattern, value) for pattern in others)
    return any(like(pattern, value) for pattern in patterns)


def like(pattern: str, value: str) -> bool:
    """Whether text fits a pattern in which `*` is any text, slashes too, and `?` any one character."""
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    if "${" in pattern or "&{" in pattern:
        raise UnreadableError(f"`{pattern}` has a variable in it, whose value only AWS knows")
    text = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern)
    return re.compile(text, re.DOTALL)


def holds(condition: Condition, context: Context) -> bool:
    """Whether a condition holds of a request."""
    values = value_of(context, condition.key)
    kind, _, rest = condition.operator.rpartition(":")
    operator, is_optional = rest.removesuffix("IfExists"), rest.endswith("IfExists")
    if condition.operator == "Null":
        return any((values is None) == (wanted.lower() == "true") for wanted in condition.values)
    if operator not in _OPERATORS or kind not in ("", "ForAllValues", "ForAnyValue"):
        raise UnreadableError(f"the operator `{condition.operator}` of a condition is not known")
    compare, is_negated = _OPERATORS[operator]
    met = [any(compare(value, wanted) for wanted in condition.values) != is_negated for value in values or ()]
    if kind:
        return all(met) if kind == "ForAllValues" else any(met)
    if values is None:
        return is_optional or is_negated
    if len(values) != 1:
        raise UnreadableError(f"`{condition.key}` has several values, and `{condition.operator}` compares one")
    return met[0]


def value_of(context: Context, key: str) -> tuple[str, ...] | None:
    """The values of a condition key, whose case does not matter; None where the request has none."""
    for name, value in context.items():
        if name.lower() == key.lower():
            return (value,) if isinstance(value, str) else tuple(value)
    return None


Comparison: TypeAlias = Callable[[str, str], bool]


def _arn_like(value: str, wanted: str) -> bool:
    """Whether an ARN fits a pattern part by part: a `*` never reaches over one of the first five colons."""
    parts, patterns = value.split(":", 5), wanted.split(":", 5)
    return len(parts) == len(patterns) and all(map(like, patterns, parts))


def _number(compare: Callable[[float, float], bool]) -> Comparison:
    return lambda value, wanted: compare(float(value), float(wanted))


_OPERATORS: Mapping[str, tuple[Comparison, bool]] = {
    "StringEquals": (lambda value, wanted: value == wanted, False),
    "StringNotEquals": (lambda value, wanted: value == wanted, True),
    "StringEqualsIgnoreCase": (lambda value, wanted: value.lower() == wanted.lower(), False),
    "StringNotEqualsIgnoreCase": (lambda value, wanted: value.lower() == wanted.lower(), True),
    "StringLike": (lambda value, wanted: like(wanted, value), False),
    "StringNotLike": (lambda value, wanted: like(wanted, value), True),
    "ArnEquals": (_arn_like, False),
    "ArnLike": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnNotLike": (_arn_like, True),
    "Bool": (lambda value, wanted: value.lower() == wanted.lower(), False),
    "NumericEquals": (_number(lambda value, wanted: value == wanted), False),
    "NumericNotEquals": (_number(lambda value, wanted: value == wanted), True),
    "NumericLessThan": (_number(lambda value, wanted: value < wanted), False),
    "NumericLessThanEquals": (_number(lambda value, wanted: value <= wanted), False),
    "NumericGreaterThan": (_number(lambda value, wanted: value > wanted), False),
    "NumericGreaterThanEquals": (_number(lambda value, wanted: value >= wanted), False),
}
"""By name: how a value of the request is compared, and whether it must fit none of the wanted ones."""
_DOCUMENT = {"//", "statement", "version", "policy_id"}
_STATEMENT = {
    *("//", "sid", "effect", "actions", "not_actions", "resources", "not_resources"),
    *("principals", "not_principals", "condition"),
}


def rules_of(document: Mapping[str, Any], place: str) -> tuple[Rule, ...]:
    """The statements of a block `data.aws_iam_policy_document` whose references are resolved."""
    _refuse_others(document, _DOCUMENT, place)
    found = enumerate(several(document.get("statement")), 1)
    return tuple(_rule(one, f"{place}, statement {one.get('sid') or number}") for number, one in found)


def rules_of_json(text: str, place: str) -> tuple[Rule, ...]:
    """The statements of a policy that is written as JSON, as people write it in what they add."""
    try:
        found = several(json.loads(text)["Statement"])
        blocks = [_block(one) for one in found]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"{place}: the policy is no JSON that AWS takes") from error
    return rules_of({"statement": blocks}, place)


_NAMES = {
    "Sid": "sid",
    "Effect": "effect",
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
    "Principal": "principals",
    "NotPrincipal": "not_principals",
    "Condition": "condition",
}


def _block(found: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of JSON as Terraform writes one."""
    block: dict[str, Any] = {}
    for name, value in found.items():
        if name in ("Principal", "NotPrincipal"):
            named = {"*": "*"} if value == "*" else value
            block[_NAMES[name]] = [{"type": kind, "identifiers": _listed(one)} for kind, one in named.items()]
        elif name == "Condition":
            block["condition"] = [
                {"test": test, "variable": key, "values": _listed(one)}
                for test, keys in value.items()
                for key, one in keys.items()
            ]
        else:
            block[_NAMES[name]] = value if name in ("Sid", "Effect") else _listed(value)
    return block


def _listed(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


def _rule(found: Mapping[str, Any], place: str) -> Rule:
    _refuse_others(found, _STATEMENT, place)
    effect = found.get("effect", "Allow")
    if effect not in ("Allow", "Deny"):
        raise UnreadableError(f"{place}: the effect `{effect}` is not known")
    return Rule(
        place,
        effect == "Allow",
        actions=tuple(found.get("actions") or ()),
        not_actions=tuple(found.get("not_actions") or ()),
        resources=tuple(found.get("resources") or ()),
        not_resources=tuple(found.get("not_resources") or ()),
        principals=_principals(found.get("principals")),
        not_principals=_principals(found.get("not_principals")),
        conditions=tuple(
            Condition(str(one["test"]), str(one["variable"]), tuple(one["values"]))
            for one in several(found.get("condition"))
        ),
        because=str(found.get("//", "")),
    )


def _principals(found: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(one["type"]), str(name)) for one in several(found) for name in one["identifiers"])


def _refuse_others(found: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    others = sorted(set(found).difference(known))
    if others:
        raise UnreadableError(f"{place}: `{others[0]}` is not known")


def several(found: Any) -> Sequence[Mapping[str, Any]]:
    """Blocks of one name: Terraform takes one as an object or a list, several as a list."""
    if found is None:
        return ()
    return (found,) if isinstance(found, Mapping) else tuple(found)
