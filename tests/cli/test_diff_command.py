"""`mlopsc diff`: two environments, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SPEC, Done
from deployments_of_shop import KEPT, with_environments

from mlopsc.targets.terraform.reading.infrastructure import alone, otherwise
from mlopsc.targets.terraform.reading.prices import PRICES, costs, is_unknown_region, without_price

Call = Callable[..., Done]
CLOUD = """environment staging {
  platform = aws(region = "eu-west-1", account = "123456789012", customer_keys = false)
}

environment prod {
  follows  = staging
  platform = aws(region = "eu-central-1", account = "210987654321")
  budget   = 400USD / 1mo
  traffic  = 20_000 / 1d

  override orders { source = csv("orders_prod.csv") }
  override gate {
    require mae(test) <= 4 at 95%
  }
  override prices { folds = 3 }
}

"""


@pytest.fixture
def two(project: Path) -> Path:
    """A project with two environments on this machine, kept by Terraform."""
    return with_environments(project)


@pytest.fixture
def clouds(project: Path) -> Path:
    """A project with two environments on AWS."""
    (project / "orders_prod.csv").write_bytes((project / "orders.csv").read_bytes())
    return with_environments(project, CLOUD)


def test_only_what_differs_is_shown(two: Path, call: Call) -> None:
    assert two.exists()
    done = call("diff", "dev", "prod")
    assert done.code == 0, done.err
    assert done.out == (
        "place\n"
        "         dev  prod\n"
        '  store    -  ".mlops/prod"\n'
        "  the same otherwise\n\n"
        "data: the same\n\n"
        "access: the same\n\n"
        "gates: the same\n\n"
        "capacity: the same\n\n"
        "stages: the same\n\n"
        "infrastructure\n"
        "                                     dev           prod\n"
        "  terraform_data.store: input.place  .mlops/store  .mlops/prod\n"
        "  the same otherwise\n\n"
        "idle cost\n"
        "            dev  prod  and with use\n"
        "  a month  0.00  0.00  USD\n"
        "  list prices as this version knows them, before use, without tax; the clouds' own lists decide\n"
    )
    assert not (two / "deploy").exists()


def test_environments_on_a_cloud(clouds: Path, call: Call) -> None:
    assert clouds.exists()
    done = call("diff", "staging", "prod", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["environments"] == ["staging", "prod"]
    assert {"what": "orders.source", "first": 'csv("orders.csv")', "second": 'csv("orders_prod.csv")'} in found["data"]
    (gate,) = found["gates"]
    assert (gate["first"], gate["second"]) == ("require mae(test) <= 5 at 95%", "require mae(test) <= 4 at 95%")
    assert found["stages"] == [{"what": "prices.folds", "first": "-", "second": "3"}]
    assert [one["what"] for one in found["capacity"]] == ["traffic", "budget"]
    infrastructure = {one["what"]: one for one in found["infrastructure"]}
    encryption = "aws_s3_bucket_server_side_encryption_configuration.store: rule[0]"
    algorithm = infrastructure[f"{encryption}.apply_server_side_encryption_by_default[0].sse_algorithm"]
    assert (algorithm["first"], algorithm["second"]) == ("AES256", "aws:kms")
    assert not any("description" in what for what in infrastructure)
    assert infrastructure["aws_budgets_budget"]["second"] == "cost"
    prod = {one["name"]: one["monthly"] for one in found["idle cost"]["prod"]["costs"]}
    assert (prod["key"], prod["budget"]) == (1, 0)
    assert found["idle cost"]["prod"]["without_price"] == []
    assert "key" not in {one["name"] for one in found["idle cost"]["staging"]["costs"]}
    assert found["idle cost"]["shared"] == {"aws-123456789012": 1, "aws-210987654321": 1}
    shown = call("diff", "staging", "prod").out
    assert "list prices as this version knows them" in shown
    assert "  key" in shown


def test_a_waived_rule_shows_its_reason(two: Path, call: Call) -> None:
    reason = "no labels there yet"
    waived = f'  override gate {{ waive mae(test) because "{reason}" }}\n  store    ='
    (two / "pipeline.mlops").write_text(KEPT.replace("  store    =", waived) + SPEC, encoding="utf-8")
    done = call("diff", "dev", "prod")
    assert f"require mae(test) <= 5 at 95%  waived: {reason}\n" in done.out, done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dev"], "name 2 environments"),
        (["dev", "prodd"], "did you mean `prod`?"),
        (["prod", "prod"], "`prod` is the same as itself"),
    ],
)
def test_commands_that_are_not_written_right(arguments: list[str], words: str, two: Path, call: Call) -> None:
    assert two.exists()
    done = call("diff", *arguments)
    assert done.code == 2
    assert words in done.err


def test_resources_that_one_has_alone() -> None:
    first = {"a": {"x": {"size": 1}, "y": {}}, "b": {"z": {}}}
    second = {"a": {"x": {"size": 2}}, "c": {"q": {}}}
    found = [(one.type, one.first, one.second) for one in alone(first, second)]
    assert found == [("a", ("y",), ()), ("b", ("z",), ()), ("c", (), ("q",))]
    (other,) = otherwise(first, second, ("dev", "prod"))
    assert (other.what, other.first, other.second) == ("a.x: size", "1", "2")


def test_the_name_of_the_environment_makes_no_difference() -> None:
    first, second = ({"a": {"x": {"name": f"shop-{name}", "tags": {"e": name}}}} for name in ("dev", "prod"))
    assert [*otherwise(first, second, ("dev", "prod"))] == []


def test_prices() -> None:
    registry = {"azurerm_container_registry": {"x": {"sku": "Premium"}}, "aws_kms_key": {"a": {}, "b": {}}}
    found = {one.name: (one.number, round(one.monthly, 2)) for one in costs(registry)}
    assert found == {"image registry": (1, 50.7), "key": (2, 2)}
    assert without_price({"aws_lambda_function": {}, "aws_iam_role": {}}) == ("aws_lambda_function",)
    assert all(price.monthly({}) >= 0 for price in PRICES.values())


@pytest.mark.parametrize(
    ("platform", "unknown"),
    [
        ({"function": "aws", "region": "eu-west-1"}, False),
        ({"function": "aws", "region": "mars-1"}, True),
        ({"function": "azure", "location": "westeurope"}, False),
        ({"function": "azure", "location": "luna"}, True),
        ({"function": "local"}, False),
    ],
)
def test_a_region_that_is_not_known(platform: dict[str, str], unknown: bool) -> None:
    assert is_unknown_region(platform) is unknown
