"""The clouds that workflows deliver to, one module each, named as the platform's word in the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mlopsc.targets import Build
from mlopsc.targets.github.clouds.aws import aws
from mlopsc.targets.github.clouds.azure import azure
from mlopsc.targets.github.clouds.cloud import Cloud
from mlopsc.targets.terraform.platforms import platform_of

_CLOUDS: Mapping[str, Callable[[Build], Cloud]] = {"aws": aws, "azure": azure}


def cloud_of(build: Build) -> Cloud | None:
    """The cloud of an environment; None where it is on no cloud that workflows deliver to."""
    make = _CLOUDS.get(platform_of(build)["function"])
    return make(build) if make else None


def clouds(builds: Sequence[Build]) -> list[Cloud]:
    """The clouds of the environments that serve, in the order of `follows`."""
    found = [cloud_of(build) for build in builds if build.pipeline.environment.serves]
    return [one for one in found if one is not None]
