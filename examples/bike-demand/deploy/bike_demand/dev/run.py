"""Runs the pipeline `bike_demand` in `dev`.

Made from pipeline.mlops by `mlopsc build`: change the spec and build again.

    python deploy/bike_demand/dev/run.py [STAGE ...] [-j N] [--force STAGE] [--json]
"""

from mlopsc.stdlib.runtime.script import main


def rides() -> dict[str, object]:
    """Stage `rides` of kind `data`; it reads checks.py, data/bikeshare.csv, prep.py."""
    return {
        "name": "rides",
        "kind": "data",
        "settings": {
            "source": {"function": "csv", "path": "data/bikeshare.csv"},
            "transform": {"function": "python", "name": "prep.py:add_timestamp"},
            "time": "at",
            "unit": {"function": "block", "length": "7d"},
            "target": "bikers",
            "outcome": "independent",
            "split": {
                "function": "by_time",
                "train": 0.7,
                "validation": 0.1,
                "test": 0.2,
                "gap": "1d",
            },
        },
        "columns": [
            {"name": "at", "type": {"function": "timestamp"}},
            {
                "name": "hr",
                "type": {"function": "int"},
                "low": 0.0,
                "high": 23.0,
                "role": "calendar",
            },
            {"name": "workingday", "type": {"function": "bool"}},
            {"name": "weathersit", "type": {"function": "category"}, "missing": 0.01},
            {"name": "temp", "type": {"function": "float"}, "low": 0.0, "high": 1.0},
            {"name": "hum", "type": {"function": "float"}, "low": 0.0, "high": 1.0},
            {"name": "casual", "type": {"function": "int"}, "role": "leak"},
            {"name": "registered", "type": {"function": "int"}, "role": "leak"},
            {"name": "bikers", "type": {"function": "int"}, "low": 0.0},
        ],
        "rules": [
            {
                "id": "check rows",
                "verb": "check",
                "text": "check rows >= 5_000",
                "subject": {"function": "rows"},
                "comparisons": [{"operator": ">=", "limit": {"offset": 5000.0}}],
            },
            {
                "id": "check unique(at)",
                "verb": "check",
                "text": "check unique(at)",
                "subject": {"function": "unique", "columns": ["at"]},
            },
            {
                "id": 'check python("checks.py:riders_add_up")',
                "verb": "check",
                "text": 'check python("checks.py:riders_add_up")',
                "subject": {"function": "python", "name": "checks.py:riders_add_up"},
            },
        ],
        "inputs": [],
        "files": ["checks.py", "data/bikeshare.csv", "prep.py"],
    }


def demand() -> dict[str, object]:
    """Stage `demand` of kind `train`; it reads features.py."""
    return {
        "name": "demand",
        "kind": "train",
        "settings": {
            "data": "rides",
            "features": {"function": "python", "name": "features.py:Calendar"},
            "estimator": {
                "function": "sklearn",
                "name": "ensemble.HistGradientBoostingRegressor",
                "parameters": {"random_state": 7},
            },
            "search": {
                "function": "grid",
                "parameters": {"max_depth": [4, 6, 8], "learning_rate": [0.05, 0.1]},
            },
            "refit": "all",
        },
        "rules": [
            {
                "id": "minimize mae(validation)",
                "verb": "minimize",
                "text": "minimize mae(validation)",
                "subject": {"function": "mae", "on": "validation"},
            },
        ],
        "inputs": ["rides"],
        "files": ["features.py"],
    }


