"""`mlopsc doctor` where an environment needs Terraform: tools, lock files, credentials, and the token of a job."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from commands import SPEC, Done
from deployments_of_shop import with_environments

from mlopsc.compiler.syntax.tables import cache_folder
from mlopsc.targets.terraform.reading.credentials import aws_credentials, azure_credentials

Call = Callable[..., Done]
AWS = 'environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }\n\n'
AZURE = (
    'environment prod { platform = azure(location = "westeurope", '
    'subscription = "00000000-0000-0000-0000-000000000001") }\n\n'
)
SECRET = "hush-hush-hush"
GITHUB = 'github = github("shop/orders")'


@pytest.fixture
def cloud(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an environment on AWS, on a machine without credentials."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "ARM_", "ACTIONS_"))]:
        monkeypatch.delenv(name)
    cache = cache_folder()
    assert cache is not None
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    monkeypatch.setenv("HOME", str(project))
    return with_environments(project, AWS)


def with_github(project: Path, github: str = GITHUB, environments: str = AWS) -> None:
    text = (environments + SPEC).replace('owner = "shop@example.com"', f'owner = "shop@example.com"\n  {github}')
    (project / "pipeline.mlops").write_text(text, encoding="utf-8")


def line(done: Done, what: str) -> str:
    """What was said of one thing, with its next step."""
    lines = done.out.splitlines()
    number = next(number for number, one in enumerate(lines) if one[6:].startswith(f"{what}: "))
    return "\n".join(lines[number : number + 2])


def test_nothing_is_said_where_no_environment_needs_it(project: Path, call: Call) -> None:
    assert project.exists()
    out = call("doctor").out
    assert not any(word in out for word in ("terraform:", "node:", "credentials"))


def test_what_is_there(cloud: Path, call: Call) -> None:
    out = call("doctor").out
    assert cloud.exists()
    assert "ok    extra [terraform]: installed\n" in out
    assert "ok    node: " in out


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (None, "warn  terraform: not found; build and run work without\n      next: install Terraform 1.10.0 or newer"),
        ("1.9.8", "warn  terraform: 1.9.8 is older than 1.10.0\n      next: install Terraform 1.10.0 or newer"),
        ("1.14.2", "ok    terraform: 1.14.2"),
    ],
)
def test_terraform(
    version: str | None, words: str, cloud: Path, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cloud.exists()
    programs = tmp_path / "programs"
    programs.mkdir()
    if version:
        (programs / "terraform").write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n', "utf-8")
        (programs / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    assert line(call("doctor"), "terraform").startswith(words)


def test_node_that_is_too_old(cloud: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    node = cloud / "node"
    node.write_text("#!/bin/sh\necho v18.1.0\n", encoding="utf-8")
    node.chmod(0o755)
    monkeypatch.setenv("JSII_NODE", str(node))
    assert "is v18.1.0, and the Terraform CDK needs 20" in line(call("doctor"), "node")


def test_the_lock_file_of_providers(cloud: Path, call: Call) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=cloud, capture_output=True, check=True)

    folder = cloud / "deploy/orders/prod/terraform"
    folder.mkdir(parents=True)
    what = "providers of prod"
    missing = line(call("doctor"), what)
    assert missing.startswith("warn")
    assert "`terraform -chdir=deploy/orders/prod/terraform init -backend=false` writes it" in missing
    (folder / ".terraform.lock.hcl").write_text("# pins\n", encoding="utf-8")
    assert line(call("doctor"), what).startswith("ok")
    git("init", "-q")
    assert "is not committed" in line(call("doctor"), what)
    git("add", "-f", ".")
    git("commit", "-qm", "pins")
    assert "pins them, and is committed" in line(call("doctor"), what)
    (folder / ".terraform.lock.hcl").write_text("# others\n", encoding="utf-8")
    assert "has changed since the last commit" in line(call("doctor"), what)


@pytest.mark.parametrize(
    ("variables", "there", "fact"),
    [
        ({}, False, "none"),
        ({"AWS_ACCESS_KEY_ID": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET}, True, "a key that does not expire"),
        ({"AWS_ACCESS_KEY_ID": SECRET}, False, "AWS_SECRET_ACCESS_KEY is not"),
        ({"AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "f"}, True, "a role by a token"),
        ({"AWS_PROFILE": "shop"}, True, "the profile `shop`"),
        ({"AWS_PROFILE": "other"}, False, "`other`, which no file has"),
        ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, True, "this container"),
    ],
)
def test_credentials_of_aws(variables: dict[str, str], there: bool, fact: str, tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(f"[profile shop]\naws_secret_access_key = {SECRET}\n", encoding="utf-8")
    found = aws_credentials(variables, tmp_path)
    assert (found.are_there, fact in found.fact) == (there, True), found
    assert SECRET not in found.fact + found.next
    assert bool(found.next) is not there


@pytest.mark.parametrize(
    ("variables", "there", "fact"),
    [
        ({}, False, "none"),
        ({"ARM_CLIENT_ID": "c"}, False, "ARM_TENANT_ID is not"),
        ({"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t"}, False, "nothing that proves it"),
        ({"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t", "ARM_USE_OIDC": "true"}, True, "by a token"),
        ({"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t", "ARM_CLIENT_SECRET": SECRET}, True, "a secret that lasts"),
    ],
)
def test_credentials_of_azure(
    variables: dict[str, str], there: bool, fact: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = azure_credentials(variables)
    assert (found.are_there, fact in found.fact) == (there, True), found
    assert SECRET not in found.fact + found.next


def test_credentials_of_az(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "az").write_text('#!/bin/sh\necho \'{"id": "0000-1111"}\'\n', encoding="utf-8")
    (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert azure_credentials({}).fact == "those of `az`, in the subscription 0000-1111"


def test_no_secret_is_printed(cloud: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cloud.exists()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SECRET)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    done = call("doctor")
    assert "ok    credentials of aws: from AWS_ACCESS_KEY_ID" in done.out
    assert SECRET not in done.out + done.err


class Tokens(BaseHTTPRequestHandler):
    """GitHub's endpoint of tokens: gives out one that says `claims`, to whoever has the secret."""

    claims: dict[str, str] = {}  # noqa: RUF012 (set by each test)

    def do_GET(self) -> None:
        payload = base64.urlsafe_b64encode(json.dumps(self.claims).encode()).decode().rstrip("=")
        is_known = self.headers["Authorization"] == f"bearer {SECRET}"
        self.send_response(200 if is_known else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"count": 1, "value": f"head.{payload}.{SECRET}"}).encode())

    def log_message(self, *_: object) -> None:
        """Nothing is said of requests."""


