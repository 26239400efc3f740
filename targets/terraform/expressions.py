"""Values of a Terraform file: text of others, which Terraform must never read as code, and expressions of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

JsonLike: TypeAlias = "str | int | float | bool | Mapping[str, JsonLike] | Sequence[JsonLike] | None"
"""What a Terraform file holds once everything is text."""


@dataclass(frozen=True)
class Literal:
    """Text that stays what it is, whatever it holds: a description `${file("/etc/passwd")}` is that description."""

    text: str


@dataclass(frozen=True)
class Expr:
    """An expression of Terraform's language, such as `aws_s3_bucket.store.arn`; never made from a spec's text."""

    code: str


@dataclass(frozen=True)
class Template:
    """Text with expressions in it: `arn:aws:s3:::` and a reference and `/objects/*`."""

    parts: tuple[Literal | Expr, ...]


@dataclass(frozen=True)
class Document:
    """A JSON document that an argument takes as text, such as a policy; expressions may stand in it."""

    content: Value


Value: TypeAlias = Union[
    "Literal", "Expr", "Template", "Document", bool, int, float, str, Mapping[str, "Value"], Sequence["Value"], None
]
"""What an argument may be. Plain text is a literal too, so that forgetting to say so can do no harm."""


def template(*parts: str | Expr) -> Template:
    """Text made of literals and expressions, in that order."""
    return Template(tuple(Literal(part) if isinstance(part, str) else part for part in parts))


def rendered(value: Value) -> JsonLike:
    """A value as it stands in a file of Terraform's JSON syntax, where every text and every key is a template."""
    match value:
        case str():
            return _escaped(value)
        case Literal(text):
            return _escaped(text)
        case Expr(code):
            return f"${{{code}}}"
        case Template(parts):
            return "".join(str(rendered(part)) for part in parts)
        case Document(content):
            return json.dumps(rendered(content), ensure_ascii=False)
        case Mapping():
            return {_escaped(name): rendered(one) for name, one in value.items()}
        case Sequence():
            return [rendered(one) for one in value]
        case _:
            return value


def _escaped(text: str) -> str:
    """Text in which Terraform finds no template: the one place where that is made sure.

    Half a surrogate cannot be written in UTF-8, and Terraform would replace it without a word.
    """
    return text.encode("utf-8", "replace").decode().replace("${", "$${").replace("%{", "%%{")
