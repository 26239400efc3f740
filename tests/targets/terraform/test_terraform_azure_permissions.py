"""What each identity may and may not do on Azure, action by action, as the emitted roles and conditions say it."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

import pytest
from azure_case import BOOTSTRAP, DEV, PROD, SUBSCRIPTION, compiled, document, spec

from mlopsc.targets.terraform.azure.conditions import ADD, BLOBS, DELETE, READ, WRITE
from mlopsc.targets.terraform.azure.evaluation import Access, access_of
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.identities import Act, identities

ACTIONS = {Act.READ: READ, Act.CREATE: ADD, Act.WRITE: WRITE, Act.DELETE: DELETE}
ANALYSTS = "7d9c7f0e-30a4-4c54-a7ab-9b1b5a1f6f10"
STORE = "bikedemandprod/models/v1"
KEYS = (
    "objects/sha256/ab/cd",
    "index/k.json",
    "versions/demand/1.json",
    "versions/other/1.json",
    "looks/1.json",
    "release/api/prod/1.json",
    "release/api/dev/1.json",
    "release/other/prod/1.json",
    "log/api/prod/1.parquet",
    "log/api/dev/1.parquet",
    "feedback/api/prod/1.parquet",
    "heartbeat/api/prod/1.json",
    "events/live/prod/1.json",
    "reports/live/prod/1.html",
    "forget/api/prod/u-1.json",
    "forget/api/dev/u-1.json",
    "quarantine/1",
    "objects",
    "objectsx/1",
    "1",
)
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
HOME = f"{GROUP}/bike-demand-prod"
SHARED = f"{GROUP}/tfstate-bike-demand"
ACCOUNT = f"{HOME}/providers/Microsoft.Storage/storageAccounts/bikedemandprod"
CI_PLAN, CI_APPLY = "tfstate-bike-demand/bike-demand-prod-ci-plan", "tfstate-bike-demand/bike-demand-prod-ci-apply"
IMAGE = "tfstate-bike-demand/bike-demand-image"
STATES = document(BOOTSTRAP)["resource"]["azurerm_storage_account"]["states"]["name"]


@cache
def access() -> Access:
    return access_of(document(BOOTSTRAP), document(PROD), document(DEV))


def role(word: str) -> str:
    guid: str = document(BOOTSTRAP)["resource"]["azurerm_role_definition"][word]["role_definition_id"]
    return guid


def grants() -> dict[str, list[tuple[Act, str]]]:
    """What the graph asks for, by whoever runs."""
    written = Written(compiled(spec()).builds["prod"])
    found = {}
    for one in identities(written):
        principals = [group["azure"] for group in one.groups] or [f"bike-demand-prod/bike-demand-prod-{one.name}"]
        for principal in principals:
            found[principal] = [(act, grant.prefix) for grant in one.grants for act in grant.acts]
    return found


@pytest.mark.parametrize("principal", grants())
def test_each_may_do_what_the_graph_asks_for_and_nothing_else(principal: str) -> None:
    wanted = grants()[principal]
    for (act, action), key in product(ACTIONS.items(), KEYS):
        expected = any(act == one and key.startswith(prefix) for one, prefix in wanted)
        expected |= act == Act.READ and f"{key}/" in [prefix for one, prefix in wanted if one == act]
        assert access().may(principal, action, f"{STORE}/{key}") == expected, (action, key)


@pytest.mark.parametrize("principal", grants())
def test_nobody_does_what_no_part_of_the_program_does(principal: str) -> None:
    others = (
        "deleteBlobVersion/action",
        "permanentDelete/action",
        "filter/action",
        "move/action",
        "tags/write",
        "immutableStorage/runAsSuperUser/action",
        "manageOwnership/action",
        "modifyPermissions/action",
    )
    for word, key in product(others, KEYS):
        assert not access().may(principal, f"{BLOBS}/{word}", f"{STORE}/{key}"), (word, key)
    for action in (
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.Storage/storageAccounts/read",
        "Microsoft.Authorization/roleAssignments/write",
    ):
        assert not access().may_manage(principal, action, ACCOUNT)


@pytest.mark.parametrize("principal", grants())
def test_nobody_reaches_beyond_the_store_of_the_environment(principal: str) -> None:
    dev = document(DEV)["resource"]["azurerm_storage_account"]["store"]["name"]
    elsewhere = (f"{dev}/store", "bikedemandprod/models", "bikedemandprod/models/v2", f"{STATES}/tfstate/bike_demand")
    for (place, key), action in product(product(elsewhere, KEYS), ACTIONS.values()):
        assert not access().may(principal, action, f"{place}/{key}"), (place, key)
    for place in elsewhere:
        assert not access().may_list(principal, f"{place}/")


@pytest.mark.parametrize("principal", grants())
def test_each_sees_names_where_it_may_read_and_nowhere_else(principal: str) -> None:
    read = [prefix for act, prefix in grants()[principal] if act == Act.READ]
    for key in (*KEYS, "", "release/", "release/api/", *read):
        prefix = key.rpartition("/")[0] + "/" if "/" in key else key
        expected = any(prefix.startswith(one) for one in read)
        assert access().may_list(principal, f"{STORE}/{prefix}") == expected, prefix


@pytest.mark.parametrize("principal", grants())
def test_a_folder_may_be_asked_whether_it_is_a_blob_by_whoever_lists_it(principal: str) -> None:
    """Libraries do that first; a refusal would be an error to them, and `not there` is what they expect."""
    for act, prefix in grants()[principal]:
        assert access().may(principal, READ, f"{STORE}/{prefix.rstrip('/')}") or act != Act.READ
        assert not access().may(principal, ACTIONS[Act.WRITE], f"{STORE}/{prefix.rstrip('/')}")


def test_a_second_environment_has_identities_of_its_own() -> None:
    dev = document(DEV)["resource"]["azurerm_storage_account"]["store"]["name"]
    assert access().may("bike-demand-dev/bike-demand-dev-train", READ, f"{dev}/store/index/1")
    assert not access().may("bike-demand-dev/bike-demand-dev-train", READ, f"{STORE}/index/1")
    assert not access().may(ANALYSTS, READ, f"{dev}/store/reports/live/dev/1")


@pytest.mark.parametrize(
    ("principal", "container", "key", "allowed"),
    [
        (CI_PLAN, "tfstate", "bike_demand/prod.tfstate", {READ}),
        (CI_PLAN, "tfstate", "bike_demand/dev.tfstate", set()),
        (CI_PLAN, "tfplan", "bike_demand/prod/1.tfplan", {ADD}),
        (CI_PLAN, "tfplan", "bike_demand/dev/1.tfplan", set()),
        (CI_PLAN, "bootstrap", "bike_demand/azure.tfstate", set()),
        (CI_APPLY, "tfstate", "bike_demand/prod.tfstate", {READ, WRITE}),
        (CI_APPLY, "tfstate", "bike_demand/dev.tfstate", set()),
        (CI_APPLY, "tfplan", "bike_demand/prod/1.tfplan", {READ}),
        (CI_APPLY, "bootstrap", "bike_demand/azure.tfstate", set()),
        (CI_APPLY, "bootstrap", "bike_demand/github.tfstate", set()),
        (IMAGE, "tfstate", "bike_demand/prod.tfstate", set()),
    ],
)
def test_ci_reaches_the_state_and_the_plans_of_its_environment(
    principal: str, container: str, key: str, allowed: set[str]
) -> None:
    found = {one for one in ACTIONS.values() if access().may(principal, one, f"{STATES}/{container}/{key}")}
    assert found == allowed


@pytest.mark.parametrize("principal", [CI_PLAN, CI_APPLY, IMAGE])
def test_ci_reads_and_writes_nothing_of_a_store(principal: str) -> None:
    for action, key in product(ACTIONS.values(), KEYS):
        assert not access().may(principal, action, f"{STORE}/{key}")
    assert not access().may_list(principal, f"{STORE}/")


@pytest.mark.parametrize(
    ("action", "plans", "applies"),
    [
        ("Microsoft.Storage/storageAccounts/read", True, True),
        ("Microsoft.Storage/storageAccounts/write", False, True),
        ("Microsoft.Storage/storageAccounts/delete", False, False),
        ("Microsoft.Storage/storageAccounts/listKeys/action", False, False),
        ("Microsoft.Storage/storageAccounts/listServiceSas/action", False, False),
        ("Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action", False, False),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/write", False, True),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/delete", False, False),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/write", False, True),
        ("Microsoft.Authorization/locks/write", False, True),
        ("Microsoft.Authorization/locks/delete", False, False),
        ("Microsoft.Authorization/roleDefinitions/write", False, False),
        ("Microsoft.Authorization/roleDefinitions/read", True, True),
        ("Microsoft.Resources/subscriptions/resourceGroups/write", False, False),
        ("Microsoft.Resources/subscriptions/resourceGroups/delete", False, False),
        ("Microsoft.OperationalInsights/workspaces/query/read", False, False),
        ("Microsoft.Insights/diagnosticSettings/delete", False, True),
        ("Microsoft.Compute/virtualMachines/write", False, False),
    ],
)
def test_ci_changes_settings_in_its_resource_group_only(action: str, plans: bool, applies: bool) -> None:
    assert access().may_manage(CI_PLAN, action, ACCOUNT) == plans
    assert access().may_manage(CI_APPLY, action, ACCOUNT) == applies
    for place in (f"{GROUP}/bike-demand-dev", f"{GROUP}/bike-demand-prod-2", SHARED, f"/subscriptions/{SUBSCRIPTION}"):
        assert not access().may_manage(CI_PLAN, action, place)
        assert not access().may_manage(CI_APPLY, action, place)


@pytest.mark.parametrize("verb", ["write", "delete"])
def test_ci_gives_only_the_roles_of_blobs_and_never_to_itself(verb: str) -> None:
    def gives(word: str, to: str, kind: str, place: str = HOME) -> bool:
        return access().may_assign(CI_APPLY, verb, place, word, to, kind)

    train = "bike-demand-prod/bike-demand-prod-train"
    for word in ("blob_read", "blob_create", "blob_write", "blob_delete"):
        assert gives(role(word), train, "ServicePrincipal")
        assert gives(role(word), ANALYSTS, "Group")
        assert not gives(role(word), "11111111-0000-0000-0000-000000000000", "Group")
        assert not gives(role(word), "11111111-0000-0000-0000-000000000000", "User")
        assert not gives(role(word), CI_APPLY, "ServicePrincipal")
        assert not gives(role(word), CI_PLAN, "ServicePrincipal")
        assert not gives(role(word), train, "ServicePrincipal", SHARED)
        assert not access().may_assign(CI_PLAN, verb, HOME, role(word), train, "ServicePrincipal")
    owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    for word in (owner, role("plan"), role("apply")):
        assert not gives(word, train, "ServicePrincipal")


def test_images_are_pushed_by_one_identity_into_one_registry() -> None:
    name = document(BOOTSTRAP)["resource"]["azurerm_container_registry"]["image"]["name"]
    registries = f"{SHARED}/providers/Microsoft.ContainerRegistry/registries"
    push = "Microsoft.ContainerRegistry/registries/push/write"
    assert access().may_manage(IMAGE, push, f"{registries}/{name}")
    assert not access().may_manage(IMAGE, push, f"{registries}/{name}2")
    assert not access().may_manage(IMAGE, "Microsoft.ContainerRegistry/registries/write", f"{registries}/{name}")
    assert not access().may_manage(CI_APPLY, push, f"{registries}/{name}")


PAGE = Path(__file__).parents[3] / "docs" / "terraform-azure.md"
ROWS = (
    ("objects/", "objects/"),
    ("index/", "index/"),
    ("versions/MODEL/", "versions/demand/"),
    ("looks/", "looks/"),
    ("release/RELEASE/ENV/", "release/api/prod/"),
    ("log/RELEASE/ENV/", "log/api/prod/"),
    ("feedback/RELEASE/ENV/", "feedback/api/prod/"),
    ("heartbeat/RELEASE/ENV/", "heartbeat/api/prod/"),
    ("forget/RELEASE/ENV/", "forget/api/prod/"),
    ("events/MONITOR/ENV/", "events/live/prod/"),
    ("reports/MONITOR/ENV/", "reports/live/prod/"),
)


def table() -> str:
    """What the page says of the golden spec's production, as the evaluator finds it."""
    people = {"people": ANALYSTS, "`ci-plan`, `ci-apply`": CI_APPLY}
    who = {f"`{one}`": f"bike-demand-prod/bike-demand-prod-{one}" for one in ("train", "release", "router", "monitor")}
    who |= people
    lines = [f"| below | {' | '.join(who)} |", "|---|" + "---|" * len(who)]
    for shown, prefix in ROWS:
        cells = []
        for principal in who.values():
            acts = [act for act, one in ACTIONS.items() if access().may(principal, one, f"{STORE}/{prefix}x")]
            names = ["list"] if access().may_list(principal, f"{STORE}/{prefix}") else []
            cells.append(", ".join([*acts, *names]) or "–")
        lines.append(f"| `{shown}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_table_of_the_page_is_true() -> None:
    assert table() in PAGE.read_text("utf-8"), table()
