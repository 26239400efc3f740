"""Approvals by SSH signatures that OpenSSH makes and checks, and every way in which they are none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from releases import CANARY, DIRECT, add_version, deployed
from test_strategies import kinds, state

from mlopsc.stdlib.runtime.release.approval import approve, default_key, sign, signed_text, waiting_entry
from mlopsc.stdlib.runtime.release.history import in_force, provenance, read_records
from mlopsc.stdlib.runtime.release.start import start
from mlopsc.stdlib.runtime.release.state import Change, Phase, ReleaseLog
from mlopsc.stdlib.runtime.release.tick import tick
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError, StoreError
from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.log import entry_key, seal, unseal
from mlopsc.stdlib.runtime.store.protocol import Store

LEADS, LEGAL = "@example-org/ml-leads", "legal@example.com"


def new_key(folder: Path, name: str) -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


def list_signers(project: Path, **signers: Path) -> None:
    names = {"leads": LEADS, "legal": LEGAL}
    lines = [f"{names.get(who, who)} {key.with_suffix('.pub').read_text()}" for who, key in signers.items()]
    (project / "approvers").write_text("# who approves\n" + "".join(lines))


@pytest.fixture
def lead(tmp_path: Path) -> Path:
    return new_key(tmp_path, "lead")


@pytest.fixture
def deployment(store: Store, project: Path, lead: Path) -> Deployment:
    """A release whose first version waits for one approver, whose key is known."""
    list_signers(project, leads=lead)
    found = deployed(store, project, CANARY, approvers=(LEADS,))
    add_version(found)
    tick(found, "me")
    return found


def forge(deployment: Deployment, **evidence: Any) -> None:
    """Add an entry that claims an approval, as whoever can write to the store could."""
    ReleaseLog(deployment.store, deployment.log).append(
        lambda now, _: Change("approve", now, "mallory", "approved", "", evidence)
    )


def test_nothing_starts_before_an_approver_has_signed(deployment: Deployment, lead: Path) -> None:
    assert (state(deployment).phase, dict(state(deployment).weights)) == (Phase.WAITING, {})
    result = tick(deployment, "me")
    assert (result.change, result.waiting_for) == (None, (f"the approval of `{LEADS}`",))
    record = approve(deployment, lead)
    assert record is not None
    assert record["actor"] == LEADS
    assert approve(deployment, lead) is None
    begun = tick(deployment, "me").change
    assert begun is not None
    assert begun["evidence"]["approved"] == {LEADS: 2}
    assert kinds(deployment) == ["start", "approve", "begin"]
    assert state(deployment).champion == 1


def test_all_approvers_must_have_signed(store: Store, project: Path, tmp_path: Path, lead: Path) -> None:
    lawyer = new_key(tmp_path, "lawyer")
    list_signers(project, leads=lead, legal=lawyer)
    deployment = deployed(store, project, DIRECT, approvers=(LEADS, LEGAL))
    add_version(deployment)
    tick(deployment, "me")
    approve(deployment, lead)
    assert tick(deployment, "me").waiting_for == (f"the approval of `{LEGAL}`",)
    approve(deployment, lawyer)
    assert tick(deployment, "me").change is not None


def test_a_key_that_nobody_listed_approves_nothing(deployment: Deployment, tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="`approvers` does not list the key that signed"):
        approve(deployment, new_key(tmp_path, "stranger"))
    assert kinds(deployment) == ["start"]


def test_the_key_of_somebody_else_approves_nothing(deployment: Deployment, tmp_path: Path, lead: Path) -> None:
    analyst = new_key(tmp_path, "analyst")
    list_signers(deployment.project, leads=lead, analysts=analyst)
    with pytest.raises(OperationError, match="the key that signed is that of `analysts`, who approves nothing in"):
        approve(deployment, analyst)


def test_a_missing_file_key_or_tool_is_told(
    deployment: Deployment, tmp_path: Path, lead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OperationError, match=f"there is no key `{tmp_path}/none`: name yours with `--key`"):
        approve(deployment, tmp_path / "none")
    (tmp_path / "text").write_text("no key\n")
    with pytest.raises(OperationError, match="`ssh-keygen` does not sign with"):
        approve(deployment, tmp_path / "text")
    (deployment.project / "approvers").unlink()
    with pytest.raises(OperationError, match="there is no file `approvers` beside the spec"):
        approve(deployment, lead)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperationError, match="there is no `ssh-keygen`"):
        approve(deployment, lead)


def test_nothing_that_waits_and_nobody_who_must_is_told(store: Store, project: Path, lead: Path) -> None:
    free = deployed(store, project, DIRECT)
    with pytest.raises(OperationError, match="`prod` names no approvers, so nothing waits for one"):
        approve(free, lead)
    strict = deployed(store, project, DIRECT, approvers=(LEADS,))
    with pytest.raises(OperationError, match="no version waits for an approval: `mlopsc release start -e prod`"):
        approve(strict, lead)


def test_a_forged_approval_starts_nothing(deployment: Deployment, tmp_path: Path) -> None:
    waiting = waiting_entry(read_records(deployment))
    assert waiting is not None
    signature = sign(signed_text(deployment, waiting), new_key(tmp_path, "mallory"))
    forge(deployment, approver=LEADS, of=1, signature=signature)
    forge(deployment, approver="@example-org/interns", of=1, signature=signature)
    forge(deployment, approver=LEADS, of=1, signature="-----BEGIN SSH SIGNATURE-----\nAAAA\n")
    result = tick(deployment, "me")
    assert result.change is None
    assert result.waiting_for[0] == f"the approval of `{LEADS}`"
    assert [text.partition(":")[0] for text in result.waiting_for[1:]] == [
        f"entry {number} is no approval" for number in (2, 3, 4)
    ]


def test_an_approval_of_one_version_is_none_of_the_next(deployment: Deployment, lead: Path) -> None:
    approved = approve(deployment, lead)
    assert approved is not None
    add_version(deployment)
    assert "version 2 waits for its approval in place of version 1" in tick(deployment, "me").text
    assert tick(deployment, "me").waiting_for == (f"the approval of `{LEADS}`",)
    forge(deployment, **{**approved["evidence"], "of": 3})
    assert "the signature is not one of" in tick(deployment, "me").waiting_for[1]
    with pytest.raises(OperationError, match="version 1 does not wait for an approval: version 2 does now"):
        approve(deployment, lead, number=1)
    assert approve(deployment, lead, number=2) is not None
    assert tick(deployment, "me").change is not None
    assert state(deployment).champion == 2


def test_a_version_that_is_superseded_while_it_is_signed_is_not_approved(
    deployment: Deployment, lead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(text: bytes, key: Path) -> str:
        add_version(deployment)
        start(deployment, 2, "someone else")
        return sign(text, key)

    monkeypatch.setattr("mlopsc.stdlib.runtime.release.approval.sign", slow)
    with pytest.raises(OperationError, match="version 1 does not wait for an approval: version 2 does now"):
        approve(deployment, lead)
    assert kinds(deployment) == ["start", "start"]


def test_a_key_is_found_where_git_signs_with_it(
    project: Path, lead: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    assert default_key(project) == tmp_path / ".ssh" / "id_ed25519"
    for name, value in (("user.signingkey", str(lead)), ("gpg.format", "openpgp")):
        subprocess.run(["git", "-C", str(project), "config", name, value], check=True)
    assert default_key(project) == tmp_path / ".ssh" / "id_ed25519", "that of gpg is no SSH key"
    subprocess.run(["git", "-C", str(project), "config", "gpg.format", "ssh"], check=True)
    assert default_key(project) == lead


def planted(deployment: Deployment, number: int, content: bytes) -> None:
    assert isinstance(deployment.store, LocalStore)
    path = deployment.store.root / entry_key(deployment.log, number)
    path.unlink()
    path.write_bytes(content)


def entry(deployment: Deployment, number: int) -> bytes:
    found = deployment.store.get(entry_key(deployment.log, number))
    assert found is not None
    return found


def test_a_tampered_entry_releases_nothing(deployment: Deployment, lead: Path) -> None:
    approve(deployment, lead)
    planted(deployment, 1, entry(deployment, 1).replace(b"version 1 waits", b"version 9 waits"))
    for act in (tick, lambda one, _: approve(one, lead), lambda one, _: read_records(one)):
        with pytest.raises(StoreError, match=r"entry 1 of a release log in .* is damaged"):
            act(deployment, "me")


def test_an_entry_that_was_sealed_anew_breaks_the_chain(deployment: Deployment, lead: Path) -> None:
    approve(deployment, lead)
    record = unseal(entry(deployment, 1))
    assert record is not None
    planted(deployment, 1, seal({**record, "actor": "somebody else"}))
    with pytest.raises(StoreError, match=r"entry 2 of a release log in .* was put in another's place"):
        tick(deployment, "me")


def test_swapped_entries_break_the_chain(deployment: Deployment, lead: Path) -> None:
    approve(deployment, lead)
    tick(deployment, "me")
    first, second = entry(deployment, 1), entry(deployment, 2)
    planted(deployment, 1, second)
    planted(deployment, 2, first)
    with pytest.raises(StoreError, match="entry 1 of a release log"):
        read_records(deployment)


def test_another_artefact_under_the_approved_number_needs_its_own_approval(deployment: Deployment, lead: Path) -> None:
    """Somebody who rewrites the whole log, chain and all, cannot move an approval to another artefact."""
    approved = approve(deployment, lead)
    assert approved is not None
    planted(deployment, 2, b"")
    assert isinstance(deployment.store, LocalStore)
    (deployment.store.root / entry_key(deployment.log, 2)).unlink()
    record = unseal(entry(deployment, 1))
    assert record is not None
    planted(deployment, 1, seal({**record, "evidence": {**record["evidence"], "artefact": "f" * 64}}))
    forge(deployment, **approved["evidence"])
    assert "the signature is not one of" in tick(deployment, "me").waiting_for[1]


def test_what_served_is_told_with_its_data_and_its_approval(deployment: Deployment, lead: Path) -> None:
    approve(deployment, lead)
    tick(deployment, "me")
    records = read_records(deployment)
    at = 1_740_787_200.0
    (period,) = [one for one in in_force(records, at, at + 86_400) if one.weights]
    assert period.weights == {1: 1.0}
    assert period.end is None
    assert in_force(records, at - 86_400, at - 1) == []
    origin = provenance(deployment, records, 1)
    assert origin.record["data"]["stage"] == "rows"
    assert [(one.approver, one.fault) for one in origin.approvals] == [(LEADS, "")]
    list_signers(deployment.project)
    assert provenance(deployment, records, 1).approvals[0].fault != ""
    (deployment.project / "approvers").unlink()
    assert "there is no file `approvers`" in provenance(deployment, records, 1).unchecked


def test_a_version_whose_artefact_was_exchanged_after_its_approval_does_not_start(
    deployment: Deployment, lead: Path
) -> None:
    approve(deployment, lead)
    assert isinstance(deployment.store, LocalStore)
    path = deployment.store.root / entry_key(deployment.versions, 1)
    record = unseal(path.read_bytes())
    assert record is not None
    path.unlink()
    path.write_bytes(seal({**record, "model": "f" * 64}))
    with pytest.raises(OperationError, match="version 1 has another artefact than the one that was approved"):
        tick(deployment, "me")
    assert kinds(deployment) == ["start", "approve"]