@pytest.fixture
def tokens(cloud: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Tokens]]:
    assert cloud.exists()
    with HTTPServer(("127.0.0.1", 0), Tokens) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"http://127.0.0.1:{server.server_port}/token?api=2")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", SECRET)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield Tokens
        server.shutdown()
        thread.join()


OLD_FORM = "repo:shop/orders:environment:orders-prod"
NEW_FORM = "repo:shop@11/orders@22:environment:orders-prod"
IMMUTABLE = 'github = github("shop/orders", owner_id = 11, repo_id = 22, immutable = true)'


@pytest.mark.parametrize(
    ("github", "subject", "words"),
    [
        (GITHUB, OLD_FORM, f"sub is {OLD_FORM}, which orders-prod trusts"),
        (IMMUTABLE, NEW_FORM, f"sub is {NEW_FORM}, which orders-prod trusts"),
        (GITHUB, NEW_FORM, f"sub is {NEW_FORM}, and no environment trusts that"),
        (GITHUB, f"{OLD_FORM}-plan", f"sub is {OLD_FORM}-plan, which orders-prod-plan trusts"),
        (GITHUB, NEW_FORM, f"correct the spec to `{IMMUTABLE}`"),
        (IMMUTABLE, OLD_FORM, 'correct the spec to `github = github("shop/orders")`'),
        (GITHUB, "repo:shop/orders:environment:dev", "it runs in `dev`: give the job `environment: orders-prod` or"),
        (
            GITHUB,
            "repo:mallory/orders:environment:orders-prod",
            "`repo:shop/orders:environment:orders-prod` would be let in",
        ),
        ("", OLD_FORM, 'tell the spec whose repository it is: `github = github("shop/orders")`'),
    ],
)
def test_the_token_of_a_job(
    github: str, subject: str, words: str, tokens: type[Tokens], cloud: Path, call: Call
) -> None:
    with_github(cloud, github)
    ids = {"repository_owner_id": "11", "repository_id": "22"}
    tokens.claims = {"sub": subject, "repository": "shop/orders", **ids}
    done = call("doctor")
    said = line(done, "token of this job")
    assert words in said, said
    assert said.startswith("ok" if "trusts" in words and "no environment" not in words else "fail")
    assert SECRET not in done.out + done.err


def test_no_token_is_given_out(tokens: type[Tokens], cloud: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tokens
    with_github(cloud)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong")
    said = line(call("doctor"), "token of this job")
    assert "no token is given out: HTTP Error 401" in said
    assert "`permissions: id-token: write` in the job" in said


@pytest.mark.usefixtures("cloud")
def test_an_address_that_is_none(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "file:///etc/passwd")
    assert "is no address" in line(call("doctor"), "token of this job")


@pytest.mark.usefixtures("cloud")
def test_without_the_cdk(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlopsc.targets.terraform import synthesis

    monkeypatch.setattr(synthesis, "_versions", dict)
    done = call("doctor")
    assert "the Terraform CDK is not installed; `mlopsc build` needs it, run does not" in line(
        done, "extra [terraform]"
    )
    assert line(done, "deploy/").startswith("warn  deploy/: it cannot be compared: the Terraform CDK is not installed")


def test_a_store_on_a_cloud_that_nothing_names_is_told(
    project: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = (project / "pipeline.mlops").read_text("utf-8")
    cloud = 'environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }\n\n'
    (project / "pipeline.mlops").write_text(spec.replace("data orders", f"{cloud}data orders", 1), "utf-8")
    assert "MLOPSC_STORE does not say where it is on the cloud" in call("doctor").out
    monkeypatch.setenv("MLOPSC_STORE", str(project / "elsewhere"))
    assert "MLOPSC_STORE does not say" not in call("doctor").out
