"""A provider that knows only what the vendored schema of azurerm says: `terraform validate` asks it for nothing else.

It runs as a process of its own, with the package `tf` on its path.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tf import runner
from tf.gen import tfplugin_pb2 as pb
from tf.provider import ProviderServicer

SCHEMA = Path(__file__).parents[3] / "targets" / "terraform" / "schema" / "azurerm.json"
NESTING = {"single": 1, "list": 2, "set": 3}
CONFIGURATION: dict[str, Any] = {
    "attributes": {
        "subscription_id": ["string", "optional"],
        "storage_use_azuread": ["bool", "optional"],
        "use_oidc": ["bool", "optional"],
        "resource_providers_to_register": [["set", "string"], "optional"],
    },
    "blocks": {"features": {"nesting": "list", "min": 0, "max": 1, "block": {"attributes": {}, "blocks": {}}}},
}


def schema(block: dict[str, Any]) -> Any:
    return pb.Schema(version=0, block=body(block))


def body(block: dict[str, Any]) -> Any:
    attributes = [
        pb.Schema.Attribute(
            name=name,
            type=json.dumps(kind).encode(),
            required=mode == "required",
            optional=mode == "optional",
            computed=mode != "required",
        )
        for name, (kind, mode) in block["attributes"].items()
    ]
    blocks = [
        pb.Schema.NestedBlock(
            type_name=name,
            block=body(one["block"]),
            nesting=NESTING[one["nesting"]],
            min_items=one["min"] if one["nesting"] != "single" else 0,
            max_items=(one["max"] or 0) if one["nesting"] != "single" else 0,
        )
        for name, one in block["blocks"].items()
    ]
    return pb.Schema.Block(attributes=attributes, block_types=blocks)


class Stub(ProviderServicer):
    """Says what there is, and finds nothing wrong."""

    def __init__(self, *_: object) -> None:
        self.document = json.loads(SCHEMA.read_text("utf-8"))

    def GetMetadata(self, *_: Any) -> Any:  # noqa: N802
        return pb.GetMetadata.Response(
            server_capabilities=pb.ServerCapabilities(),
            resources=[pb.GetMetadata.ResourceMetadata(type_name=one) for one in self.document["resources"]],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=one) for one in self.document["data"]],
        )

    def GetProviderSchema(self, *_: Any) -> Any:  # noqa: N802
        return pb.GetProviderSchema.Response(
            provider=schema(CONFIGURATION),
            resource_schemas={name: schema(one) for name, one in self.document["resources"].items()},
            data_source_schemas={name: schema(one) for name, one in self.document["data"].items()},
        )

    def ValidateProviderConfig(self, *_: Any) -> Any:  # noqa: N802
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, *_: Any) -> Any:  # noqa: N802
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, *_: Any) -> Any:  # noqa: N802
        return pb.ValidateDataResourceConfig.Response()


if __name__ == "__main__":
    import tf.provider

    tf.provider.ProviderServicer = Stub
    runner.run_provider(object())  # type: ignore[arg-type]
