"""Stages as they are in each environment, and how often each is checked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from semantic_projects import STAGES, completed, model_of

from mlopsc.compiler.semantics import memory
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.semantics.scopes import Program
from mlopsc.compiler.semantics.stages import check_stage
from mlopsc.compiler.semantics.views import Checked

SPEC = completed(
    """
environment dev {
  override gate {
    max_looks = 2
    waive mae(test) because "a sample of the rows"
    require rmse(test) <= 100
  }
  override rides {
    split = by_time(train = 60%, validation = 20%, test = 20%)
    schema { hum: float in 0..1 }
  }
}

environment stage { follows = dev }
environment prod {
  follows = stage
  override gate { require mae(test) <= 40 at 99% }
}

monitor live {
  release = api
  watch stable(features) over 7d
}
"""
)


@pytest.fixture(scope="module")
def model() -> SemanticModel:
    found = model_of(SPEC)
    assert not found.diagnostics
    return found


def test_environments_stand_in_the_order_of_follows(model: SemanticModel) -> None:
    assert [(name, one.rank) for name, one in model.environments.items()] == [("dev", 0), ("stage", 1), ("prod", 2)]


def test_an_override_replaces_adds_and_takes_away(model: SemanticModel) -> None:
    dev, stage, prod = (model.environments[name].stages["gate"] for name in ("dev", "stage", "prod"))
    assert dev.value("max_looks") == 2
    assert stage.value("max_looks") is None
    assert [rule.id for rule in dev.rules] == ["require rmse(test)"]
    assert [(one.rule, one.reason) for one in dev.waived] == [("require mae(test)", "a sample of the rows")]
    assert [rule.clauses for rule in prod.rules] == [{"at": 0.99}]
    assert prod.rules[0].comparisons[0].limit.offset == 40
    assert not stage.waived


def test_a_block_in_an_override_merges(model: SemanticModel) -> None:
    dev, prod = (model.environments[name].stages["rides"] for name in ("dev", "prod"))
    assert dev.column("hum") is not None
    assert prod.column("hum") is None
    assert dev.column("bikers") == prod.column("bikers")
    assert dev.value("split") == {"function": "by_time", "train": 0.6, "validation": 0.2, "test": 0.2}
    assert list(dev.overridden) == ["split"]
    assert not prod.overridden


def test_stages_come_after_what_they_read(model: SemanticModel) -> None:
    for environment in model.environments.values():
        order = list(environment.stages)
        for stage in environment.stages.values():
            assert all(order.index(name) < order.index(stage.name) for name in stage.inputs)
    assert model.environments["dev"].stages["gate"].inputs == ("demand", "rides")
    assert model.environments["dev"].stages["api"].inputs == ("demand", "gate")


def test_a_stage_that_is_the_same_everywhere_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def counted(program: Program, merged: Merged, others: Mapping[str, Checked]) -> Checked:
        checked.append(merged.name)
        return check_stage(program, merged, others)

    monkeypatch.setattr(memory, "check_stage", counted)
    model_of(SPEC)
    assert checked.count("rides") == 2, "as it is, and as in `dev`"
    assert checked.count("gate") == 3, "over other rows in `dev`, as it is in `stage`, stricter in `prod`"
    chain = "".join(f"environment e{n} {{}}\n" for n in range(5))
    checked.clear()
    model_of("pipeline p {}\n" + chain + "".join(STAGES.values()))
    assert sorted(checked) == sorted(STAGES)


def test_a_program_without_environments_has_one() -> None:
    (environment,) = model_of(completed(STAGES["rides"])).environments.values()
    assert (environment.name, environment.rank, environment.is_implied) == ("local", 0, True)


def test_templates_are_no_stages() -> None:
    model = model_of(completed("train base {\n  abstract = true\n  data = rides\n}\n"))
    assert not model.diagnostics
    assert list(model.environments["local"].stages) == ["rides"]
