"""What a platform is to this target. Each is a folder here, named as the platform's word in the language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile

if TYPE_CHECKING:
    from mlopsc.targets.terraform.synthesis import Plan
from mlopsc.targets.terraform.weakness import Weakness

PLATFORM = "platform"
LOCAL = "local"
_WORDS = ("aws", "azure", LOCAL)


class Platform(Protocol):
    """Knows what an environment on it needs, and what it cannot do."""

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What it cannot express, each at its line of the spec. Imports nothing heavy: every check asks."""

    def plan(self, build: Build) -> Plan | None:
        """The folder of one environment; None where Terraform has nothing to do there."""

    def shared(self, builds: Sequence[Build]) -> tuple[Sequence[Plan], Sequence[OutputFile]]:
        """What a person applies once for all environments on the platform, with the pages that say how."""

    def weaknesses(self, documents: Sequence[Mapping[str, Any]]) -> Sequence[Weakness]:
        """What is too open in parsed folders, as far as it is the platform's."""


def weaknesses(documents: Sequence[Mapping[str, Any]]) -> list[Weakness]:
    """All that is too open in parsed folders that belong together, by the checks of every platform."""
    return [one for word in _WORDS for one in named(word).weaknesses(documents)]


def settings_of(environment: EnvironmentModel) -> Mapping[str, Any]:
    """The call of the platform of an environment, as the IR has it."""
    found = environment.settings.get(PLATFORM)
    return cast("Mapping[str, Any]", found.value) if found else {"function": LOCAL}


def platform_of(build: Build) -> Mapping[str, Any]:
    """The same of a pipeline that is built."""
    return cast("Mapping[str, Any]", build.pipeline.environment.settings.get(PLATFORM, {"function": LOCAL}))


def named(word: str) -> Platform:
    """The platform of that word."""
    assert word in _WORDS, word
    return cast(Platform, import_module(f"{__package__}.{word}").platform)
