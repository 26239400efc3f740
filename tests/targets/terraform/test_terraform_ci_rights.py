"""Whether CI may do enough: real Terraform plans and applies a production as who CI is.

An AWS on this machine stands behind our evaluator, which refuses what the emitted policies do not allow. The access key
names the identity. What moto plays no part of (budgets, lifecycle rules) is not asked here.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from applying import Folder, needs_provider, played
from folders import ACCOUNT, bikes
from guarded_s3 import Asked

from mlopsc.targets.terraform.aws.evaluation import Account, account_of

pytestmark = [
    pytest.mark.integration,
    needs_provider,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed"),
]
PLAN, APPLY = "prod_ci_plan", "prod_ci_apply"
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/[\w-]+/(\w+)/")
_NAMES = {
    "acl": "BucketAcl",
    "accelerate": "AccelerateConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
"""What IAM calls a setting of a bucket, by what a request does."""


@dataclass
class Gate:
    """A WSGI application before another: what IAM would ask of each request is asked of the account."""

    application: Callable[..., Iterable[bytes]]
    account: Account
    asked: list[Asked] = field(default_factory=list)
    boundaries: dict[str, str] = field(default_factory=dict)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        match = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        assert match, "every request is signed"
        identity, service = match.groups()
        action, resource, context = self._wanted(service, environ)
        if service == "sts":
            return self.application(environ, start)
        decision = self.account.decide(identity, action, resource, context)
        self.asked.append(Asked(identity, action, resource, context, decision.allowed, decision.because))
        if decision.allowed:
            return self.application(environ, start)
        body = f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{action}</Message></Error></ErrorResponse>"
        start("403 Forbidden", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body.encode()]

    def _wanted(self, service: str, environ: dict[str, Any]) -> tuple[str, str, Mapping[str, str]]:
        if service == "s3":
            return _of_bucket(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if service != "iam":
            return f"{service}:{environ.get('HTTP_X_AMZ_TARGET', '?').rpartition('.')[2]}", "*", {}
        said = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        role = said.get("RoleName", "")
        if "PermissionsBoundary" in said:
            self.boundaries[role] = said["PermissionsBoundary"]
        known = {"iam:PermissionsBoundary": self.boundaries[role]} if role in self.boundaries else {}
        return f"iam:{said['Action']}", f"arn:aws:iam::{ACCOUNT}:role/{role}", known


def _of_bucket(environ: Mapping[str, Any]) -> tuple[str, str, Mapping[str, str]]:
    bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    assert not key, "Terraform asks for no object of the store"
    said = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    setting = next((name for name in _NAMES if name in said), None)
    method, arn = environ["REQUEST_METHOD"], f"arn:aws:s3:::{bucket}"
    if setting is None:
        return f"s3:{ {'PUT': 'CreateBucket', 'DELETE': 'DeleteBucket'}.get(method, 'ListBucket') }", arn, {}
    verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete" if setting == "policy" else "Put"}[method]
    return f"s3:{verb}{_NAMES[setting]}", arn, {}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[tuple[str, Gate, dict[str, Any]]]:
    """The address of such an AWS, who stands before it, and the production that is to be applied there."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    (tmp_path / "bikes").mkdir()
    documents = bikes(tmp_path / "bikes").documents
    found = Gate(DomainDispatcherApplication(create_backend_app), account_of(documents.values()))
    server = make_server("127.0.0.1", 0, found, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", found, documents["prod"]
    server.shutdown()
    thread.join()


def be(identity: str, folder: Path, document: dict[str, Any], endpoint: str) -> Folder:
    """The folder as an identity runs it."""
    found = played(document, endpoint)
    (provider,) = found["provider"]["aws"]
    # Whose key it is, is the whole point: who asks is not looked up, and neither is the account.
    provider |= {"access_key": identity, "skip_requesting_account_id": True}
    provider.pop("allowed_account_ids", None)
    folder.mkdir(exist_ok=True)
    (folder / "main.tf.json").write_text(json.dumps(found), "utf-8")
    return Folder(folder)


def test_ci_plans_and_applies_with_what_it_may(tmp_path: Path, gate: tuple[str, Gate, dict[str, Any]]) -> None:
    endpoint, guard, document = gate
    there = tmp_path / "tf"
    folder = be(APPLY, there, document, endpoint)
    folder.init()
    folder.done("apply", "-auto-approve", "-input=false")
    be(PLAN, there, document, endpoint).done("plan", "-input=false", "-detailed-exitcode")
    for kind in ("aws_iam_role", "aws_iam_role_policy"):
        del document["resource"][kind]["reader"]
    document.pop("output", None)
    be(APPLY, there, document, endpoint).done("apply", "-auto-approve", "-input=false")
    assert {one.identity for one in guard.asked} == {PLAN, APPLY}
    assert [str(one) for one in guard.asked if not one.allowed] == []
    assert {"s3:CreateBucket", "iam:CreateRole", "iam:DeleteRole"} <= {one.action for one in guard.asked}
    assert {one.action for one in guard.asked if one.identity == PLAN and not _is_look(one.action)} == set()


def _is_look(action: str) -> bool:
    return action.partition(":")[2].startswith(("Get", "List", "Describe", "Head"))
