"""The checker over the vendored schema finds what a provider would refuse, and the schema is what providers say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from bindings import TypeFile
from derive_schema import AWS, PROVIDERS, SCHEMA, both, both_types, plugin_folder, provider_blocks, text, wanted

from mlopsc.targets.terraform.schema.shapes import Kind, faults

FILES = sorted(SCHEMA.glob("*.json"))
VERSIONING = {"bucket": "data", "versioning_configuration": {"status": "Enabled"}}
ROUTE = ("odb_network_arn", "cidr_block", "gateway_id", "carrier_gateway_id", "core_network_arn", "ipv6_cidr_block")


def versioning(**more: object) -> dict[str, object]:
    return {**VERSIONING, **more}


def test_a_good_body_has_no_faults() -> None:
    assert faults("resource", "aws_s3_bucket_versioning", VERSIONING) == []


@pytest.mark.parametrize(
    "blocks", [{"status": "Enabled"}, [{"status": "Enabled"}], [{"//": "why", "status": "Enabled"}]]
)
def test_a_block_may_be_one_object_or_a_list(blocks: object) -> None:
    assert faults("resource", "aws_s3_bucket_versioning", versioning(versioning_configuration=blocks)) == []


def test_arguments_of_terraform_itself_are_taken_at_the_top_only() -> None:
    more = {"lifecycle": {"prevent_destroy": True}, "depends_on": ["aws_s3_bucket.a"], "provider": "aws.b", "//": "why"}
    assert faults("resource", "aws_s3_bucket_versioning", versioning(**more, count=1)) == []
    nested = versioning(versioning_configuration={"status": "Enabled", "count": 1})
    assert faults("resource", "aws_s3_bucket_versioning", nested) == [
        "`versioning_configuration.count` is not an argument"
    ]


@pytest.mark.parametrize(
    ("kind", "type_name", "body", "expected"),
    [
        (
            "resource",
            "aws_s3_bukcet",
            {},
            "`aws_s3_bukcet` is no type of resource that is known here; did you mean `aws_s3_bucket`?",
        ),
        ("data", "nothing", {}, "`nothing` is no type of data source that is known here"),
        (
            "resource",
            "was_s3_bucket",
            {},
            "`was_s3_bucket` is no type of resource that is known here; did you mean `aws_s3_bucket`?",
        ),
        (
            "resource",
            "aws_s3_bucket_versioning",
            versioning(bukcet="a"),
            "`bukcet` is not an argument; did you mean `bucket`?",
        ),
        (
            "resource",
            "aws_s3_bucket_versioning",
            {"bucket": "a", "versioning_configuration": {}},
            "`versioning_configuration.status` is missing",
        ),
        (
            "resource",
            "aws_s3_bucket_versioning",
            versioning(bucket=None),
            "`bucket` is missing",
        ),
        ("resource", "aws_s3_bucket_versioning", {"bucket": "a"}, "`versioning_configuration` is missing"),
        (
            "resource",
            "aws_s3_bucket_versioning",
            versioning(versioning_configuration=[]),
            "`versioning_configuration` is missing",
        ),
        (
            "resource",
            "aws_s3_bucket_versioning",
            versioning(versioning_configuration=[{"status": "Enabled"}] * 2),
            "`versioning_configuration` is given 2 times, and at most 1 may be",
        ),
        (
            "resource",
            "aws_s3_bucket_versioning",
            versioning(versioning_configuration="Enabled"),
            '`versioning_configuration` is a block and must be an object or a list of objects, not the text "Enabled"',
        ),
        (
            "resource",
            "aws_s3_bucket_versioning",
            versioning(versioning_configuration="${local.a}"),
            "`versioning_configuration` is a block and must be an object or a list of objects, not an expression",
        ),
        (
            "resource",
            "aws_s3_bucket_versioning",
            versioning(bucket={"name": "a"}),
            "`bucket` is an attribute and must be text, not a block",
        ),
        ("resource", "aws_s3_bucket", {"bucket": ["a"]}, "`bucket` must be text, not a list"),
        ("resource", "aws_s3_bucket", {"arn": "a"}, "`arn` is set by the provider and cannot be given"),
        ("resource", "aws_s3_bucket", {"tags": ["a"]}, "`tags` must be an object, not a list"),
        ("resource", "aws_s3_bucket", {"tags": {"a": ["b"]}}, "`tags.a` must be text, not a list"),
        (
            "resource",
            "aws_s3_bucket",
            {"force_destroy": "yes"},
            '`force_destroy` must be true or false, not the text "yes"',
        ),
        ("resource", "aws_s3_bucket", {"force_destroy": 1}, "`force_destroy` must be true or false, not the number 1"),
        (
            "resource",
            "aws_cloudwatch_log_group",
            {"retention_in_days": "a month"},
            '`retention_in_days` must be a number, not the text "a month"',
        ),
        (
            "resource",
            "aws_cloudwatch_log_group",
            {"retention_in_days": True},
            "`retention_in_days` must be a number, not true",
        ),
        (
            "data",
            "aws_subnet",
            {"filter": {"name": "a", "values": "b"}},
            '`filter.values` must be a list, not the text "b"',
        ),
        (
            "data",
            "aws_subnet",
            {"filter": [{"name": "a", "values": ["b"]}, {"name": "a", "values": ["b", []]}]},
            "`filter[1].values[1]` must be text, not a list",
        ),
        ("resource", "terraform_data", {"input": {"a": [1]}, "outptu": 1}, "`outptu` is not an argument"),
    ],
)
def test_each_fault_is_said_with_its_path(
    kind: Kind, type_name: str, body: Mapping[str, object], expected: str
) -> None:
    assert faults(kind, type_name, body) == [expected]


def test_an_attribute_of_objects_wants_each_part_said() -> None:
    found = faults("resource", "aws_route_table", {"vpc_id": "a", "route": [{"gateway_id": "b", "cidr_blok": "c"}]})
    assert found[0] == "`route[0].cidr_blok` is not an argument; did you mean `cidr_block`?"
    assert set(found[1:]) > {f"`route[0].{name}` is missing" for name in ROUTE if name != "gateway_id"}


@pytest.mark.parametrize("value", ["true", "false", True, "${var.a}", None])
def test_true_and_false_may_be_texts_and_expressions(value: object) -> None:
    assert faults("resource", "aws_s3_bucket", {"force_destroy": value}) == []


@pytest.mark.parametrize("value", [7, 7.5, "7", "-7.5e3", "${var.a}", "a-${var.a}", None])
def test_numbers_may_be_texts_and_expressions(value: object) -> None:
    assert faults("resource", "aws_cloudwatch_log_group", {"retention_in_days": value}) == []


@pytest.mark.parametrize("key", ["bucket", "bucket_prefix", "force_destroy", "tags"])
def test_an_expression_may_be_any_attribute(key: str) -> None:
    assert faults("resource", "aws_s3_bucket", {key: "${local.a}"}) == []


def test_the_builtin_provider_is_known() -> None:
    assert faults("resource", "terraform_data", {"input": [1, {"a": "b"}], "triggers_replace": "${local.a}"}) == []


def keys_in_order(value: object) -> bool:
    """Whether names stand in their order: of types, attributes and blocks, and of the parts of objects."""
    if isinstance(value, list):
        return all(map(keys_in_order, value))
    if not isinstance(value, dict):
        return True
    ordered = "nesting" in value or "source" in value or [*value] == sorted(value)
    return ordered and all(map(keys_in_order, value.values()))


def blocks_within(block: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    inner = [one for nested in block["blocks"].values() for one in blocks_within(nested["block"])]
    return [*block["blocks"].values(), *inner]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_sorted_and_can_be_read(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    assert path.read_text("utf-8") == text(document) + "\n"
    types = [*document["resources"].values(), *document["data"].values()]
    assert all(map(keys_in_order, [document["resources"], document["data"]]))
    nested = [one for block in types for one in blocks_within(block)]
    assert {one["nesting"] for one in nested} <= {"list", "set", "single"}
    assert {one["min"] for one in nested} <= {0, 1}
    kinds: tuple[tuple[Kind, str], ...] = (("resource", "resources"), ("data", "data"))
    for kind, key in kinds:
        for name in document[key]:
            assert faults(kind, name, {"nothing": 1})[0].startswith("`nothing` is not an argument")


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_all_types_that_are_wanted_are_there(provider: Any) -> None:
    document = json.loads((SCHEMA / f"{provider.name}.json").read_text("utf-8"))
    assert document["source"] == provider.source
    there = {("resource", name) for name in document["resources"]} | {("data", name) for name in document["data"]}
    assert there == set(wanted(provider.name))


def test_what_only_one_end_knows_is_left_out() -> None:
    inner = {"attributes": {"x": ["string", "optional"]}, "blocks": {}}
    nested = {"nesting": "list", "min": 0, "max": 5, "block": inner}
    old = {
        "attributes": {"a": ["string", "optional"], "b": ["string", "optional"], "c": ["number", "optional"]},
        "blocks": {"d": nested, "e": nested},
    }
    new = {
        "attributes": {"a": ["string", "required"], "c": ["number", "computed"], "e": ["string", "optional"]},
        "blocks": {"d": {**nested, "min": 1, "max": None}},
    }
    assert both(old, new) == {
        "attributes": {"a": ["string", "required"], "c": ["number", "computed"]},
        "blocks": {"d": {**nested, "min": 1}},
    }


def test_objects_have_the_parts_of_both_ends() -> None:
    old, new = ["set", ["object", {"a": "string"}]], ["set", ["object", {"a": "string", "b": "number"}]]
    assert both_types(old, new) == ["set", ["object", {"b": "number", "a": "string"}]]
    assert both_types("string", new) == "string"


BINDINGS = """
class ThingPartOutputReference extends cdktn.ComplexObject {
    // size - computed: false, optional: false, required: true
    get size() {
        return this.getNumberAttribute('size');
    }
    // labels - computed: false, optional: true, required: false
    get labels() {
        return cdktn.Fn.tolist(this.getListAttribute('labels'));
    }
}
class ThingPartList extends cdktn.ComplexList {
    get(index) {
        return new ThingPartOutputReference(this.terraformResource, this.terraformAttribute, index, this.wrapsSet);
    }
}
class Thing extends cdktn.TerraformResource {
    // part - computed: false, optional: false, required: true
    _part = new ThingPartList(this, "part", true);
    // tags_all - computed: true, optional: false, required: false
    _tagsAll = new cdktn.StringMap(this, "tags_all");
    synthesizeHclAttributes() {
        const attrs = {
            part: {
                value: cdktn.listMapperHcl(thingPartToHclTerraform, true)(this._part.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ThingPartList",
            },
        };
    }
}
"""


def test_bindings_are_read_as_blocks_and_attributes() -> None:
    part = {"attributes": {"size": ["number", "required"], "labels": [["set", "string"], "optional"]}, "blocks": {}}
    assert TypeFile(BINDINGS).root() == {
        "attributes": {"tags_all": [["map", "string"], "computed"]},
        "blocks": {"part": {"nesting": "set", "min": 1, "max": None, "block": part}},
    }


def test_the_schema_of_aws_is_what_the_provider_says() -> None:
    folder = plugin_folder()
    if folder is None:
        pytest.skip("TF_PLUGIN_DIR names no folder with the aws provider, so it cannot be asked")
    told = provider_blocks("hashicorp/aws", AWS, folder)
    vendored = json.loads((SCHEMA / "aws.json").read_text("utf-8"))["resources"]
    for name in ("aws_ecs_service", "aws_iam_role", "aws_kms_key", "aws_s3_bucket", "aws_sagemaker_model"):
        real = told["resource", name]["attributes"]
        # What either end requires is required; types are those of this end.
        assert {key: kind for key, (kind, _) in vendored[name]["attributes"].items()} == {
            key: kind for key, (kind, _) in real.items() if key in vendored[name]["attributes"]
        }
        assert len(vendored[name]["attributes"]) >= len(real) - 1
