"""Emitted folders under checkov: what it finds fault with is listed here with a reason, or mended."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from fetch_checkov import checkov
from folders import ACCOUNT, EXAMPLE, emitted

AZURE = Path(__file__).parents[2] / "golden" / "azure" / "bikes" / "deploy"
PLANTED = "planted"

NETWORK = "it needs a network, which is not written yet: roles are the guard, and on Azure `reachable_from`"
REGION = "data stays in the region that the spec names"
OWN_KEY = "not written yet for Azure, which encrypts twice with keys of its own"
PREMIUM = "only a premium registry has it, which costs about ten times as much"
ACCOUNT_RULES = "a key's own policy: without it nobody could ever change the key again, and `*` there is the key itself"
ALLOWED = {
    "CKV_AWS_109": ACCOUNT_RULES,
    "CKV_AWS_111": ACCOUNT_RULES,
    "CKV_AWS_356": ACCOUNT_RULES,
    "CKV_AWS_18": "who read what is CloudTrail's to log, for the whole account, which is not the pipeline's",
    "CKV_AWS_144": REGION,
    "CKV2_AWS_62": "nothing waits for events of the store: ticks and looks come on their schedule",
    "CKV_AZURE_33": "there are no queues",
    "CKV_AZURE_36": "no service of Microsoft's needs the store",
    "CKV_AZURE_59": NETWORK,
    "CKV_AZURE_139": NETWORK,
    "CKV_AZURE_163": "images are scanned in the workflow that builds them",
    "CKV_AZURE_164": "images are named by their digest",
    "CKV_AZURE_165": REGION,
    "CKV_AZURE_166": PREMIUM,
    "CKV_AZURE_167": PREMIUM,
    "CKV_AZURE_206": REGION,
    "CKV_AZURE_233": PREMIUM,
    "CKV_AZURE_237": PREMIUM,
    "CKV2_AZURE_1": OWN_KEY,
    "CKV2_AZURE_21": "blobs are logged by the newer diagnostic settings, which checkov does not know",
    "CKV2_AZURE_33": NETWORK,
}
"""What checkov asks for, and why it is not done."""


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """The example's folders and those of an Azure case, by a path."""
    for name, document in emitted(EXAMPLE).documents.items():
        yield f"aws/{name}", document
    for path in sorted(AZURE.rglob("main.tf.json")):
        yield f"azure/{path.parent.relative_to(AZURE).as_posix()}", json.loads(path.read_text("utf-8"))


def planted(document: dict[str, Any]) -> dict[str, Any]:
    """The production of the example with three mistakes in it."""
    found = deepcopy(document)
    own = found["resource"]
    own["aws_s3_bucket_public_access_block"]["store"]["block_public_policy"] = False
    own["aws_s3_bucket_acl"] = {"store": {"bucket": "${aws_s3_bucket.store.id}", "acl": "public-read"}}
    policies = found["data"]["aws_iam_policy_document"]
    policies["train"]["statement"].append({"effect": "Allow", "actions": ["*"], "resources": ["*"]})
    return found


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """What checkov finds: folder, check and resource."""
    command = checkov()
    if command is None and os.environ.get("CI") == "true":
        pytest.fail("there is no checkov: run `make checkov`")
    if command is None:
        pytest.skip("Terraform is NOT checked by checkov, which is not here: run `make checkov`")
    folder = tmp_path_factory.mktemp("checkov")
    found = dict(documents())
    found[PLANTED] = planted(found["aws/prod"])
    for name, document in found.items():
        # checkov cannot read the block `terraform`, and has nothing to say of it.
        text = json.dumps({key: value for key, value in document.items() if key != "terraform"}, indent=2)
        (folder / name).mkdir(parents=True)
        (folder / name / "main.tf.json").write_text(text, "utf-8")
    arguments = ["-d", str(folder), "--framework", "terraform_json", "--skip-download", "--compact", "--quiet"]
    done = subprocess.run([*command, *arguments, "-o", "json"], capture_output=True, text=True, check=False)
    assert done.stdout.strip(), done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0, done.stderr
    assert report["summary"]["passed"] >= 200
    return [
        (str(one["file_path"]).strip("/").removesuffix("/main.tf.json"), one["check_id"], one["resource"])
        for one in report["results"]["failed_checks"]
    ]


def test_what_checkov_finds_fault_with_has_a_reason(failed: list[tuple[str, str, str]]) -> None:
    ours = [one for one in failed if one[0] != PLANTED]
    assert [one for one in ours if one[1] not in ALLOWED] == []
    assert {check for _, check, _ in ours} == set(ALLOWED), "a reason that nothing needs any more"


def test_reasons_for_keys_are_about_keys_alone(failed: list[tuple[str, str, str]]) -> None:
    about = {
        resource for folder, check, resource in failed if ALLOWED.get(check) == ACCOUNT_RULES and folder != PLANTED
    }
    assert about
    assert all(one.endswith("_key") for one in about)
    assert any(f"aws-{ACCOUNT}" in folder for folder, _, _ in failed)


def test_checkov_finds_what_is_planted(failed: list[tuple[str, str, str]]) -> None:
    found = {check for folder, check, _ in failed if folder == PLANTED}
    assert {"CKV_AWS_54", "CKV_AWS_20", "CKV_AWS_1"} <= found
