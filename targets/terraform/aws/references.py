"""What references in an emitted folder come to, without asking AWS: names in the folder make the ARNs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.targets.terraform.aws.matching import UnreadableError

_PLACES = re.compile(r"(\$\$\{|%%\{|\$\{)")
_ATTRIBUTE = re.compile(r"(?P<address>(?:data\.)?[a-z0-9_]+\.[a-zA-Z_][\w-]*)\.(?P<attribute>[a-z_]+)")
_VARIABLE = re.compile(r"var\.([a-zA-Z_][\w-]*)")


@dataclass(frozen=True)
class Folder:
    """An emitted file, in the account and region that its provider names. `values` are those of its variables."""

    document: Mapping[str, Any]
    account: str
    region: str
    values: Mapping[str, str]

    def blocks(self, type_: str) -> Mapping[str, Mapping[str, Any]]:
        """The blocks of one type by their names: `aws_iam_role`, `data.aws_iam_policy_document`."""
        kind, _, rest = type_.rpartition(".")
        found: Mapping[str, Mapping[str, Any]] = self.document.get(kind or "resource", {}).get(rest, {})
        return found

    def resolved(self, value: Any) -> Any:
        """A value of the file with each reference in it replaced by what it comes to."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {name: self.resolved(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolved(one) for one in value]
        return value

    def _text(self, text: str) -> str:
        found, rest = "", text
        while True:
            before, mark, rest = _cut(rest)
            found += before
            if not mark:
                return found
            if mark != "${":
                found += mark[1:]
                continue
            code, end, rest = rest.partition("}")
            if not end or "{" in code:
                raise UnreadableError(f"`{text}` is more than a reference")
            found += self.value(code.strip())

    def value(self, code: str) -> str:
        """What a reference comes to: the ARN of a bucket, the name of a role, the value of a variable."""
        if variable := _VARIABLE.fullmatch(code):
            return self._variable(variable[1])
        match = _ATTRIBUTE.fullmatch(code)
        if match is None:
            raise UnreadableError(f"`{code}` is more than a reference")
        address, attribute = match["address"], match["attribute"]
        type_, _, name = address.rpartition(".")
        body = self.blocks(type_).get(name)
        if body is None:
            raise UnreadableError(f"there is no `{address}` in the folder")
        found = self._attribute(type_, name, attribute, body)
        if found is None:
            raise UnreadableError(f"what `{code}` comes to is not known")
        return found

    def _variable(self, name: str) -> str:
        declared = self.document.get("variable", {}).get(name, {})
        found = self.values.get(name, declared.get("default"))
        if not isinstance(found, str):
            raise UnreadableError(f"the variable `{name}` has no value here")
        return found

    def _attribute(self, type_: str, name: str, attribute: str, body: Mapping[str, Any]) -> str | None:
        if type_ in _LOOKED_UP:
            return {"account_id": self.account, "name": self.region, "region": self.region, "partition": "aws"}.get(
                attribute
            )
        if attribute in ("arn", "id", "key_id", "target_key_arn") and type_ in _ARNS:
            if attribute == "id" and type_ in _CALLED_BY_NAME:
                return str(self.resolved(body[_CALLED_BY_NAME[type_]]))
            return _ARNS[type_](self, name, body)
        if type_ == "aws_iam_openid_connect_provider" and attribute == "url":
            return str(self.resolved(body["url"])).removeprefix("https://")
        said = body.get(attribute)
        return str(self.resolved(said)) if isinstance(said, str) else None


_LOOKED_UP = {"data.aws_caller_identity", "data.aws_region", "data.aws_partition"}
_CALLED_BY_NAME = {
    "aws_s3_bucket": "bucket",
    "aws_iam_role": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_ecr_repository": "name",
    "aws_kms_alias": "name",
    "data.aws_s3_bucket": "bucket",
}
"""Types whose `id` is their name, and the argument that says it."""


def _iam(kind: str) -> Callable[[Folder, str, Mapping[str, Any]], str]:
    def arn(folder: Folder, name: str, body: Mapping[str, Any]) -> str:  # noqa: ARG001
        path = str(body.get("path", "/"))
        return f"arn:aws:iam::{folder.account}:{kind}{path}{folder.resolved(body['name'])}"

    return arn


def _regional(service: str, begins: str, argument: str = "name") -> Callable[[Folder, str, Mapping[str, Any]], str]:
    def arn(folder: Folder, name: str, body: Mapping[str, Any]) -> str:  # noqa: ARG001
        return f"arn:aws:{service}:{folder.region}:{folder.account}:{begins}{folder.resolved(body[argument])}"

    return arn


def _bucket(folder: Folder, name: str, body: Mapping[str, Any]) -> str:  # noqa: ARG001
    return f"arn:aws:s3:::{folder.resolved(body['bucket'])}"


def _key(folder: Folder, name: str, body: Mapping[str, Any]) -> str:  # noqa: ARG001
    """A key's id is AWS's own choice: its name in the folder stands for it."""
    return f"arn:aws:kms:{folder.region}:{folder.account}:key/{name}"


def _issuer(folder: Folder, name: str, body: Mapping[str, Any]) -> str:  # noqa: ARG001
    return f"arn:aws:iam::{folder.account}:oidc-provider/{folder.resolved(body['url']).removeprefix('https://')}"


_ARNS: Mapping[str, Callable[[Folder, str, Mapping[str, Any]], str]] = {
    "aws_s3_bucket": _bucket,
    "data.aws_s3_bucket": _bucket,
    "aws_kms_key": _key,
    "aws_kms_alias": _regional("kms", ""),
    "aws_iam_role": _iam("role"),
    "aws_iam_policy": _iam("policy"),
    "aws_iam_openid_connect_provider": _issuer,
    "aws_sns_topic": _regional("sns", ""),
    "aws_ecr_repository": _regional("ecr", "repository/"),
    "aws_cloudwatch_log_group": _regional("logs", "log-group:"),
    "aws_cloudwatch_metric_alarm": _regional("cloudwatch", "alarm:", "alarm_name"),
    "aws_dynamodb_table": _regional("dynamodb", "table/"),
}


def folder_of(
    document: Mapping[str, Any], account: str = "", region: str = "", values: Mapping[str, str] | None = None
) -> Folder:
    """An emitted file; account and region are those of its provider unless they are given."""
    provider = _provider(document)
    accounts = provider.get("allowed_account_ids") or [""]
    folder = Folder(document, account, region, values or {})
    found = account or str(folder.resolved(accounts[0]))
    return Folder(document, found, region or str(folder.resolved(provider.get("region", ""))), values or {})


def _provider(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = document.get("provider", {}).get("aws", {})
    first: Mapping[str, Any] = found[0] if isinstance(found, list) and found else found
    return first or {}


def _cut(text: str) -> tuple[str, str, str]:
    match = _PLACES.search(text)
    return (text[: match.start()], match[0], text[match.end() :]) if match else (text, "", "")
