"""Runs the pipeline `churn` in `staging`.

Made from main.mlops by `mlopsc build`: change the spec and build again.

    python deploy/churn/staging/run.py [STAGE ...] [-j N] [--force STAGE] [--json]
"""

from mlopsc.stdlib.runtime.script import main


def customers() -> dict[str, object]:
    """Stage `customers` of kind `data`; it reads customers.csv."""
    return {
        "name": "customers",
        "kind": "data",
        "settings": {
            "source": {"function": "csv", "path": "customers.csv", "separator": ";"},
            "key": ["customer"],
        },
        "columns": [
            {"name": "customer", "type": {"function": "text"}, "role": "id"},
            {"name": "since", "type": {"function": "date"}},
            {
                "name": "plan",
                "type": {"function": "category"},
                "values": ["basic", 'it\'s "pro"'],
            },
            {
                "name": "visits",
                "type": {"function": "int"},
                "low": 0.0,
                "missing": 0.05,
            },
        ],
        "rules": [
            {
                "id": "check rows",
                "verb": "check",
                "text": "check rows >= 1_000",
                "subject": {"function": "rows"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 1000.0}}],
            },
        ],
        "inputs": [],
        "files": ["customers.csv"],
    }


def sessions() -> dict[str, object]:
    """Stage `sessions` of kind `data`; it reads https://example.com/sessions/*.parquet."""
    return {
        "name": "sessions",
        "kind": "data",
        "settings": {
            "source": {
                "function": "parquet",
                "path": "https://example.com/sessions/*.parquet",
            },
            "refresh": {"function": "pinned"},
        },
        "columns": [
            {"name": "customer", "type": {"function": "text"}, "role": "id"},
            {"name": "minutes", "type": {"function": "float"}},
        ],
        "rules": [
            {
                "id": "check mean(minutes)",
                "verb": "check",
                "text": "check 0.5 <= mean(minutes) <= 90",
                "subject": {"function": "mean", "column": "minutes"},
                "comparisons": [
                    {"operator": ">=", "limit": {"offset": 0.5}},
                    {"operator": "<=", "limit": {"offset": 90.0}},
                ],
            },
        ],
        "inputs": [],
        "files": ["https://example.com/sessions/*.parquet"],
    }


def joined() -> dict[str, object]:
    """Stage `joined` of kind `data`; it reads prep.py."""
    return {
        "name": "joined",
        "kind": "data",
        "settings": {
            "from": ["customers", "sessions"],
            "transform": {"function": "python", "name": "prep.py:join"},
            "key": ["customer"],
            "unit": {"function": "row"},
            "target": "left",
            "split": {
                "function": "stratified",
                "train": 0.6,
                "validation": 0.2,
                "test": 0.2,
            },
        },
        "columns": [
            {"name": "customer", "type": {"function": "text"}, "role": "id"},
            {"name": "plan", "type": {"function": "category"}},
            {"name": "minutes", "type": {"function": "float"}},
            {"name": "left", "type": {"function": "bool"}},
        ],
        "rules": [
            {
                "id": "check missing(minutes)",
                "verb": "check",
                "text": "check missing(minutes) <= 1%",
                "subject": {"function": "missing", "column": "minutes"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.01}}],
            },
        ],
        "inputs": ["customers", "sessions"],
        "files": ["prep.py"],
    }


def churn() -> dict[str, object]:
    """Stage `churn` of kind `train`."""
    return {
        "name": "churn",
        "kind": "train",
        "settings": {
            "timeout": "2h",
            "data": "joined",
            "estimator": {
                "function": "sklearn",
                "name": "ensemble.RandomForestClassifier",
                "parameters": {"random_state": 1},
            },
            "search": {
                "function": "random",
                "candidates": 10,
                "parameters": {
                    "max_depth": {"low": 3, "high": 12},
                    "min_samples_leaf": [1, 5, 25],
                },
            },
            "folds": 5,
        },
        "rules": [
            {
                "id": "maximize roc_auc(train)",
                "verb": "maximize",
                "text": "maximize roc_auc(train)",
                "subject": {"function": "roc_auc", "on": "train"},
            },
        ],
        "inputs": ["joined"],
    }


def gate() -> dict[str, object]:
    """Stage `gate` of kind `test`."""
    return {
        "name": "gate",
        "kind": "test",
        "settings": {"model": "churn", "max_looks": 3},
        "rules": [
            {
                "id": "require log_loss(test)",
                "verb": "require",
                "text": "require log_loss(test) <= 0.5 at 99%",
                "subject": {"function": "log_loss", "on": "test"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.5}}],
                "clauses": {"at": 0.99},
            },
            {
                "id": "worth_it",
                "verb": "require",
                "text": "require lift(test) >= 1.5 at 95% as worth_it",
                "subject": {"function": "lift", "on": "test"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 1.5}}],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require recall(test, class = true) >= champion",
                "verb": "require",
                "text": "require recall(test, class = true) >= champion - 1pp at 95%",
                "subject": {"function": "recall", "on": "test", "class": True},
                "comparisons": [
                    {
                        "operator": ">=",
                        "limit": {"baseline": "champion", "offset": -0.01},
                    },
                ],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require latency(p95)",
                "verb": "require",
                "text": "require latency(p95) <= 50ms",
                "subject": {"function": "latency", "percentile": "p95"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.05}}],
            },
        ],
        "inputs": ["churn", "joined"],
    }


def service() -> dict[str, object]:
    """Stage `service` of kind `release`: declared, not run here."""
    return {
        "name": "service",
        "kind": "release",
        "settings": {"model": "churn", "gate": "gate"},
        "rules": [],
        "inputs": ["churn", "gate"],
    }


PIPELINE = {
    "ir": 1,
    "name": "churn",
    "language": 1,
    "settings": {
        "owner": "growth@example.com",
        "description": 'quotes " and \\ and {{ braces }} stay what they are',
    },
    "environment": {
        "name": "staging",
        "rank": 1,
        "serves": True,
        "settings": {"follows": "dev", "approvers": ["@example-org/leads"]},
    },
    "metrics": [{"name": "lift", "function": "metrics.py:lift", "better": "higher"}],
}

STAGES = [customers, sessions, joined, churn, gate, service]

# what does the work of each kind of stage; other kinds are not run here
FUNCTIONS = {
    "data": "mlopsc.stdlib.runtime.data:run",
    "test": "mlopsc.stdlib.runtime.test:run",
    "train": "mlopsc.stdlib.runtime.train:run",
}


if __name__ == "__main__":
    main(__file__, PIPELINE, STAGES, FUNCTIONS)
