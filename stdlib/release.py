"""`release` stages: how a model that passed its gate comes into service, and what takes it out again."""

from typing import Annotated, Literal

from mlopsc.compiler.schema.declarations import Function, StageKind, Verb, setting
from mlopsc.compiler.schema.types import Column, Positive, Rising, Share, StageRef
from mlopsc.stdlib import compute  # noqa: F401 (where its stages can run)
from mlopsc.stdlib.metrics import Metric, Operational


class Strategy(Function, family="release strategy"):
    """How traffic moves from the served model to the new one."""


class Direct(Strategy, word="direct"):
    """All traffic at once; there is no rollout in which rules could be judged."""


class BlueGreen(Strategy, word="blue_green"):
    """All traffic at once, with the old model kept ready."""

    keep: Positive | None = setting(
        "How long guards watch and the old model is kept for them; without it, until the next release."
    )


class Canary(Strategy, word="canary"):
    """More traffic in steps; units that have moved never move back. At 100% the new model takes over."""

    steps: Annotated[tuple[Share, ...], Rising()] = setting(
        "The shares of traffic, rising to 100%, such as `[5%, 25%, 100%]`.", ..., min_length=1
    )
    every: Positive = setting("How long each step lasts at least, such as `14d`.", ...)


class AB(Strategy, word="ab"):
    """Part of the traffic for as long as it takes to compare the two."""

    share: Share = setting("The share of traffic that the new model gets.", 0.5, gt=0, lt=1)


class Shadow(Strategy, word="shadow"):
    """The new model answers copies of requests, and nobody sees its answers."""

    share: Share = setting("The share of requests that are copied.", 1.0, gt=0, le=1)


class RequestLog(Function, word="log", family="request log"):
    """What is kept of requests and answers."""

    retention: Positive | None = setting("How long it is kept.")
    sample: Share = setting("The share of requests that is logged.", 1.0, gt=0, le=1)


class Release(
    StageKind,
    word="release",
    data_through=("model", "data"),
    splits=("feedback",),
    same_stage=(("model",), ("gate", "model")),
):
    """A service: a model that passed its gate, a strategy to bring it in, and what must hold meanwhile."""

    model: Annotated[str, StageRef(("train",))] = setting("The train stage whose models are served.", ...)
    gate: Annotated[str, StageRef(("test",))] = setting("The test stage that a model must have passed.", ...)
    strategy: Strategy = setting("How traffic moves to a new model.", Direct())
    assign: Column | None = setting("The column whose values are assigned to versions, such as a user.")
    routes: tuple[str, ...] = setting("The paths it answers, beside `/predict`.", ())
    log: RequestLog = setting("What is kept of requests and answers.", RequestLog())
    otherwise: Literal["keep", "promote"] = setting("What happens when a comparison is still open at its end.", "keep")


class RequireRelease(Verb, word="require", kinds=("release",), subjects=(Metric, Operational), assigned_by="assign"):
    """What the new model must reach in service before it takes over: if it is shown not to, the release rolls back."""

    at: Share | None = setting("How sure the verdict must be, over all looks; 95% unless it is said.", ge=0.5, lt=1)
    within: Positive | None = setting("By when the comparison must be decided, such as `28d`.")
    otherwise: Literal["keep", "promote"] | None = setting("What happens if it is still open then.")


class Guard(Verb, word="guard", kinds=("release",), subjects=(Operational, Metric), assigned_by="assign"):
    """What must stay true during a rollout: if not, the release rolls back by itself."""

    at: Share | None = setting("How sure an alarm must be; without it, all guards share 5%.", ge=0.5, lt=1)
