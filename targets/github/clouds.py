"""How a job gets to the cloud of an environment: as which identity, and where the store and the state are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.targets import Build
from mlopsc.targets.github.model import Permission, Step
from mlopsc.targets.terraform.oidc import PLANNING, RUNNING
from mlopsc.targets.terraform.platforms import platform_of

IDENTITY = Permission("id-token", "write", "a token that the cloud takes for this environment")


@dataclass(frozen=True)
class Cloud:
    """What workflows need to know of the cloud of an environment."""

    build: Build
    store: str
    """Where the store is: a URL."""
    region: str
    roles: Mapping[str, str]
    """The role of each identity, by its name."""
    state_bucket: str
    plans: str
    """The folder of that bucket in which plans wait for approval."""

    @property
    def environment(self) -> str:
        """The GitHub environment in which changes are applied, after whoever approves has been asked."""
        return self.build.pipeline.environment.name

    @property
    def planning(self) -> str:
        """That in which plans are made."""
        return f"{self.environment}{PLANNING}"

    @property
    def running(self) -> str:
        """That in which stages, ticks and looks run, which nobody has to approve."""
        return f"{self.environment}{RUNNING}"

    def log_in(self, identity: str, minutes: int = 60) -> Step:
        """Become an identity of the environment for as long as a job may take, without any key that is kept."""
        return Step(
            "log-in",
            f"Become {identity} of {self.environment}",
            uses="configure-aws-credentials",
            given={
                "role-to-assume": self.roles[identity],
                "aws-region": self.region,
                "role-duration-seconds": minutes * 60,
            },
        )


def cloud_of(build: Build) -> Cloud | None:
    """The cloud of an environment; None where it is on no cloud that workflows deliver to."""
    call: Mapping[str, Any] = platform_of(build)
    return _aws(build) if call["function"] == "aws" else None


def clouds(builds: Sequence[Build]) -> list[Cloud]:
    """The clouds of the environments that serve, in the order of `follows`."""
    found = [cloud_of(build) for build in builds if build.pipeline.environment.serves]
    return [one for one in found if one is not None]


def _aws(build: Build) -> Cloud:
    from mlopsc.targets.terraform.aws.place import Place
    from mlopsc.targets.terraform.identities import identities

    place = Place(build)
    names = [*(one.name for one in identities(place.written)), "ci-plan", "ci-apply"]
    roles = {name: place.named("role", name) for name in names}
    plans = f"plans/{place.state_key.rpartition('/')[0]}"
    store = f"s3://{place.bucket}/{place.prefix}".rstrip("/")
    return Cloud(build, store, place.region, roles, place.state_bucket, plans)
