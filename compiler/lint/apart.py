"""The rules of the second principle: several environments, with different access."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label, Severity
from mlopsc.compiler.lint.principle import PrincipleRule
from mlopsc.compiler.lint.rule import LintedProgram, platform_of
from mlopsc.compiler.semantics.model import EnvironmentModel
from mlopsc.compiler.text import Location


class SingleEnvironment(
    PrincipleRule,
    id="L031",
    name="single-environment",
    severity=Severity.INFO,
    principle=2,
    earns="a model goes through one environment before it reaches the next",
):
    """No environment follows another: what is tried out is tried out where people rely on it. With two, a model
    reaches the second only after it has been through the first.

    wrong:
    ```mlops
    environment prod {
      platform  = aws(region = "eu-west-1", account = "123456789012")
      approvers = ["@example-org/leads"]
      access    = [read(analysts)]
      budget    = 400USD / 1mo
      traffic   = 20_000 / 1d
    }
    ```

    right:
    ```mlops
    environment prod {
      follows   = dev
      platform  = aws(region = "eu-west-1", account = "123456789012")
      approvers = ["@example-org/leads"]
      access    = [read(analysts)]
      budget    = 400USD / 1mo
      traffic   = 20_000 / 1d
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Programs in which nothing follows."""
        if not any(True for _ in self.earned(program)):
            last = _last(program)
            yield self.found(
                program.at if last.is_implied else last.at,
                "no environment follows another, so nothing is tried out before people rely on it",
                label="the only one" if len(program.model.environments) == 1 else "no `follows`",
                hint="`mlopsc add environment prod` writes a second one, which follows the first.",
            )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Where an environment says what it follows."""
        for environment in program.model.environments.values():
            if "follows" in environment.settings:
                yield environment.settings["follows"].at


class UnapprovedEnvironment(
    PrincipleRule,
    id="L032",
    name="unapproved-environment",
    severity=Severity.INFO,
    principle=2,
    earns="a person approves what comes into service in the last environment",
):
    """Nobody has to approve what comes into service in the last environment: whoever can push code can put a model
    before people. `approvers` names those who can let it in.

    wrong:
    ```mlops
    environment prod {
      follows  = dev
      platform = aws(region = "eu-west-1", account = "123456789012")
      access   = [read(analysts)]
      budget   = 400USD / 1mo
      traffic  = 20_000 / 1d
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """The last environment, where it asks nobody."""
        last = _last(program)
        if "approvers" not in last.settings:
            yield self.found(
                program.at if last.is_implied else last.at,
                f"nobody approves what comes into service in `{last.name}`",
                label="no `approvers`",
                hint='Add `approvers = ["@organisation/team"]`.',
            )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Who approves."""
        for environment in program.model.environments.values():
            if "approvers" in environment.settings:
                yield environment.settings["approvers"].at


class UnstatedAccess(
    PrincipleRule,
    id="L033",
    name="unstated-access",
    severity=Severity.INFO,
    principle=2,
    earns="the spec says who may read what",
):
    """No environment says who may read its reports and versions, so that people are let in by hand, one by one, and
    nothing shows who is. `access` gives it to a group, and the cloud's permissions are written from that.

    wrong:
    ```mlops
    environment prod {
      follows   = dev
      platform  = aws(region = "eu-west-1", account = "123456789012")
      approvers = ["@example-org/leads"]
      budget    = 400USD / 1mo
      traffic   = 20_000 / 1d
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Programs without `access`."""
        if not any(True for _ in self.earned(program)):
            last = _last(program)
            yield self.found(
                program.at if last.is_implied else last.at,
                "nothing says who may read reports and versions",
                label="no `access`",
                hint="Name a group at the top, `analysts = group(…)`, and add `access = [read(analysts)]`.",
            )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Who may read."""
        for environment in program.model.environments.values():
            if "access" in environment.settings:
                yield environment.settings["access"].at


class SharedAccount(
    PrincipleRule,
    id="L034",
    name="shared-account",
    severity=Severity.INFO,
    principle=2,
    earns="environments are in accounts of their own",
):
    """Two environments are in one account of a cloud. Roles keep them apart there, but limits, bills and whoever
    administers the account are common to both: a mistake in one reaches the other.

    wrong:
    ```mlops
    environment dev {
      platform  = aws(region = "eu-west-1", account = "123456789012")
      approvers = ["@example-org/leads"]
      budget    = 100USD / 1mo
    }
    ```

    right:
    ```mlops
    environment dev {
      platform  = aws(region = "eu-west-1", account = "210987654321")
      approvers = ["@example-org/leads"]
      budget    = 100USD / 1mo
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Environments that have the account of one before them."""
        seen: dict[str, EnvironmentModel] = {}
        for environment in program.model.environments.values():
            account = _account(environment)
            if account and account in seen:
                yield self.found(
                    environment.settings["platform"].value_at,
                    f"`{environment.name}` is in the same account as `{seen[account].name}`",
                    label="one account for both",
                    hint="Give each an account, or a subscription, of its own.",
                    related=[Label(seen[account].settings["platform"].at, "the same account")],
                )
            seen.setdefault(account, environment)

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Where environments live, if there are several."""
        if len(program.model.environments) > 1:
            for environment in program.model.environments.values():
                if platform_of(environment):
                    yield environment.settings["platform"].at


def _last(program: LintedProgram) -> EnvironmentModel:
    """The environment that people rely on: the one that follows most, in a cloud rather than here."""
    return max(program.model.environments.values(), key=lambda one: (one.rank, bool(platform_of(one))))


def _account(environment: EnvironmentModel) -> str:
    platform = environment.settings.get("platform")
    value = platform.value if platform is not None and isinstance(platform.value, dict) else {}
    return str(value.get("account") or value.get("subscription") or "")
