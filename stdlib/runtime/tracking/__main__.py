"""`python -m mlopsc.stdlib.runtime.tracking FOLDER`: mirror the run that the folder holds; 1 where that fails."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path

from mlopsc.stdlib.runtime.tracking import HANDED_OVER


def main() -> int:
    """Mirror the run; its last line on stderr says what went wrong."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    try:
        handed = json.loads((Path(sys.argv[1]) / HANDED_OVER).read_text(encoding="utf-8"))
        from mlopsc.stdlib.runtime.tracking.mirror import record_run

        record_run(handed)
    except ImportError as error:
        print(f"{error}: install `mlflow-skinny`, `sqlalchemy` and `alembic`", file=sys.stderr)
        return 1
    except Exception as error:
        told = str(error).strip().split("\n")[0]
        print(f"{type(error).__name__}: {told}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
