"""Runs the pipeline `flight_delays` in `dev`.

Made from pipeline.mlops by `mlopsc build`: change the spec and build again.

    python deploy/flight_delays/dev/run.py [STAGE ...] [-j N] [--force STAGE] [--json]
"""

from mlopsc.stdlib.runtime.script import main


def flights() -> dict[str, object]:
    """Stage `flights` of kind `data`; it reads checks.py, data/flights.csv, prep.py."""
    return {
        "name": "flights",
        "kind": "data",
        "settings": {
            "source": {"function": "csv", "path": "data/flights.csv"},
            "transform": {"function": "python", "name": "prep.py:add_late"},
            "time": "scheduled",
            "unit": {"function": "block", "length": "1d"},
            "target": "late",
            "outcome": "independent",
            "split": {
                "function": "by_time",
                "train": 0.6,
                "validation": 0.1,
                "test": 0.3,
                "gap": "1d",
            },
        },
        "columns": [
            {"name": "scheduled", "type": {"function": "timestamp"}},
            {"name": "carrier", "type": {"function": "category"}},
            {"name": "origin", "type": {"function": "category"}},
            {
                "name": "planned",
                "type": {"function": "int"},
                "low": 60.0,
                "high": 300.0,
            },
            {"name": "left", "type": {"function": "int"}, "low": -60.0},
            {"name": "arrived", "type": {"function": "int"}, "role": "leak"},
            {"name": "late", "type": {"function": "bool"}},
        ],
        "rules": [
            {
                "id": "check rows",
                "verb": "check",
                "text": "check rows >= 10_000",
                "subject": {"function": "rows"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 10000.0}}],
            },
            {
                "id": 'check python("checks.py:delays_add_up")',
                "verb": "check",
                "text": 'check python("checks.py:delays_add_up")',
                "subject": {"function": "python", "name": "checks.py:delays_add_up"},
            },
        ],
        "inputs": [],
        "files": ["checks.py", "data/flights.csv", "prep.py"],
    }


def delay() -> dict[str, object]:
    """Stage `delay` of kind `train`; it reads features.py."""
    return {
        "name": "delay",
        "kind": "train",
        "settings": {
            "data": "flights",
            "features": {"function": "python", "name": "features.py:Departure"},
            "estimator": {
                "function": "sklearn",
                "name": "ensemble.HistGradientBoostingClassifier",
                "parameters": {"max_iter": 80, "random_state": 7},
            },
            "search": {
                "function": "grid",
                "parameters": {"max_depth": [3, 6], "learning_rate": [0.05, 0.1]},
            },
            "refit": "all",
        },
        "rules": [
            {
                "id": "minimize log_loss(validation)",
                "verb": "minimize",
                "text": "minimize log_loss(validation)",
                "subject": {"function": "log_loss", "on": "validation"},
            },
        ],
        "inputs": ["flights"],
        "files": ["features.py"],
    }


def delay_gate() -> dict[str, object]:
    """Stage `delay_gate` of kind `test`; it reads tests/."""
    return {
        "name": "delay_gate",
        "kind": "test",
        "settings": {"model": "delay"},
        "rules": [
            {
                "id": 'require pytest("tests/")',
                "verb": "require",
                "text": 'require pytest("tests/")',
                "subject": {"function": "pytest", "path": "tests/"},
            },
            {
                "id": "require roc_auc(test)",
                "verb": "require",
                "text": "require roc_auc(test) >= 0.85 at 95%",
                "subject": {"function": "roc_auc", "on": "test"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 0.85}}],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require recall(test)",
                "verb": "require",
                "text": "require recall(test) >= 50% at 95%",
                "subject": {"function": "recall", "on": "test"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 0.5}}],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require precision(test)",
                "verb": "require",
                "text": "require precision(test) >= 75% at 95%",
                "subject": {"function": "precision", "on": "test"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 0.75}}],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require brier(test)",
                "verb": "require",
                "text": "require brier(test) <= 0.10 at 95%",
                "subject": {"function": "brier", "on": "test"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.1}}],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require log_loss(test) <= champion",
                "verb": "require",
                "text": "require log_loss(test) <= champion + 5% at 95%",
                "subject": {"function": "log_loss", "on": "test"},
                "comparisons": [
                    {
                        "operator": "<=",
                        "limit": {"baseline": "champion", "factor": 1.05},
                    },
                ],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require recall(test) by origin",
                "verb": "require",
                "text": "require recall(test) >= 40% at 95% by origin",
                "subject": {"function": "recall", "on": "test"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 0.4}}],
                "clauses": {"at": 0.95, "by": "origin"},
            },
            {
                "id": "require latency(p95)",
                "verb": "require",
                "text": "require latency(p95) <= 50ms",
                "subject": {"function": "latency", "percentile": "p95"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.05}}],
            },
        ],
        "inputs": ["delay", "flights"],
        "files": ["tests/"],
    }


