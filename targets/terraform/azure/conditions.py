"""Conditions of role assignments: which blobs, and which roles, a role is good for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlopsc.targets.terraform.expressions import Expr, Template, template
from mlopsc.targets.terraform.identities import Act

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
READ, ADD, WRITE, DELETE = f"{BLOBS}/read", f"{BLOBS}/add/action", f"{BLOBS}/write", f"{BLOBS}/delete"
ACTIONS = {Act.READ: READ, Act.CREATE: ADD, Act.WRITE: WRITE, Act.DELETE: DELETE}
"""What each act is on Azure. To add makes a blob that is not there; to write also replaces one."""
VERSION = "2.0"
LISTING = "Blob.List"
ACCOUNT_NAME = "Microsoft.Storage/storageAccounts:name"
CONTAINER_NAME = "Microsoft.Storage/storageAccounts/blobServices/containers:name"
PATH, PREFIX = f"{BLOBS}:path", f"{BLOBS}:prefix"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_REFUSED = "'\\{}"


def on_blobs(act: Act, account: str, container: str, paths: Sequence[str], lists: Sequence[str] = ()) -> str:
    """A condition under which an act may be done with blobs of a container, and with no others.

    Each of `paths` is a whole path or, with `/` at its end, what paths begin with. `lists` are beginnings of the
    names that may be listed, `""` for all; without any, no names are shown.
    """
    where = [_resource(ACCOUNT_NAME, "StringEquals", account), _resource(CONTAINER_NAME, "StringEquals", container)]
    allowed = _one_of(_resource(PATH, *_matching(path)) for path in paths)
    if act != Act.READ:
        return _unless(f"ActionMatches{{'{ACTIONS[act]}'}}", [*where, allowed])
    reads = _unless(f"ActionMatches{{'{READ}'}} AND NOT SubOperationMatches{{'{LISTING}'}}", [*where, allowed])
    shown = [] if "" in lists else [_one_of(_request(PREFIX, one) for one in lists)] if lists else [_NEVER]
    names = _unless(f"ActionMatches{{'{READ}'}} AND SubOperationMatches{{'{LISTING}'}}", [*where, *shown])
    return f"{reads} AND {names}"


def on_assignments(roles: Sequence[str], groups: Sequence[str], never: Sequence[Expr]) -> Template:
    """A condition under which somebody may give and take away these roles only: to identities and to these groups
    of people, and never to himself."""
    parts: list[str | Expr] = []
    for action, source in (("write", "Request"), ("delete", "Resource")):
        role = f"@{source}[{ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{', '.join(roles)}}}"
        principal = f"@{source}[{ASSIGNMENTS}:PrincipalId]"
        people = f"@{source}[{ASSIGNMENTS}:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal'"
        if groups:
            people = f"({people} OR {principal} ForAnyOfAnyValues:GuidEquals {{{', '.join(groups)}}})"
        parts += [" AND "] if parts else []
        parts += [f"((!(ActionMatches{{'{ASSIGNMENTS}/{action}'}})) OR ({role} AND {people}"]
        parts += [f" AND {principal} ForAnyOfAllValues:GuidNotEquals {{", *_listed(never), "}))"]
    return template(*parts)


_NEVER = f"@Request[{PREFIX}] StringEquals '/'"
"""What no listing is: no name of ours begins with `/`."""


def _unless(action: str, expressions: Sequence[str]) -> str:
    return f"((!({action})) OR ({' AND '.join(expressions)}))"


def _resource(attribute: str, operator: str, value: str) -> str:
    return f"@Resource[{attribute}] {operator} '{_plain(value)}'"


def _request(attribute: str, beginning: str) -> str:
    return f"@Request[{attribute}] StringStartsWith '{_plain(beginning)}'"


def _matching(path: str) -> tuple[str, str]:
    return ("StringStartsWith", path) if path.endswith("/") else ("StringEquals", path)


def _one_of(expressions: Iterable[str]) -> str:
    found = list(expressions)
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _plain(value: str) -> str:
    assert not set(value) & set(_REFUSED), f"{value!r} would end a condition's text"
    return value


def _listed(values: Sequence[Expr]) -> list[str | Expr]:
    """Values with a comma between any two."""
    found: list[str | Expr] = []
    for value in values:
        found += [", ", value] if found else [value]
    return found
