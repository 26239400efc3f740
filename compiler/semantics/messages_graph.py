"""The words for circles, and for stages that do not fit together."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message
from mlopsc.compiler.text import Location


def _circle(code: Code, steps: Sequence[Label], message: str, hint: str) -> Diagnostic:
    first, *others = steps
    return Diagnostic(code, first.location, message, first.text, tuple(others), hint)


@message("E401", "stages in a circle")
def stage_circle(code: Code, steps: Sequence[Label]) -> Diagnostic:
    """Stages read each other in a circle, so that none of them can run first.

    wrong:
    ```mlops
    data daily {
      from = weekly
      schema { day: date }
      check rows >= 1
    }

    data weekly {
      from = daily
      schema { day: date }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data daily {
      source = csv("data/rides.csv")
      schema { day: date }
      check rows >= 1
    }

    data weekly {
      from = daily
      schema { day: date }
      check rows >= 1
    }
    ```
    """
    message = "a stage reads itself" if len(steps) == 1 else f"{len(steps)} stages read each other in a circle"
    return _circle(code, steps, message, "one of them has to read from outside the circle")


@message("E402", "blocks that extend each other")
def extends_circle(code: Code, steps: Sequence[Label]) -> Diagnostic:
    """`extends` leads back to where it began, so that there is nothing to begin with.

    wrong:
    ```mlops
    train demand {
      extends   = demand
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }
    ```
    """
    message = "a block extends itself" if len(steps) == 1 else f"{len(steps)} blocks extend each other in a circle"
    return _circle(code, steps, message, "one of them has to stand for itself")


@message("E403", "environments that follow each other")
def follows_circle(code: Code, steps: Sequence[Label]) -> Diagnostic:
    """A model goes through environments in the order of `follows`; in a circle there is no first one.

    wrong:
    ```mlops
    environment prod {
      follows = prod
    }
    ```

    right:
    ```mlops
    environment dev { platform = local() }

    environment prod {
      follows = dev
    }
    ```
    """
    alone = len(steps) == 1
    message = "an environment follows itself" if alone else f"{len(steps)} environments follow each other in a circle"
    return _circle(code, steps, message, "one of them has to be the first")


@message("E404", "constants that need each other")
def constant_circle(code: Code, steps: Sequence[Label]) -> Diagnostic:
    """The value of a constant needs itself, directly or through others.

    wrong:
    ```mlops
    limit  = strict * 2
    strict = limit / 2
    ```

    right:
    ```mlops
    limit  = strict * 2
    strict = 20
    ```
    """
    message = "a constant needs itself" if len(steps) == 1 else f"{len(steps)} constants need each other in a circle"
    return _circle(code, steps, message, "one of them needs a value of its own")


@message("E405", "gate of another model")
def other_stage(
    code: Code, at: Location, through: str, kind: str, found: str, wanted: str, wanted_at: Location
) -> Diagnostic:
    """A release serves a model that its gate has judged. Here the gate judges another one.

    wrong:
    ```mlops
    train other {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }

    release api {
      model = other
      gate  = gate
    }
    ```

    right:
    ```mlops
    release api {
      model = demand
      gate  = gate
    }
    ```
    """
    related = (Label(wanted_at, f"`{wanted}` is asked for here"),)
    message = f"`{through}` is about `{found}`, not about `{wanted}`"
    return Diagnostic(code, at, message, f"a `{kind}` of `{found}`", related, f"write a `{kind}` stage for `{wanted}`")


@message("E406", "template in use")
def template_used(code: Code, at: Location, name: str, defined: Location) -> Diagnostic:
    """A block with `abstract = true` is there only to be extended: it does not run, so nothing can read it.

    wrong:
    ```mlops
    data base {
      abstract = true
      source   = csv("data/rides.csv")
    }

    data daily {
      from = base
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data base {
      abstract = true
      source   = csv("data/rides.csv")
    }

    data daily {
      extends = base
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    related = (Label(defined, "abstract"),)
    return Diagnostic(code, at, f"`{name}` is a template and does not run", "abstract", related, "extend it instead")


@message("E407", "retraining that no gate follows")
def ungated(code: Code, at: Location, function: str, stage: str, defined: Location) -> Diagnostic:
    """A model that is trained again by itself must pass a gate before it serves: a `test` stage about the train stage.

    wrong:
    ```mlops
    train other {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }

    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d
      on quality do retrain(other, cooldown = 7d, limit = 4 / 30d)
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d
      on quality do retrain(demand, cooldown = 7d, limit = 4 / 30d)
    }
    ```
    """
    related = (Label(defined, f"`{stage}` is declared here"),)
    message = f"no gate judges `{stage}`, so `{function}` could put any model into service"
    hint = f"add a stage `test GATE {{ model = {stage} … }}`"
    return Diagnostic(code, at, message, "no gate follows", related, hint)