def api() -> dict[str, object]:
    """Stage `api` of kind `release`: declared, not run here."""
    return {
        "name": "api",
        "kind": "release",
        "settings": {
            "model": "delay",
            "gate": "delay_gate",
            "strategy": {"function": "canary", "steps": [0.1, 1.0], "every": "7d"},
        },
        "rules": [
            {
                "id": "require brier(feedback) <= champion",
                "verb": "require",
                "text": "require brier(feedback) <= champion + 10% at 95% within 28d",
                "subject": {"function": "brier", "on": "feedback"},
                "comparisons": [
                    {
                        "operator": "<=",
                        "limit": {"baseline": "champion", "factor": 1.1},
                    },
                ],
                "clauses": {"at": 0.95, "within": "28d"},
            },
            {
                "id": "guard error_rate <= champion",
                "verb": "guard",
                "text": "guard error_rate <= champion * 2",
                "subject": {"function": "error_rate"},
                "comparisons": [
                    {
                        "operator": "<=",
                        "limit": {"baseline": "champion", "factor": 2.0},
                    },
                ],
            },
            {
                "id": "guard latency(p95)",
                "verb": "guard",
                "text": "guard latency(p95) <= 200ms",
                "subject": {"function": "latency", "percentile": "p95"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.2}}],
            },
        ],
        "inputs": ["delay", "delay_gate"],
    }


def live() -> dict[str, object]:
    """Stage `live` of kind `monitor`: declared, not run here."""
    return {
        "name": "live",
        "kind": "monitor",
        "settings": {"release": "api"},
        "rules": [
            {
                "id": "watch stable(features)",
                "verb": "watch",
                "text": "watch stable(features) over 7d, alarms <= 1 / 90d",
                "subject": {"function": "stable", "what": "features"},
                "clauses": {"over": "7d", "alarms": "1 / 90d"},
            },
            {
                "id": "watch brier(feedback)",
                "verb": "watch",
                "text": "watch brier(feedback) <= 0.12 over 7d lag 1d, alarms <= 1 / 90d",
                "subject": {"function": "brier", "on": "feedback"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.12}}],
                "clauses": {"over": "7d", "lag": "1d", "alarms": "1 / 90d"},
            },
            {
                "id": "watch uptime",
                "verb": "watch",
                "text": "watch uptime >= 99.9% over 30d",
                "subject": {"function": "uptime"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 0.999}}],
                "clauses": {"over": "30d"},
            },
            {
                "id": "on drift",
                "verb": "on",
                "text": 'on drift do notify("connections@example.com")',
                "events": ["drift"],
                "clauses": {
                    "do": [{"function": "notify", "to": "connections@example.com"}],
                },
            },
            {
                "id": "on quality",
                "verb": "on",
                "text": "on quality do retrain(delay, refresh = flights, cooldown = 7d, limit = 4 / 30d)",
                "events": ["quality"],
                "clauses": {
                    "do": [
                        {
                            "function": "retrain",
                            "stage": "delay",
                            "refresh": "flights",
                            "cooldown": "7d",
                            "limit": "4 / 30d",
                        },
                    ],
                },
            },
        ],
        "inputs": ["api"],
    }


PIPELINE = {
    "ir": 1,
    "name": "flight_delays",
    "language": 1,
    "settings": {
        "owner": "connections@example.com",
        "description": "When a plane leaves its gate: will it arrive late?",
        "github": {"function": "github", "repository": "example-org/flight-delays"},
    },
    "environment": {
        "name": "dev",
        "rank": 0,
        "serves": False,
        "settings": {"platform": {"function": "local"}},
    },
    "metrics": [],
}

STAGES = [flights, delay, delay_gate, api, live]

# what does the work of each kind of stage; other kinds are not run here
FUNCTIONS = {
    "data": "mlopsc.stdlib.runtime.data:run",
    "test": "mlopsc.stdlib.runtime.test:run",
    "train": "mlopsc.stdlib.runtime.train:run",
}


if __name__ == "__main__":
    main(__file__, PIPELINE, STAGES, FUNCTIONS)
