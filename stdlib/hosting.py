"""Where the code lives, and what jobs there need beyond the pipeline."""

from typing import Annotated, Literal

from mlopsc.compiler.schema.declarations import Function, setting
from mlopsc.compiler.schema.types import StageRef
from mlopsc.compiler.schema.values import Duration

RunStage = Annotated[str, StageRef(("data", "train", "test"))]


class CodeHost(Function, family="code host"):
    """Where the code lives."""


class JobStep(Function, family="step of jobs"):
    """Something that jobs do before they run a stage."""


class Script(JobStep, word="step"):
    """A script that jobs go through before they run stages, and before they are anybody in a cloud."""

    run: str = setting("The script, for bash.", ..., min_length=1)
    name: str = setting("What it is for, as people read it.", "Prepare the machine", min_length=1)
    stages: tuple[RunStage, ...] = setting("Only before these; by default before each.", ())


class JobService(Function, family="service of jobs"):
    """Something that runs beside jobs that run stages."""


class Container(JobService, word="service"):
    """A container beside each job that runs stages: a database to read from, say. Its machine must have Docker."""

    name: str = setting("What jobs in containers call it.", ..., pattern=r"^[a-z][a-z0-9-]*$")
    image: str = setting(
        "The image, by digest: who made it last year may make another one next year.",
        ...,
        pattern=r"^[\w./:-]+@sha256:[0-9a-f]{64}$",
    )
    ports: tuple[int, ...] = setting("Its ports, at which jobs find it on this machine.", (), ge=1, le=65535)
    env: tuple[str, ...] = setting("Its environment, as `NAME=value`; no secrets.", (), pattern=r"^[A-Za-z_]\w*=")
    health: str | None = setting(
        "The command that says whether it is ready; jobs wait for that.", min_length=1, pattern=r"^[^\"\\$`]+$"
    )


class Github(CodeHost, word="github"):
    """GitHub: what workflows and trust need to know of the repository."""

    repository: str | None = setting("The repository, as `owner/name`.", pattern=r"^[^/\s]+/[^/\s]+$")
    plan: Literal["free", "team", "enterprise"] = setting("The plan, which decides how approvals are enforced.", "free")
    branch: str = setting(
        "The branch that is delivered: letters, digits and `. _ - / @ #`, for others mean something in a filter.",
        "main",
        pattern=r"^[\w./@#-]+$",
    )
    folder: str = setting("Where the spec is in the repository.", ".", min_length=1)
    python: str = setting("The version of Python that jobs run.", "3.11", pattern=r"^3\.\d+$")
    runner: tuple[str, ...] = setting(
        'The labels of the machines that jobs run on; `["self-hosted", "gpu"]` for your own.',
        ("ubuntu-24.04",),
        min_length=1,
    )
    every: Duration = setting("How often releases and monitors are looked after.", 3600)
    steps: tuple[JobStep, ...] = setting("What jobs do before they run a stage.", ())
    services: tuple[JobService, ...] = setting("What runs beside jobs that run stages.", ())
    owner_id: int | None = setting("The owner's number, for trust by immutable ids.", ge=1)
    repo_id: int | None = setting("The repository's number, for trust by immutable ids.", ge=1)
    immutable: bool = setting("Whether tokens carry the ids.", False)
