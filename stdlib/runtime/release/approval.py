"""Approvals: SSH signatures over what a waiting entry would bring into service, checked by OpenSSH's own tool."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.release.actor import git_setting
from mlopsc.stdlib.runtime.release.state import Change, Phase, ReleaseLog, State, state_of
from mlopsc.stdlib.runtime.release.versions import Records, Version
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import canonical

SIGNERS = "approvers"
"""The file beside the spec that says whose keys are whose, as OpenSSH's `allowed_signers`."""
NAMESPACE = "mlopsc-release"
_KEY = "~/.ssh/id_ed25519"


@dataclass(frozen=True)
class Approval:
    """An entry of the log that says who approved; `fault` is what is wrong with it, or ""."""

    approver: str
    sequence: int
    at: str
    fault: str


@dataclass(frozen=True)
class Standing:
    """How far a waiting version is approved: by whom, by whom not yet, and what is wrong with other approvals."""

    approved: Mapping[str, int]
    missing: tuple[str, ...]
    refused: tuple[str, ...] = ()


def approve(
    deployment: Deployment, key: Path | None = None, actor: str = "", number: int | None = None
) -> Mapping[str, Any] | None:
    """Sign what waits (which must be version `number`, if one is named) and add the approval.

    The entry made; None where that approver has approved already. Raises OperationError where nothing or another
    version waits, the tool or a key is missing, or the key is no approver's.
    """
    log = ReleaseLog(deployment.store, deployment.log)
    records = log.records()
    waiting = waiting_entry(records)
    if waiting is None:
        raise _nothing_waits(deployment)
    if number is not None and number != waiting["evidence"]["version"]:
        raise _superseded(number, state_of(records))
    signature = sign(signed_text(deployment, waiting), key or default_key(deployment.project))
    approver = _approver(deployment, signed_text(deployment, waiting), signature)

    def propose(state: State, records: Records) -> Change | None:
        now = waiting_entry(records)
        if now is None or now["sequence"] != waiting["sequence"]:
            raise _superseded(waiting["evidence"]["version"], state)
        if approver in standing(deployment, records).approved:
            return None
        evidence = {"approver": approver, "of": waiting["sequence"], "signature": signature}
        reason = f"{approver} approved version {state.candidate}"
        return Change("approve", state, actor or approver, reason, "", evidence)

    return log.append(propose)


def waiting_entry(records: Records) -> Mapping[str, Any] | None:
    """The entry that started the version which waits now, if one does."""
    if not records or records[-1]["state"]["phase"] != Phase.WAITING:
        return None
    return next(record for record in reversed(records) if record["kind"] == "start")


def require_same_artefact(version: Version, records: Records) -> None:
    """Raise OperationError unless a version is still what was signed when it was approved."""
    waiting = waiting_entry(records)
    if waiting is None or waiting["evidence"]["artefact"] != version.model.artefact:
        raise OperationError(
            f"version {version.number} has another artefact than the one that was approved",
            "somebody wrote into the store: restore it from a copy, then start another version",
        )


def standing(deployment: Deployment, records: Records) -> Standing:
    """How far the version that waits is approved; every signature is checked again."""
    waiting = waiting_entry(records)
    assert waiting is not None
    approvals = [_known(deployment, one) for one in approvals_of(deployment, records, waiting)]
    approved = {one.approver: one.sequence for one in reversed(approvals) if not one.fault}
    missing = tuple(name for name in deployment.approvers if name not in approved)
    refused = tuple(f"entry {one.sequence} is no approval: {one.fault}" for one in approvals if one.fault)
    return Standing(approved, missing, refused)


def approvals_of(deployment: Deployment, records: Records, waiting: Mapping[str, Any]) -> Iterator[Approval]:
    """The approvals of the version that an entry started, each with what is wrong with its signature."""
    for record in records[waiting["sequence"] :]:
        if record["kind"] == "start":
            return
        if record["kind"] == "approve":
            evidence = record["evidence"]
            fault = _fault(deployment, waiting, evidence)
            yield Approval(str(evidence.get("approver")), int(record["sequence"]), str(record["at"]), fault)


def signed_text(deployment: Deployment, waiting: Mapping[str, Any]) -> bytes:
    """What an approval signs: this version of this artefact, here, as this entry proposes it."""
    return canonical(
        {
            "release": deployment.name,
            "pipeline": deployment.document["name"],
            "environment": deployment.environment,
            "version": waiting["evidence"]["version"],
            "artefact": waiting["evidence"]["artefact"],
            "sequence": waiting["sequence"],
        }
    )


