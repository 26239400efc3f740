"""What a `train` stage does: compare candidates, fit the best one again, and prove that the artefact predicts alike."""

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.tasks import Fanout, StageResult


def run(context: StageContext) -> StageResult | Fanout:
    """Run a train stage; raises StageFailure when nothing can be fitted."""
    from mlopsc.stdlib.runtime.train.stage import run_stage

    return run_stage(context)
