"""The words for what cannot be written as a workflow."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, Severity, message
from mlopsc.compiler.text import Location

LARGEST = 512_000
"""Bytes of a workflow that GitHub starts."""


@message("E641", "a name that GitHub refuses")
def environment_name(code: Code, at: Location, name: str) -> Diagnostic:
    """Each environment of the spec has environments of GitHub beside it, in which jobs plan, apply and run, such as
    `bike_demand-prod-plan`. Their names stand in conditions of workflows and in what clouds trust, so only letters,
    digits, `_`, `.` and `-` will do.

    wrong:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand") }
    environment größe { platform = aws(region = "eu-west-1", account = "123456789012") }
    ```

    right:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand") }
    environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }
    ```
    """
    fact = f"`{name}` cannot be the name of an environment of GitHub"
    return Diagnostic(code, at, fact, label="refused by GitHub", hint="Use letters, digits, `_`, `.` and `-`.")


@message("E642", "a secret that GitHub refuses")
def reserved_secret(code: Code, at: Location, name: str) -> Diagnostic:
    """Jobs get a secret from GitHub under the name that the spec gives it. Names that begin with `GITHUB_` are GitHub's
    own: it takes no secret of that name, so the jobs could never run.

    wrong:
    ```mlops
    pipeline shop { github = github("example-org/shop") }
    environment dev { platform = local() }
    data orders {
      source = sql("select * from orders", connection = secret("GITHUB_DATABASE"))
      check rows >= 1_000
      schema { price: float }
    }
    ```

    right:
    ```mlops
    pipeline shop { github = github("example-org/shop") }
    environment dev { platform = local() }
    data orders {
      source = sql("select * from orders", connection = secret("DATABASE_URL"))
      check rows >= 1_000
      schema { price: float }
    }
    ```
    """
    fact = f"GitHub takes no secret `{name}`: names that begin with `GITHUB_` are its own"
    return Diagnostic(code, at, fact, label="reserved", hint=f"Call it `{name[len('GITHUB_') :] or 'DATABASE_URL'}`.")


@message("E643", "a schedule that GitHub cannot keep")
def impossible_schedule(code: Code, at: Location, every: str) -> Diagnostic:
    """GitHub starts a workflow by the clock at most every 5 minutes, and a schedule begins anew each hour and each day.
    So `every` is 5min or longer and divides an hour, or whole hours that divide a day.

    wrong:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand", every = 1min) }
    environment dev { platform = local() }
    ```

    right:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand", every = 15min) }
    environment dev { platform = local() }
    ```
    """
    fact = f"GitHub cannot start a workflow every `{every}`"
    hint = "Write `5min`, `10min`, `15min`, `20min`, `30min`, `1h`, `2h`, `3h`, `4h`, `6h`, `8h`, `12h` or `1d`."
    return Diagnostic(code, at, fact, label="at least `5min`, in even parts of an hour or a day", hint=hint)


@message("E644", "an environment that no workflow delivers to", Severity.WARNING)
def not_delivered(code: Code, at: Location, name: str) -> Diagnostic:
    """Workflows deliver to environments in a cloud. One that is on `local()` is the machine that somebody works on: no
    job of GitHub reaches it, so what is released there is released by `mlopsc run` and `mlopsc release` by hand.

    wrong:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand") }
    environment dev { platform = local() }
    environment prod {
      follows  = dev
      platform = local()
    }
    ```

    right:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand") }
    environment dev { platform = local() }
    environment prod {
      follows  = dev
      platform = aws(region = "eu-west-1", account = "123456789012")
    }
    ```
    """
    fact = f"no workflow delivers to `{name}`: it is on the machine that somebody works on"
    hint = "Give it a platform in a cloud, or release there by hand: `mlopsc release --help`."
    return Diagnostic(code, at, fact, label="this machine", hint=hint)


@message("E646", "a workflow that GitHub would not start")
def too_large(code: Code, at: Location, name: str, size: int) -> Diagnostic:
    """GitHub starts no run of a workflow of more than 512,000 bytes, and says so nowhere. Where there are many stages,
    several share a job, so what is still too large has hundreds of releases and monitors, or is made so by
    `.github/mlopsc-overlays.yml`.
    """
    fact = f"`{name}` would have {size:,} bytes, and GitHub starts no workflow of more than {LARGEST:,}"
    return Diagnostic(
        code, at, fact, label="too much for its workflows", hint="Make two pipelines of it, or lay less over it."
    )