def sign(text: bytes, key: Path) -> str:
    """The SSH signature of a text by a private key, or by the agent that holds the key of a `.pub` file."""
    if not key.exists():
        raise OperationError(f"there is no key `{key}`", "name yours with `--key`, or make one with `ssh-keygen`")
    with tempfile.TemporaryDirectory() as folder:
        message = Path(folder) / "message"
        message.write_bytes(text)
        done = _ssh_keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(message))
        signature = message.with_suffix(".sig")
        if done.returncode or not signature.exists():
            raise OperationError(
                f"`ssh-keygen` does not sign with `{key}`: {_last_line(done.stderr)}", "name another `--key`"
            )
        return signature.read_text()


def default_key(project: Path) -> Path:
    """The key that signs unless one is named: git's `user.signingkey` where git signs with SSH, else id_ed25519."""
    configured = git_setting(project, "user.signingkey") if git_setting(project, "gpg.format") == "ssh" else ""
    is_literal = configured.startswith(("key::", "ssh-", "ecdsa-", "sk-"))
    return Path(configured if configured and not is_literal else _KEY).expanduser()


def _approver(deployment: Deployment, text: bytes, signature: str) -> str:
    """Which approver of the environment a signature is of; raises OperationError when it is nobody's."""
    with _signature_file(signature) as file:
        done = _ssh_keygen("-Y", "find-principals", "-s", str(file), "-f", str(_signers(deployment)))
    names = [name.strip() for line in done.stdout.splitlines() for name in line.split(",")]
    wanted = ", ".join(f"`{name}`" for name in deployment.approvers)
    if done.returncode or not names:
        fact = f"`{SIGNERS}` does not list the key that signed"
        raise OperationError(fact, f"sign with a key of {wanted}, or have yours added to the file")
    for name in deployment.approvers:
        if name in names and not verify(deployment, name, text, signature):
            return name
    known = ", ".join(f"`{name}`" for name in names)
    fact = f"the key that signed is that of {known}, who approves nothing in `{deployment.environment}`"
    raise OperationError(fact, f"its approvers are {wanted}")


def verify(deployment: Deployment, approver: str, text: bytes, signature: str) -> str:
    """What is wrong with a signature as an approver's, or ""."""
    signers = str(_signers(deployment))
    with _signature_file(signature) as file:
        done = _ssh_keygen("-Y", "verify", "-f", signers, "-I", approver, "-n", NAMESPACE, "-s", str(file), stdin=text)
    return "" if done.returncode == 0 else _last_line(done.stderr or done.stdout)


def _known(deployment: Deployment, approval: Approval) -> Approval:
    """An approval, at fault where its approver is none of the environment."""
    if approval.fault or approval.approver in deployment.approvers:
        return approval
    return replace(approval, fault=f"`{approval.approver}` is no approver of `{deployment.environment}`")


def _fault(deployment: Deployment, waiting: Mapping[str, Any], evidence: Mapping[str, Any]) -> str:
    approver = str(evidence.get("approver"))
    if evidence.get("of") != waiting["sequence"]:
        return f"it is of entry {evidence.get('of')}, not of entry {waiting['sequence']}, which waits"
    fault = verify(deployment, approver, signed_text(deployment, waiting), str(evidence.get("signature")))
    return f"the signature is not one of `{approver}` over what waits ({fault})" if fault else ""


def _signers(deployment: Deployment) -> Path:
    path = deployment.project / SIGNERS
    if not path.is_file():
        raise OperationError(
            f"there is no file `{SIGNERS}` beside the spec, so that no approval can be checked",
            f"write and commit it: one line a key, such as `{(*deployment.approvers, 'NAME')[0]} ssh-ed25519 AAAA…`",
        )
    return path


@contextmanager
def _signature_file(signature: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signature"
        path.write_text(signature)
        yield path


def _ssh_keygen(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(["ssh-keygen", *arguments], input=stdin, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise OperationError(
            "there is no `ssh-keygen`, which signs and checks approvals", "install OpenSSH 8.9 or newer"
        ) from error
    told = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    return subprocess.CompletedProcess(done.args, done.returncode, *told)


def _last_line(text: str) -> str:
    lines: Sequence[str] = text.strip().splitlines()
    return lines[-1].strip() if lines else "no reason was given"


def _nothing_waits(deployment: Deployment) -> OperationError:
    if not deployment.approvers:
        return OperationError(f"`{deployment.environment}` names no approvers, so nothing waits for one")
    hint = f"`mlopsc release start -e {deployment.environment}` starts one"
    return OperationError("no version waits for an approval", hint)


def _superseded(version: int, state: State) -> OperationError:
    if state.phase is Phase.WAITING:
        fact = f"version {version} does not wait for an approval: version {state.candidate} does now"
        return OperationError(fact, "look at that one, and approve it if it is right")
    return OperationError(f"version {version} does not wait any more", "`mlopsc release status` says what holds")
