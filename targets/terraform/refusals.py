"""What keeps an environment from being written as Terraform, whatever its platform; platforms add their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel, SettingModel
from mlopsc.targets.terraform import messages
from mlopsc.targets.terraform.oidc import BUILDING, PLANNING, RUNNING, lacking
from mlopsc.targets.terraform.platforms import LOCAL, PLATFORM, named, settings_of

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def refused(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """Everything that keeps an environment from being written, each at its line."""
    word = str(settings_of(environment)["function"])
    if word == LOCAL:
        return
    yield from _sharing(model, environment)
    yield from _reserved(environment)
    yield from _budget(model, environment)
    yield from named(word).check(model, environment)


def _sharing(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """Environments before it that have its store, or names that clouds cannot tell from its own."""
    for other in model.environments.values():
        if other.name == environment.name:
            return
        here, there = environment.settings.get("store"), other.settings.get("store")
        if here and there and str(here.value).rstrip("/") == str(there.value).rstrip("/"):
            yield messages.not_apart(
                here.value_at, "its store", other.name, there.value_at, "Give each environment a store of its own."
            )
        if _folded(other.name) == _folded(environment.name):
            what, hint = "names and a Terraform state", "Names of environments must differ in more than case or `-`."
            yield messages.not_apart(environment.at, what, other.name, other.at, hint)


def _reserved(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """Names that GitHub environments of ours have."""
    if environment.name == BUILDING or environment.name.endswith((PLANNING, RUNNING)):
        rule = f"Take another: `{BUILDING}` and names that end in `{PLANNING}` or `{RUNNING}` are kept for jobs of CI."
        yield messages.name_refused(environment.at, "an environment", environment.name, rule)


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-")


def _budget(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    budget = environment.settings.get("budget")
    if budget is None:
        return
    owner = model.pipeline.settings.get("owner") if model.pipeline else None
    if owner is None or not _ADDRESS.fullmatch(str(owner.value)):
        yield messages.nobody_to_tell(budget.at, str(owner.value) if owner else None)


def groups_without(environment: EnvironmentModel, known_as: str, example: str, platform: str) -> Iterator[Diagnostic]:
    """The groups with access that a platform does not know."""
    access = environment.settings.get("access")
    for one in cast("list[dict[str, Any]]", access.value) if access else []:
        group = one.get("group") or {}
        if access and not group.get(known_as):
            name = group.get("github") or "a group"
            yield messages.unmapped_group(access.value_at, f"`{name}`", platform, example)


def unsupported(
    environment: EnvironmentModel, setting: str, platform: str, what: str, instead: str
) -> Iterator[Diagnostic]:
    """A setting that the platform cannot keep."""
    found = environment.settings.get(setting)
    if found is not None:
        yield messages.cannot_do(found.at, what, platform, instead)


def of_platform(
    environment: EnvironmentModel, judge: Callable[[SettingModel], Iterator[Diagnostic]]
) -> Iterator[Diagnostic]:
    """What is wrong with the call of the platform itself."""
    found = environment.settings.get(PLATFORM)
    if found is not None:
        yield from judge(found)


def trust_unknown(model: SemanticModel) -> Iterator[Diagnostic]:
    """What must be known of the repository before anybody can trust a token of it."""
    found = model.pipeline.settings.get("github") if model.pipeline else None
    call = cast("dict[str, Any]", found.value) if found else {}
    missing = lacking(call) if call.get("repository") else ()
    if found and missing:
        yield messages.trust_incomplete(found.value_at, missing)
