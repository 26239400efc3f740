"""Conditions of role assignments: which blobs, and which roles, a role is good for."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.targets.terraform.expressions import Expr, Template, template
from mlopsc.targets.terraform.identities import Act

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
READ, ADD, WRITE, DELETE = f"{BLOBS}/read", f"{BLOBS}/add/action", f"{BLOBS}/write", f"{BLOBS}/delete"
ACTIONS = {Act.READ: READ, Act.CREATE: ADD, Act.WRITE: WRITE, Act.DELETE: DELETE}
"""What each act is on Azure. To add makes a blob that is not there; to write also replaces one."""
VERSION = "2.0"
LONGEST = 8_192
"""How many characters of a condition Azure takes."""
LISTING = "Blob.List"
ACCOUNT_NAME = "Microsoft.Storage/storageAccounts:name"
CONTAINER_NAME = "Microsoft.Storage/storageAccounts/blobServices/containers:name"
PATH, PREFIX = f"{BLOBS}:path", f"{BLOBS}:prefix"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_REFUSED = "'\\{}?"


def on_blobs(act: Act, account: str, container: str, paths: Sequence[str]) -> str:
    """A condition under which an act may be done with blobs of a container, and with no others.

    Each of `paths` is a whole path or, with `/` at its end, a folder. Whoever may read in a folder sees its names, and
    may ask whether the folder itself is a blob, as libraries do before they list it.
    """
    where = [f"@Resource[{ACCOUNT_NAME}] StringEquals '{_plain(account)}'"]
    where.append(f"@Resource[{CONTAINER_NAME}] StringEquals '{_plain(container)}'")
    inside = [f"{path}*" if path.endswith("/") else path for path in paths]
    if act != Act.READ:
        return _unless(f"ActionMatches{{'{ACTIONS[act]}'}}", [*where, _like(f"Resource[{PATH}]", inside)])
    asked = [*inside, *(path.rstrip("/") for path in paths if path.endswith("/"))]
    content = _like(f"Resource[{PATH}]", sorted(asked))
    reads = _unless(f"ActionMatches{{'{READ}'}} AND NOT SubOperationMatches{{'{LISTING}'}}", [*where, content])
    names = _like(f"Request[{PREFIX}]", [path if path.endswith("*") else f"{path}*" for path in inside])
    lists = _unless(f"ActionMatches{{'{READ}'}} AND SubOperationMatches{{'{LISTING}'}}", [*where, names])
    return f"{reads} AND {lists}"


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


def _unless(action: str, expressions: Sequence[str]) -> str:
    return f"((!({action})) OR ({' AND '.join(expressions)}))"


def _like(attribute: str, patterns: Sequence[str]) -> str:
    """Whether an attribute is like one of some texts, in which `*` stands for anything, `/` too."""
    texts = ", ".join(f"'{_plain(one)}'" for one in patterns)
    return f"@{attribute} ForAnyOfAnyValues:StringLike {{{texts}}}"


def _plain(value: str) -> str:
    assert not set(value) & set(_REFUSED), f"{value!r} would end a condition's text"
    return value


def _listed(values: Sequence[Expr]) -> list[str | Expr]:
    """Values with a comma between any two."""
    found: list[str | Expr] = []
    for value in values:
        found += [", ", value] if found else [value]
    return found
