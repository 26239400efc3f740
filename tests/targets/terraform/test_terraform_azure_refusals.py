"""What cannot be written for Azure is refused at its place, and then nothing is written."""

from __future__ import annotations

import subprocess
import sys

import pytest
from azure_case import compiled, errors_of, replaced, spec

GUID = '"11111111-2222-3333-4444-555555555555", reachable_from'
STORE = '"abfs://models@bikedemandprod.dfs.core.windows.net/v1"'
RANGE = '["203.0.113.0/24", "198.51.100.7/32"]'
GROUP = 'azure = "7d9c7f0e-30a4-4c54-a7ab-9b1b5a1f6f10"'
ACCESS = "[read(analysts)]"
CASES = {
    "location": ((f'azure("westeurope", {GUID}', f'azure("westeuropa", {GUID}'), "E603", "westeuropa"),
    "shown location": ((f'azure("westeurope", {GUID}', f'azure("West Europe", {GUID}'), "E603", "West Europe"),
    "subscription": ((GUID, '"my subscription", reachable_from'), "E604", "my subscription"),
    "group": ((GUID, f'{GUID[:38]}, resource_group = existing("a/b"), reachable_from'), "E604", "a/b"),
    "store elsewhere": ((STORE, '"s3://bike-demand"'), "E610", "s3://bike-demand"),
    "store on disk": ((STORE, '"/srv/store"'), "E610", "/srv/store"),
    "store with no account": ((STORE, '"az://models/v1"'), "E610", "az://models/v1"),
    "odd folder": ((STORE, f"{STORE[:-1]}/it's\""), "E610", "it's"),
    "account": ((STORE, '"abfs://models@Bike-Demand.dfs.core.windows.net"'), "E604", "Bike-Demand"),
    "container": ((STORE, '"abfs://m@bikedemandprod.dfs.core.windows.net"'), "E604", "abfs://m@"),
    "two hyphens": ((STORE, '"abfs://m--x@bikedemandprod.dfs.core.windows.net"'), "E604", "m--x"),
    "week": (("400EUR / 1mo", "100EUR / 1w"), "E608", "100EUR / 1w"),
    "count": (("400EUR / 1mo", "100 / 1mo"), "E608", "100 / 1mo"),
    "range": ((RANGE, '["203.0.113.1/24"]'), "E604", "203.0.113.1/24"),
    "private": ((RANGE, '["10.1.0.0/16"]'), "E608", "10.1.0.0/16"),
    "new addresses": ((RANGE, '["2001:db8::/32"]'), "E608", "2001:db8::/32"),
    "unmapped": ((f", {GROUP}", ""), "E607", ACCESS),
    "not an id": ((GROUP, 'azure = "analysts"'), "E604", ACCESS),
    "network": (("access    =", 'network   = existing(vpc = "v", subnets = ["s"])\n  access    ='), "E608", "network"),
    "sagemaker": (("access    =", "serve     = sagemaker()\n  access    ="), "E608", "sagemaker"),
    "router": (("access    =", "serve     = router()\n  access    ="), "E608", "router"),
    "nobody": (("mobility-ml@example.com", "the mobility team"), "E606", "budget"),
}


def test_the_golden_spec_is_refused_nothing() -> None:
    assert errors_of(spec()) == []


@pytest.mark.parametrize("case", CASES)
def test_each_is_refused_at_its_place_with_a_next_step(case: str) -> None:
    change, code, place = CASES[case]
    found = errors_of(replaced(change))
    assert [one.code.id for one in found] == [code], [one.message for one in found]
    assert place in found[0].location.text
    assert found[0].hint


def test_a_location_as_the_portal_shows_it_is_meant() -> None:
    (found,) = errors_of(replaced(CASES["shown location"][0]))
    assert found.hint == "Did you mean `westeurope`?"


def test_two_environments_never_share_a_resource_group() -> None:
    group = 'resource_group = existing("{}")'
    pair = ('555555555555")', f'555555555555", {group.format("rg-bikes")})')
    other = ("reachable_from", f"{group.format('RG-Bikes')}, reachable_from")
    (found,) = errors_of(replaced(pair, other))
    assert (found.code.id, found.related[0].text) == ("E605", "`dev`, which has it too")
    elsewhere = ('"11111111-2222-3333-4444-555555555555")', '"99999999-2222-3333-4444-555555555555")')
    assert errors_of(replaced(elsewhere, pair, other)) == []


def test_trust_by_ids_needs_the_ids() -> None:
    found = errors_of(replaced((", owner_id = 1234567, repo_id = 7654321", "")))
    assert {one.code.id for one in found} == {"E611"}


def test_a_check_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom mlopsc.targets.terraform.platforms import named\nnamed('azure')\n"
        "print([one for one in ('cdktn', 'jsii', 'jinja2', 'mlopsc.targets.terraform.azure.environment',"
        " 'mlopsc.targets.terraform.azure.bootstrap') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_more_than_a_condition_can_say_is_refused_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlopsc.targets.terraform.azure.access.LONGEST", 400)
    compilation = compiled(spec())
    assert compilation.emit(["terraform"]) == []
    found = [one for one in compilation.diagnostics_for(["terraform"]) if one.is_error]
    assert [one.code.id for one in found] == ["E608"]
    assert "azure(" in found[0].location.text
