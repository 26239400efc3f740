"""What follows when a counted gate opens: the model becomes a version, which later models are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mlopsc.stdlib.runtime.commit import read_commit
from mlopsc.stdlib.runtime.engine.versions import register
from mlopsc.stdlib.runtime.model.artefact import load_model, save_model
from mlopsc.stdlib.runtime.model.fitting import fit
from mlopsc.stdlib.runtime.model.parity import check_parity
from mlopsc.stdlib.runtime.test.gate import Gate
from mlopsc.stdlib.runtime.test.results import RuleResult
from mlopsc.stdlib.runtime.test.seen import types_of
from mlopsc.stdlib.runtime.train.declared import make_recipe


def refit_on_all(gate: Gate) -> Path | None:
    """Where `refit = all` asks for it, the gated recipe fitted on all splits, as an artefact; else None."""
    if gate.train_settings.refit != "all":
        return None
    facts = gate.train.facts
    recipe = make_recipe(gate.context, gate.train_settings, facts["parameters"], facts["seed"])
    rows = gate.rows_of(*gate.table.splits)
    model = fit(recipe, rows)
    path = gate.context.scratch / "model.zip"
    save_model(model, path)
    check_parity(model, load_model(path), rows.frame)
    return path


def register_version(gate: Gate, results: Sequence[RuleResult], refitted: Path | None) -> int:
    """Add the model to the versions of its train stage; the number it has, also if it was there already."""
    store, train = gate.context.store, gate.train
    model = store.put_object(refitted) if refitted else train.outputs["model"]
    artefact = load_model(store.local_path(model))
    data = gate.context.inputs[gate.train_settings.data]
    seen = ("train", "validation", "test") if refitted else ("train", "validation")
    hashes = np.unique(gate.rows_of(*(name for name in seen if name in gate.table.splits)).hashes)
    return register(
        store,
        gate.train_name,
        train.key,
        {
            "model": model,
            "judged_model": train.outputs["model"],
            "seen": store.put_object(hashes.astype("<u8").tobytes()),
            "seen_rows": int(hashes.size),
            "columns": types_of(gate.table),
            "data": {"stage": data.stage, "hash": data.facts.get("hash"), **data.outputs},
            "code": dict(artefact.code.digests),
            "environment": dict(artefact.environment),
            "lock": train.parts.get("dependencies"),
            "lock_text": gate.lock_text,
            "train": dict(gate.train_declaration),
            "commit": read_commit(gate.context.project),
            "parameters": train.facts["parameters"],
            "seed": train.facts["seed"],
            "scores": train.facts["scores"],
            "test": gate.context.name,
            "test_key": gate.context.key,
            "test_rows": gate.test_rows,
            "gate": [_whole(one) for one in results],
        },
    )


def _whole(result: RuleResult) -> dict[str, Any]:
    """A verdict with all that it rests on, also what the report hides or only people read."""
    return {
        **replace(result, judgements=result.evidence or result.judgements).facts(),
        "measured": dict(result.measured),
    }
