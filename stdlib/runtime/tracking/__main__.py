"""`python -m mlopsc.stdlib.runtime.tracking`: mirror the run or release that stdin describes; 1 where that fails."""

from __future__ import annotations

import json
import logging
import sys
import warnings


def main() -> int:
    """Mirror it; its last line on stderr says what went wrong."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    try:
        handed = json.loads(sys.stdin.buffer.read())
        from mlopsc.stdlib.runtime.tracking.mirror import record_release, record_run

        record_release(handed) if "released" in handed else record_run(handed)
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