def demand_gate() -> dict[str, object]:
    """Stage `demand_gate` of kind `test`; it reads tests/."""
    return {
        "name": "demand_gate",
        "kind": "test",
        "settings": {"model": "demand"},
        "rules": [
            {
                "id": 'require pytest("tests/")',
                "verb": "require",
                "text": 'require pytest("tests/")',
                "subject": {"function": "pytest", "path": "tests/"},
            },
            {
                "id": "require mae(test)",
                "verb": "require",
                "text": "require mae(test) <= 45 at 95% assuming 33",
                "subject": {"function": "mae", "on": "test"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 45.0}}],
                "clauses": {"at": 0.95, "assuming": 33.0},
            },
            {
                "id": "require mae(test) <= naive",
                "verb": "require",
                "text": "require mae(test) <= naive(168h) * 90% at 95%",
                "subject": {"function": "mae", "on": "test"},
                "comparisons": [
                    {
                        "operator": "<=",
                        "limit": {
                            "baseline": {"function": "naive", "lag": "7d"},
                            "factor": 0.9,
                        },
                    },
                ],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require mae(test) <= champion",
                "verb": "require",
                "text": "require mae(test) <= champion + 5% at 95%",
                "subject": {"function": "mae", "on": "test"},
                "comparisons": [
                    {
                        "operator": "<=",
                        "limit": {"baseline": "champion", "factor": 1.05},
                    },
                ],
                "clauses": {"at": 0.95},
            },
            {
                "id": "require mae(test) by workingday",
                "verb": "require",
                "text": "require mae(test) <= 75 at 95% by workingday",
                "subject": {"function": "mae", "on": "test"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 75.0}}],
                "clauses": {"at": 0.95, "by": "workingday"},
            },
            {
                "id": "require latency(p95)",
                "verb": "require",
                "text": "require latency(p95) <= 20ms",
                "subject": {"function": "latency", "percentile": "p95"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 0.02}}],
            },
        ],
        "inputs": ["demand", "rides"],
        "files": ["tests/"],
    }


def api() -> dict[str, object]:
    """Stage `api` of kind `release`: declared, not run here."""
    return {
        "name": "api",
        "kind": "release",
        "settings": {
            "model": "demand",
            "gate": "demand_gate",
            "strategy": {
                "function": "canary",
                "steps": [0.05, 0.25, 1.0],
                "every": "14d",
            },
        },
        "rules": [
            {
                "id": "require mae(feedback) <= champion",
                "verb": "require",
                "text": "require mae(feedback) <= champion + 5% at 95% within 28d",
                "subject": {"function": "mae", "on": "feedback"},
                "comparisons": [
                    {
                        "operator": "<=",
                        "limit": {"baseline": "champion", "factor": 1.05},
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
        "inputs": ["demand", "demand_gate"],
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
                "id": "watch mae(feedback)",
                "verb": "watch",
                "text": "watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d",
                "subject": {"function": "mae", "on": "feedback"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 45.0}}],
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
                "id": "watch age(rides)",
                "verb": "watch",
                "text": "watch age(rides) <= 2d",
                "subject": {"function": "age", "data": "rides"},
                "comparisons": [{"operator": "<=", "limit": {"offset": 172800.0}}],
            },
            {
                "id": "on drift",
                "verb": "on",
                "text": 'on drift do notify("ml-oncall@example.com")',
                "events": ["drift"],
                "clauses": {
                    "do": [{"function": "notify", "to": "ml-oncall@example.com"}],
                },
            },
            {
                "id": "on quality",
                "verb": "on",
                "text": "on quality do retrain(demand, refresh = rides, cooldown = 7d, limit = 4 / 30d)",
                "events": ["quality"],
                "clauses": {
                    "do": [
                        {
                            "function": "retrain",
                            "stage": "demand",
                            "refresh": "rides",
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
    "name": "bike_demand",
    "language": 1,
    "settings": {
        "owner": "mobility-ml@example.com",
        "github": {"function": "github", "repository": "example-org/bike-demand"},
    },
    "environment": {
        "name": "dev",
        "rank": 0,
        "serves": False,
        "settings": {"platform": {"function": "local"}},
    },
    "metrics": [],
}

STAGES = [rides, demand, demand_gate, api, live]

# what does the work of each kind of stage; other kinds are not run here
FUNCTIONS = {
    "data": "mlopsc.stdlib.runtime.data:run",
    "test": "mlopsc.stdlib.runtime.test:run",
    "train": "mlopsc.stdlib.runtime.train:run",
}


if __name__ == "__main__":
    main(__file__, PIPELINE, STAGES, FUNCTIONS)
