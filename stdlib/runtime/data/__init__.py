"""What a `data` stage does: read, transform, check, split and snapshot rows; `tables` reads the snapshot again."""

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.tasks import StageResult


def run(context: StageContext) -> StageResult:
    """Run a data stage; raises StageFailure when its rows cannot be had, and fails when they break a rule."""
    from mlopsc.stdlib.runtime.data.stage import run_stage

    return run_stage(context)
