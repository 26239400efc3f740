"""`mlopsc verify`: whether what Terraform applied is there, and works."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from mlopsc.compiler.cli.deployed import Deployed, deployed, terraform_failures
from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.looks import Found, guarded, is_writable, show
from mlopsc.compiler.cli.spec import complete_environment

_IDENTITIES = ("aws_iam_role", "azurerm_user_assigned_identity")
_MAY_NOT = "AuthorizationPermissionMismatch"
"""What Azure says to somebody whom it knows, and who has no role for what he asks."""
_MOST = 5


@click.command(name="verify", short_help="After an apply: check that what was made is there and works.")
@click.argument("arguments", nargs=-1, required=True, metavar="[FILE] ENVIRONMENT", shell_complete=complete_environment)
@click.option("--verbose", is_flag=True, help="Show Terraform's own words.")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def command(arguments: tuple[str, ...], verbose: bool, as_json: bool) -> int:
    """After an apply, check that an environment is what the spec says: Terraform finds nothing to change, the outputs
    and the identities are there, and the store answers. It reads and lists, and writes nothing.

    Ends with 4 when something failed.

    \b
    Examples:
      mlopsc verify prod
      mlopsc verify examples/bike-demand prod --json
    """
    found = deployed(arguments)
    looks = _looks(found, verbose)
    if not as_json:
        return Exit.OK if show(looks) else Exit.ENVIRONMENT
    import json

    seen = [*looks]
    click.echo(json.dumps([vars(one) for one in seen], indent=2, ensure_ascii=False))
    return Exit.ENVIRONMENT if any(one.status == "fail" for one in seen) else Exit.OK


def _looks(found: Deployed, verbose: bool) -> Iterator[Found]:
    terraform = found.terraform(verbose)
    with tempfile.TemporaryDirectory() as scratch, terraform_failures():
        file = Path(scratch) / "verify.tfplan"
        found.begin(terraform)
        terraform.plan(file)
        plan = terraform.show(file)
        outputs = {name: one.get("value") for name, one in terraform.outputs().items()}
    there = {
        (str(one["type"]), str(one["name"]))
        for one in plan.get("prior_state", {}).get("values", {}).get("root_module", {}).get("resources", ())
        if one.get("mode") == "managed"
    }
    if not there:
        yield Found("fail", "state", "nothing has been applied", f"`mlopsc plan {found.environment}`, then apply it")
        return
    yield Found("ok", "state", f"{len(there)} resources, read just now")
    yield _drift(found, plan)
    yield _outputs(found, outputs)
    yield from _identities(found, there)
    if outputs.get("store"):
        yield guarded("store", partial(_store, found, str(outputs["store"])))
    else:
        yield Found("fail", "store", "where it is, is an output that is missing")


def _drift(found: Deployed, plan: Mapping[str, Any]) -> Found:
    from mlopsc.targets.terraform.reading.changes import read_plan

    changes = read_plan(plan)
    if changes.is_empty:
        return Found("ok", "drift", "Terraform finds nothing to change")
    addresses = [one.address for one in changes.changes] or [f"output {one}" for one in changes.outputs]
    more = f" and {len(addresses) - _MOST} more" if len(addresses) > _MOST else ""
    fact = f"it is not as the spec says: {', '.join(addresses[:_MOST])}{more}"
    return Found("fail", "drift", fact, f"`mlopsc plan {found.environment}` says how it differs")


def _outputs(found: Deployed, outputs: Mapping[str, Any]) -> Found:
    missing = [name for name in found.root.outputs if outputs.get(name) is None]
    if missing:
        return Found(
            "fail", "outputs", f"missing: {', '.join(missing)}", f"apply what `mlopsc plan {found.environment}` says"
        )
    return Found("ok", "outputs", ", ".join(found.root.outputs) or "none are declared")


def _identities(found: Deployed, there: set[tuple[str, str]]) -> Iterator[Found]:
    """Of each identity that the folder declares, whether the cloud has it: Terraform has just asked."""
    for one in found.root.resources:
        if one.type in _IDENTITIES and one.kind == "resource":
            if (one.type, one.name) in there:
                yield Found("ok", f"identity {one.name}", "is there")
            else:
                hint = f"apply what `mlopsc plan {found.environment}` says"
                yield Found("fail", f"identity {one.name}", "is not there", hint)


def _store(found: Deployed, place: str) -> Found:
    from mlopsc.stdlib.runtime.store.faults import StoreError
    from mlopsc.stdlib.runtime.store.opening import open_store

    store = open_store(place, found.spec.folder)
    if "://" not in store.url:
        if not is_writable(Path(store.url)):
            return Found("fail", "store", f"{store.url} cannot be written", "make it a folder that can be written")
        return Found("ok", "store", f"{store.url} can be written; nothing was")
    try:
        store.get("verify")
        first = next(iter(store.list("versions/")), None)
    except StoreError as error:
        is_refusal = isinstance(error.__cause__, PermissionError)
        if not is_refusal and getattr(error.__cause__, "error_code", None) != _MAY_NOT:
            raise
        # Whoever applies can read nothing in the store: that it answers so is all that can be seen.
        return Found("warn", "store", f"{store.url} answers, but not to you: reading was not tried")
    seen = "it has versions" if first else "no version is in it yet"
    return Found("ok", "store", f"{store.url} was read and listed: {seen}; writing was not tried")
