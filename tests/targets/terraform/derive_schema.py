"""Writes the schema of the Terraform target again: what providers say of the types that it writes, and nothing else.

The schema of aws is what is valid with two major releases: of the older one the provider itself tells, of the newer one
its bindings. Those of azurerm and github come from bindings only. Bindings are downloaded as wheels into a scratch
folder, or taken from the one given. What a provider says through its bindings is less than it says itself: how many
blocks it takes is known only as none or some, and one or many.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bindings import Block, read_bindings

SCHEMA = Path(__file__).parents[3] / "targets" / "terraform" / "schema"
WANTED = Path(__file__).with_name("wanted_types.json")
"""Which types are vendored of each provider, as `{provider: {"resources": [...], "data": [...]}}`."""
KINDS = {"resource": "resources", "data": "data"}
AWS = "5.100.0"
"""The older end of what the schema of aws holds for."""


@dataclass(frozen=True)
class Provider:
    """One that is vendored: where Terraform gets it, and the bindings that tell of it."""

    name: str
    source: str
    package: str
    version: str


PROVIDERS = (
    Provider("aws", "hashicorp/aws", "cdktn-provider-aws", "25.8.1"),
    Provider("azurerm", "hashicorp/azurerm", "cdktn-provider-azurerm", "18.9.0"),
    Provider("github", "integrations/github", "cdktn-provider-github", "18.0.0"),
)


def wanted(provider: str) -> list[tuple[str, str]]:
    """The types of a provider that are vendored, as (`resource` or `data`, name)."""
    lists: dict[str, dict[str, list[str]]] = json.loads(WANTED.read_text("utf-8"))
    return [(kind, name) for kind, key in KINDS.items() for name in lists[provider][key]]


def plugin_folder() -> Path | None:
    """Where providers are laid out as `terraform init -plugin-dir` expects, if TF_PLUGIN_DIR names such a folder."""
    named = os.environ.get("TF_PLUGIN_DIR")
    return Path(named) if named else None


def provider_blocks(source: str, version: str, folder: Path) -> dict[tuple[str, str], Block]:
    """Every type of a provider, told by itself."""
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}
    name = source.rpartition("/")[2]
    with tempfile.TemporaryDirectory() as scratch:
        needs = {"terraform": {"required_providers": {name: {"source": source, "version": version}}}}
        Path(scratch, "main.tf.json").write_text(json.dumps(needs), encoding="utf-8")
        for command in (["init", f"-plugin-dir={folder}", "-input=false"], ["providers", "schema", "-json"]):
            done = subprocess.run(
                ["terraform", *command], cwd=scratch, env=environment, capture_output=True, check=False, text=True
            )
            if done.returncode:
                raise LookupError(f"terraform {command[0]} failed: {done.stderr}")
    (schema,) = json.loads(done.stdout)["provider_schemas"].values()
    return {
        (kind, name): provider_block(one["block"])
        for kind in KINDS
        for name, one in schema[f"{kind.replace('data', 'data_source')}_schemas"].items()
    }


def provider_block(block: Mapping[str, Any]) -> Block:
    """A block as a provider tells of it, without descriptions, deprecations and what is sensitive."""
    return {
        "attributes": {
            name: [_attribute_type(one), _mode(one)] for name, one in sorted(block.get("attributes", {}).items())
        },
        "blocks": {
            name: {
                "nesting": one["nesting_mode"],
                "min": one.get("min_items", 0),
                "max": one.get("max_items") or (1 if one["nesting_mode"] == "single" else None),
                "block": provider_block(one["block"]),
            }
            for name, one in sorted(block.get("block_types", {}).items())
        },
    }


def _mode(attribute: Mapping[str, Any]) -> str:
    if attribute.get("required"):
        return "required"
    return "optional" if attribute.get("optional") else "computed"


def _attribute_type(attribute: Mapping[str, Any]) -> object:
    if "type" in attribute:
        return attribute["type"]
    nested = attribute["nested_type"]
    parts = {name: _attribute_type(one) for name, one in sorted(nested["attributes"].items())}
    may_lack = sorted(name for name, one in nested["attributes"].items() if not one.get("required"))
    inner = ["object", parts, may_lack] if may_lack else ["object", parts]
    return inner if nested["nesting_mode"] == "single" else [nested["nesting_mode"], inner]


def both(old: Block, new: Block) -> Block:
    """What is valid at both ends; what only one of them knows is left out, and what either requires is required."""
    old_attributes, new_attributes = old["attributes"], new["attributes"]
    return {
        "attributes": {
            name: [both_types(kind, new_attributes[name][0]), _stricter(mode, new_attributes[name][1])]
            for name, (kind, mode) in old_attributes.items()
            if name in new_attributes
        },
        "blocks": {
            name: _both_blocks(one, new["blocks"][name]) for name, one in old["blocks"].items() if name in new["blocks"]
        },
    }


def both_types(old: Any, new: Any) -> Any:
    """The type at the older end, but its objects with the parts of both: each end wants its own, and ignores others."""
    if isinstance(old, str) or isinstance(new, str) or old[0] != new[0]:
        return old
    if old[0] != "object":
        return [old[0], both_types(old[1], new[1])]
    parts = {name: both_types(kind, new[1].get(name, kind)) for name, kind in {**new[1], **old[1]}.items()}
    may_lack = sorted({*old[2:][0]} & {*new[2:][0]}) if len(old) > 2 and len(new) > 2 else []
    return ["object", parts, may_lack] if may_lack else ["object", parts]


def _stricter(*modes: str) -> str:
    return next(mode for mode in ("required", "computed", "optional") if mode in modes)


def _both_blocks(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "nesting": old["nesting"],
        "min": max(old["min"], new["min"]),
        "max": min((most for most in (old["max"], new["max"]) if most is not None), default=None),
        "block": both(old["block"], new["block"]),
    }


def lost(path: str, old: Block, new: Block) -> Iterator[str]:
    """What one end requires and the other does not know as the same thing: nobody can satisfy both."""
    for name, (_, mode) in [*old["attributes"].items(), *new["attributes"].items()]:
        if mode == "required" and not (name in old["attributes"] and name in new["attributes"]):
            yield f"{path}.{name}"
    for name in sorted({*old["blocks"]} & {*new["blocks"]}):
        yield from lost(f"{path}.{name}", old["blocks"][name]["block"], new["blocks"][name]["block"])


def document(provider: Provider, wheel: Path, plugins: Path | None) -> dict[str, Any]:
    """The schema of a provider, as it is vendored."""
    names = wanted(provider.name)
    told = read_bindings(wheel, names)
    blocks, versions = dict(told.types), f"{told.version} (by {provider.package} {provider.version})"
    if provider.name == "aws":
        if plugins is None:
            raise LookupError("the older end of aws is told by the provider: say --plugin-dir or TF_PLUGIN_DIR")
        old = provider_blocks(provider.source, AWS, plugins)
        for kind, name in names:
            for path in lost(f"{kind} {name}", old[kind, name], blocks[kind, name]):
                print(f"{path} is required at one end and unknown at the other", file=sys.stderr)
        blocks = {key: both(old[key], block) for key, block in blocks.items()}
        versions = f"valid with both {AWS} (by itself) and {versions}"
    return {
        "source": provider.source,
        "versions": versions,
        **{key: {name: blocks[kind, name] for of, name in names if of == kind} for kind, key in KINDS.items()},
    }


def text(value: object, depth: int = 0) -> str:
    """JSON with a line for each attribute: arrays and what is empty stay on one line."""
    if not isinstance(value, dict) or not value:
        return json.dumps(value, sort_keys=True)
    if "nesting" in value:
        head = ", ".join(f"{json.dumps(key)}: {json.dumps(value[key])}" for key in ("nesting", "min", "max"))
        return f'{{{head}, "block": {text(value["block"], depth)}}}'
    ordered = value.items() if "source" in value else sorted(value.items())
    lines = [f"{' ' * (depth + 1)}{json.dumps(key)}: {text(inner, depth + 1)}" for key, inner in ordered]
    return "{\n" + ",\n".join(lines) + f"\n{' ' * depth}}}"


def wheel_of(provider: Provider, folder: Path) -> Path:
    """The wheel of a provider's bindings in a folder, downloaded by pip where it is not there."""
    pattern = f"{provider.package.replace('-', '_')}-{provider.version}-*.whl"
    if not any(folder.glob(pattern)):
        pinned = f"{provider.package}=={provider.version}"
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, pinned], check=True)
    return next(folder.glob(pattern))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files of the providers that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [provider.name for provider in PROVIDERS]
    parser.add_argument("providers", nargs="*", metavar="PROVIDER", help=f"which ones: {', '.join(names)}; else all")
    parser.add_argument(
        "--plugin-dir", type=Path, default=plugin_folder(), help="where the aws provider lies; else TF_PLUGIN_DIR"
    )
    parser.add_argument(
        "--wheels", type=Path, help="a folder of wheels of bindings, which are kept; else a scratch one"
    )
    parser.add_argument("--into", type=Path, default=SCHEMA, help="where to write; else the folder that is shipped")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.providers) - set(names))
    if unknown:
        parser.error(f"there is no provider {', '.join(unknown)} here")
    with tempfile.TemporaryDirectory() as scratch:
        for provider in PROVIDERS:
            if not options.providers or provider.name in options.providers:
                wheel = wheel_of(provider, options.wheels or Path(scratch))
                written = text(document(provider, wheel, options.plugin_dir))
                path = options.into / f"{provider.name}.json"
                path.write_text(written + "\n", encoding="utf-8", newline="")
                print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
