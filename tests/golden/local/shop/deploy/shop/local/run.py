"""Runs the pipeline `shop` in `local`.

Made from main.mlops by `mlopsc build`: change the spec and build again.

    python deploy/shop/local/run.py [STAGE ...] [-j N] [--force STAGE] [--json]
"""

from mlopsc.stdlib.runtime.script import main


def orders() -> dict[str, object]:
    """Stage `orders` of kind `data`; it reads orders.csv."""
    return {
        "name": "orders",
        "kind": "data",
        "settings": {"source": {"function": "csv", "path": "orders.csv"}},
        "columns": [
            {"name": "price", "type": {"function": "float"}, "low": 0.0},
            {"name": "note", "type": {"function": "text"}, "missing": 0.05},
        ],
        "rules": [
            {
                "id": "check rows",
                "verb": "check",
                "text": "check rows >= 3",
                "subject": {"function": "rows"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 3.0}}],
            },
        ],
        "inputs": [],
        "files": ["orders.csv"],
    }


PIPELINE = {
    "ir": 1,
    "name": "shop",
    "language": 1,
    "settings": {},
    "environment": {"name": "local", "rank": 0, "serves": True, "settings": {}},
    "metrics": [],
}

STAGES = [orders]

# what does the work of each kind of stage; other kinds are not run here
FUNCTIONS = {"data": "mlopsc.stdlib.runtime.data:run"}


if __name__ == "__main__":
    main(__file__, PIPELINE, STAGES, FUNCTIONS)
