"""Where stages run."""

from mlopsc.compiler.schema.declarations import Compute, setting
from mlopsc.compiler.schema.types import Positive
from mlopsc.compiler.schema.values import Bytes


class Runner(Compute, word="runner"):
    """Here: on the machine that runs the pipeline."""


class Job(Compute, word="job"):
    """A task of its own on the cloud that the environment lives on, from the pipeline's image.

    Where an environment is on no cloud, the stage runs here, and says so.
    """

    cpu: float = setting("How many processors.", ..., gt=0)
    memory: Bytes = setting("How much memory, at least.", ...)
    timeout: Positive = setting("How long it may take before it is stopped.", ...)
