"""What workflows ask of a cloud: what is the same on every one, and the questions that each answers for itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from mlopsc.targets import Build
from mlopsc.targets.github.model import Permission, Step, Text
from mlopsc.targets.terraform.oidc import PLANNING, RUNNING, jobs_environment

IDENTITY = Permission("id-token", "write", "a token that the cloud takes for this environment")


@dataclass(frozen=True)
class Plans:
    """Where plans wait for approval, encrypted.

    Of the scripts, `keep` puts the file `$RUNNER_TEMP/tfplan` there by the new name `$key`, and never replaces one;
    `fetch` gets the one that is named `$KEY`. Both know what is in `env`.
    """

    env: Mapping[str, Text]
    keep: str
    fetch: str


@dataclass(frozen=True)
class Registry:
    """Where images of the pipeline are for all environments of an account: `image` is their name there.

    A job becomes who pushes them, and nobody else, by `steps`; the script `enter` lets Docker in where `$IMAGE` is.
    """

    image: str
    steps: tuple[Step, ...]
    enter: str


@dataclass(frozen=True)
class Cloud(ABC):
    """The cloud of an environment: who a job becomes there, and where the store, the plans and the images are."""

    build: Build

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return self.build.pipeline.environment.name

    @property
    def applying(self) -> str:
        """The GitHub environment in which changes are applied, after whoever approves has been asked."""
        return self.jobs()

    @property
    def planning(self) -> str:
        """That in which plans are made."""
        return self.jobs(PLANNING)

    @property
    def running(self) -> str:
        """That in which stages, ticks and looks run, which nobody has to approve."""
        return self.jobs(RUNNING)

    def jobs(self, end: str = "") -> str:
        """The GitHub environment of jobs for it, of those that end so."""
        return jobs_environment(self.build.pipeline.name, self.environment, end)

    @property
    @abstractmethod
    def extra(self) -> str:
        """The extra of mlopsc that opens its stores."""

    @property
    @abstractmethod
    def store(self) -> str:
        """Where the store is: a URL."""

    @property
    @abstractmethod
    def opens(self) -> Mapping[str, Text]:
        """Variables by which mlopsc opens it as whoever the job has become."""

    @property
    @abstractmethod
    def plans(self) -> Plans:
        """Where plans wait."""

    @property
    @abstractmethod
    def account(self) -> str:
        """What environments have in common whose images are in one registry."""

    @property
    @abstractmethod
    def registry(self) -> Registry:
        """That registry, where this is the first environment of the account: it is made for that one."""

    @abstractmethod
    def log_in(self, identity: str, minutes: int = 60) -> tuple[Step, ...]:
        """Become an identity of the environment for as long as a job may take, without any key that is kept."""

    @abstractmethod
    def terraform(self, identity: str) -> Mapping[str, Text]:
        """Variables that Terraform needs beside, to work as `ci-plan` or `ci-apply`."""
