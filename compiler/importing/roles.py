"""Which stage a step becomes, told by what it makes and reads, then by its name and its program's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from mlopsc.compiler.importing.model import ImportProblem, Role, Step, Tried

_WORDS: Sequence[tuple[Role, frozenset[str]]] = (
    (
        "data",
        frozenset(
            {"split", "prepare", "prep", "preparation", "preprocess", "preprocessing", "load", "loading", "ingest"}
            | {"ingestion", "download", "extract", "extraction", "clean", "cleaning", "fetch", "export", "convert"}
            | {"featurize", "featurization", "transform", "transformation"}
        ),
    ),
    (
        "release",
        frozenset({"deploy", "deployment", "release", "serve", "register", "registration", "publish", "promote"}),
    ),
    ("monitor", frozenset({"monitor", "monitoring", "drift", "watch"})),
    ("test", frozenset({"evaluate", "evaluation", "eval", "test", "judge", "gate", "validate", "validation"})),
    ("train", frozenset({"train", "trainer", "training", "fit", "tune", "tuning", "finetune", "learn", "sweep"})),
    ("score", frozenset({"predict", "score", "scoring", "inference", "infer", "batch"})),
)
"""Words of names, those that decide first come first: `train_test_split` is about data."""

_ROWS = frozenset({"data", "dataset", "datasets", "features", "manifest", "rows", "samples", "set", "sets", "table"})
"""Words of what is made: `build_training_set` is about data, too."""

_MODELS = (".pkl", ".joblib", ".pickle", ".skops", ".onnx", ".h5", ".keras", ".pt", ".pth", ".cbm", ".ubj")


MOST_STEPS = 1_000
"""How many steps are imported: a spec of more stages is nothing that a person could go through."""


def in_order(steps: Sequence[Step]) -> list[Step]:
    """The steps so that each comes after those it reads; raises ImportProblem where they go round in a circle."""
    if len(steps) > MOST_STEPS:
        fact = f"`{steps[0].place.path}` has {len(steps):,} steps"
        raise ImportProblem(fact, f"import a part of it: a file with {MOST_STEPS:,} steps at most")
    by_name = {step.name: step for step in steps}
    graph = {step.name: [name for name in step.reads if name in by_name] for step in steps}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        names = " → ".join(f"`{name}`" for name in circle)
        fact = f"`{by_name[circle[0]].place}`: these steps wait for each other: {names}"
        raise ImportProblem(fact, "take one of these dependencies away, then import again") from error


def roles_of(steps: Sequence[Step]) -> Mapping[str, Role]:
    """The role of each step that has one; `steps` are in order."""
    found: dict[str, Role] = {}
    for step in steps:
        role = _role(step, [found[name] for name in step.reads if name in found])
        if role is not None:
            found[step.name] = role
    trained = any(role == "train" for role in found.values())
    below = _below(steps, {name for name, role in found.items() if role == "train"})
    for step in steps:
        if step.name not in found and (step.name in below or not trained):
            found[step.name] = "data"
        elif trained and found.get(step.name) == "data" and step.name not in below:
            found[step.name] = _after_all(step)
    return found


def _after_all(step: Step) -> Role:
    """The role of a step that no training reads, though it names no model that it reads."""
    said = _said(step)
    return said if said in ("test", "score") else "data"


def _role(step: Step, above: Sequence[Role]) -> Role | None:
    if step.watching is not None:
        return "monitor"
    tries = step.candidates or any(isinstance(one, Tried) for one in step.parameters.values())
    if tries and (step.metrics or step.makes_model) and _said(step) not in ("data", "test", "score"):
        return "train"
    after_model = "train" in above or "test" in above
    if not after_model and (step.makes_model or any(out.lower().endswith(_MODELS) for out in step.outputs)):
        said = _said(step)
        return "data" if said == "data" and not step.makes_model else "train"
    said = _said(step)
    if said == "train" and _is_of_rows(step):
        return "data"
    if said in ("test", "score") and not after_model:
        return "data"
    if said is None and after_model and step.metrics:
        return "test"
    return said


def _said(step: Step) -> Role | None:
    """What its name says or, if that says nothing, the names of its function and its program."""
    for words in _words(step):
        role = next((role for role, known in _WORDS if words & known), None)
        if role is not None:
            return role
    return None


def _is_of_rows(step: Step) -> bool:
    """Whether its own name says that it makes rows."""
    return bool(next(_words(step)) & _ROWS)


def _words(step: Step) -> Iterator[set[str]]:
    """The words of its name, of its function's and of its program's."""
    code = step.code
    stem = code.path.rpartition("/")[2].removesuffix(".py") if code else ""
    name = re.split(r"[/.]", step.name.partition("@")[0])[-1]
    for text in (name, code.function if code else "", stem):
        yield set(re.split(r"[\W_\d]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()))


def _below(steps: Sequence[Step], wanted: set[str]) -> set[str]:
    """The names of all steps that the wanted ones read, directly or not."""
    found: set[str] = set()
    for step in reversed(steps):
        if step.name in wanted or step.name in found:
            found.update(step.reads)
    return found
