"""What a `test` stage does: hold a model against its rules; only when all of them pass is its gate open."""

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.tasks import Fanout, StageResult


def run(context: StageContext) -> StageResult | Fanout:
    """Run a test stage; raises StageFailure when a rule cannot be judged at all."""
    from mlopsc.stdlib.runtime.test.stage import run_stage

    return run_stage(context)
