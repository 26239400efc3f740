"""Amazon Web Services: a job takes a role by its ARN, and plans wait in the bucket of states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlopsc.targets import Build
from mlopsc.targets.github.clouds.cloud import Cloud, Plans, Registry
from mlopsc.targets.github.model import Step, Text
from mlopsc.targets.terraform.oidc import BUILDING

if TYPE_CHECKING:
    from mlopsc.targets.terraform.aws.place import Place

_KEEP = """aws s3api put-object --bucket "$BUCKET" --key "$key" --body "$RUNNER_TEMP/tfplan" \\
  --if-none-match '*' > /dev/null
"""
_FETCH = """aws s3api get-object --bucket "$BUCKET" --key "$KEY" "$RUNNER_TEMP/tfplan" > /dev/null
"""
_ENTER = """set -o pipefail
aws ecr get-login-password | docker login --username AWS --password-stdin "${IMAGE%%/*}"
"""


def aws(build: Build) -> Cloud:
    """That of an environment on AWS."""
    from mlopsc.targets.terraform.aws.place import Place

    return _Aws(build, Place(build))


@dataclass(frozen=True)
class _Aws(Cloud):
    place: Place

    @property
    def extra(self) -> str:
        return "aws"

    @property
    def store(self) -> str:
        return f"s3://{self.place.bucket}/{self.place.prefix}".rstrip("/")

    @property
    def opens(self) -> Mapping[str, Text]:
        return {}

    @property
    def plans(self) -> Plans:
        folder = self.place.state_key.rpartition("/")[0]
        return Plans({"BUCKET": self.place.state_bucket, "PLANS": f"plans/{folder}"}, _KEEP, _FETCH)

    @property
    def account(self) -> str:
        return self.place.account

    @property
    def registry(self) -> Registry:
        host = f"{self.account}.dkr.ecr.{self.place.state_region}.amazonaws.com"
        given = {"role-to-assume": self.place.named("role", BUILDING), "aws-region": self.place.state_region}
        step = Step("log-in", "Become who pushes images", uses="configure-aws-credentials", given=given)
        return Registry(f"{host}/{self.place.registry}", (step,), _ENTER)

    def log_in(self, identity: str, minutes: int = 60) -> tuple[Step, ...]:
        step = Step(
            "log-in",
            f"Become {identity} of {self.environment}",
            uses="configure-aws-credentials",
            given={
                "role-to-assume": self.place.named("role", identity),
                "aws-region": self.place.region,
                "role-duration-seconds": minutes * 60,
            },
        )
        return (step,)

    def terraform(self, identity: str) -> Mapping[str, Text]:  # noqa: ARG002 (who it is, the log-in has said)
        return {}
