"""The words for what cannot be written as Terraform."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message
from mlopsc.compiler.text import Location


@message("E602", "Terraform cannot be written here")
def tool_missing(code: Code, at: Location, fact: str, hint: str) -> Diagnostic:
    """Terraform is written by the Terraform CDK, which runs on Node; the extra `[terraform]` brings both. Without
    them nothing is written, because files that are only partly those of the spec would be worse than none. A build of
    other targets (`mlopsc build --target local`) and `mlopsc run` need neither.
    """
    return Diagnostic(code, at, fact, label="this is written as Terraform", hint=hint)


@message("E603", "no such region")
def unknown_region(code: Code, at: Location, platform: str, region: str, close: str | None) -> Diagnostic:
    """A region must be one that the cloud has: a wrong one is found only when a plan asks the cloud, and by then with
    a message about host names.

    wrong:
    ```mlops
    environment prod { platform = aws(region = "eu-west-9", account = "123456789012") }
    ```

    right:
    ```mlops
    environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }
    ```
    """
    hint = f"Did you mean `{close}`?" if close else "Take the region's short name from the cloud's own list."
    return Diagnostic(code, at, f"`{platform}` has no region `{region}`", label="no such region", hint=hint)


@message("E604", "a name that the cloud refuses")
def name_refused(code: Code, at: Location, what: str, name: str, rule: str) -> Diagnostic:
    """Names that the compiler makes are cut to what the cloud takes, with a hash where they must be. A name that the
    spec gives is used as it is, so it must be one that the cloud accepts.

    wrong:
    ```mlops
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "s3://Bike_Demand"
    }
    ```

    right:
    ```mlops
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "s3://bike-demand"
    }
    ```
    """
    return Diagnostic(code, at, f"`{name}` cannot be the name of {what}", label="refused by the cloud", hint=rule)


@message("E605", "environments that are not apart")
def not_apart(code: Code, at: Location, what: str, other: str, other_at: Location, hint: str) -> Diagnostic:
    """Every environment has a store and a Terraform state of its own, so that whoever may change one cannot change
    another. Two that share one of them would undo each other's work.

    wrong:
    ```mlops
    environment staging {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "s3://bike-demand"
    }
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "s3://bike-demand"
    }
    ```

    right:
    ```mlops
    environment staging {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "s3://bike-demand-staging"
    }
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "s3://bike-demand"
    }
    ```
    """
    related = (Label(other_at, f"`{other}`, which has it too"),)
    return Diagnostic(
        code, at, f"this would share {what} with `{other}`", label="not apart", related=related, hint=hint
    )


@message("E606", "a budget with nobody to tell")
def nobody_to_tell(code: Code, at: Location, owner: str | None) -> Diagnostic:
    """A budget tells somebody when it is nearly spent: the `owner` of the pipeline, at an address that gets mail.

    wrong:
    ```mlops
    pipeline bike_demand { owner = "the mobility team" }
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      budget   = 400USD / 1mo
    }
    ```

    right:
    ```mlops
    pipeline bike_demand { owner = "mobility-ml@example.com" }
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      budget   = 400USD / 1mo
    }
    ```
    """
    fact = f"`{owner}` is no address" if owner else "the pipeline has no `owner`"
    hint = 'Write `owner = "team@example.com"` in the `pipeline` block.'
    return Diagnostic(code, at, f"nobody would be told of this budget: {fact}", label="tells nobody", hint=hint)


@message("E607", "a group that the cloud does not know")
def unmapped_group(code: Code, at: Location, group: str, platform: str, example: str) -> Diagnostic:
    """Access is given to groups, and each cloud knows them by a name of its own: a role's ARN on AWS, an object id on
    Azure. A group without that name cannot be let in there.

    wrong:
    ```mlops
    analysts = group(github = "@example-org/analysts")
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      access   = [read(analysts)]
    }
    ```

    right:
    ```mlops
    analysts = group(github = "@example-org/analysts", aws = "arn:aws:iam::123456789012:role/analysts")
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      access   = [read(analysts)]
    }
    ```
    """
    return Diagnostic(
        code, at, f"{group} has no name on `{platform}`", label="unknown there", hint=f"Add `{example}` to the group."
    )


@message("E608", "what the platform cannot do")
def cannot_do(code: Code, at: Location, what: str, platform: str, instead: str) -> Diagnostic:
    """Each platform has its limits. What it cannot do is refused, never left out in silence.

    wrong:
    ```mlops
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      budget   = 100EUR / 1w
    }
    ```

    right:
    ```mlops
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      budget   = 400USD / 1mo
    }
    ```
    """
    return Diagnostic(code, at, f"`{platform}` has no {what}", label="not possible there", hint=instead)


@message("E609", "infrastructure that cannot be added")
def cannot_add(code: Code, at: Location, named: str, words: str, hint: str) -> Diagnostic:
    """`infrastructure = python("infra.py:extra")` names a function that a build calls with the stack of the
    environment and a context. When it raises, or makes something that the spec has made already, nothing is written:
    neither its part nor ours.
    """
    return Diagnostic(code, at, f"{named} cannot be added: {words}", label="fails", hint=hint)


@message("E610", "a store that does not fit the platform")
def store_elsewhere(code: Code, at: Location, store: str, platform: str, wanted: str) -> Diagnostic:
    """An environment on a cloud keeps its data, models and records there. Leave `store` out, and the compiler names a
    bucket; or name one.

    wrong:
    ```mlops
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "/srv/store"
    }
    ```

    right:
    ```mlops
    environment prod {
      platform = aws(region = "eu-west-1", account = "123456789012")
      store    = "s3://bike-demand-prod"
    }
    ```
    """
    fact = f"`{store}` is not a place of `{platform}`"
    return Diagnostic(code, at, fact, label="elsewhere", hint=f"Leave `store` out, or write it as `{wanted}`.")


@message("E611", "a repository that cannot be trusted yet")
def trust_incomplete(code: Code, at: Location, missing: Sequence[str]) -> Diagnostic:
    """A cloud lets in a job whose token says exactly what was agreed. With `immutable = true` the token has the ids
    of owner and repository in it, so they must be known.

    wrong:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand", immutable = true) }
    environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }
    ```

    right:
    ```mlops
    pipeline bike_demand {
      github = github("example-org/bike-demand", owner_id = 1234567, repo_id = 7654321, immutable = true)
    }
    environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }
    ```
    """
    named = " and ".join(f"`{one}`" for one in missing)
    hint = "`mlopsc doctor`, run in a job of the repository, prints the token's own words."
    return Diagnostic(code, at, f"tokens of the repository cannot be told from others without {named}", hint=hint)
