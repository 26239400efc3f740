"""Where images of a pipeline are kept, and as whom a job pushes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlopsc.targets import Build
from mlopsc.targets.github.model import Step
from mlopsc.targets.image.contents import needs_image
from mlopsc.targets.terraform.oidc import BUILDING
from mlopsc.targets.terraform.platforms import platform_of

_AWS = "aws"


@dataclass(frozen=True)
class Registry:
    """The registry of an account: `image` is the name of the pipeline's images there, `role` who pushes them."""

    image: str
    region: str
    role: str
    builds: Sequence[Build]
    """The environments that take images from it."""

    @property
    def environments(self) -> list[str]:
        """The names of these."""
        return [build.pipeline.environment.name for build in self.builds]

    def log_in(self) -> Step:
        """Become who pushes, and nobody else."""
        given = {"role-to-assume": self.role, "aws-region": self.region}
        return Step("log-in", "Become who pushes images", uses="configure-aws-credentials", given=given)


def registries(builds: Sequence[Build]) -> list[Registry]:
    """One for each account in which an environment runs something from an image, in the order of `follows`."""
    from mlopsc.targets.terraform.aws.place import Place
    from mlopsc.targets.terraform.naming import name

    places = [Place(build) for build in builds if platform_of(build)["function"] == _AWS]
    accounts = dict.fromkeys(place.account for place in places if needs_image(place.build))
    found = []
    for account in accounts:
        there = [place for place in places if place.account == account]
        host = f"{account}.dkr.ecr.{there[0].state_region}.amazonaws.com"
        image = f"{host}/{name('aws_ecr_repository', there[0].written.pipeline)}"
        needing = [place.build for place in there if needs_image(place.build)]
        # Whoever applies `bootstrap/` makes one such role, named after the first environment of the account.
        found.append(Registry(image, there[0].state_region, there[0].named("role", BUILDING), needing))
    return found
