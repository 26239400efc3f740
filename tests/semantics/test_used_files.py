"""Programs of several files: names brought in flat and under a prefix."""

from __future__ import annotations

from semantic_projects import STAGES, described, model_of

SHARED = """
limit    = 45
analysts = group(github = "@example-org/analysts")

train base {
  abstract = true
  data     = rides
}
""" + STAGES["rides"]

MAIN = """
pipeline example {}
environment dev { access = [read(analysts)] }
train demand {
  extends   = base
  estimator = sklearn("linear_model.Ridge")
}
test gate {
  model = demand
  require mae(test) <= limit
}
"""


def test_a_file_is_brought_in_flat() -> None:
    model = model_of(f'use "shared.mlops"\n{MAIN}', {"shared.mlops": SHARED})
    assert not model.diagnostics, described(list(model.diagnostics))
    assert list(model.environments["dev"].stages) == ["rides", "demand", "gate"]
    assert model.environments["dev"].stages["rides"].at.file.path == "shared.mlops"


def test_a_file_is_brought_in_under_a_prefix() -> None:
    main = MAIN.replace("= base", "= shared.base").replace("<= limit", "<= shared.limit")
    main = main.replace("read(analysts)", "read(shared.analysts)")
    model = model_of(f'use "shared.mlops" as shared\n{main}', {"shared.mlops": SHARED})
    assert not model.diagnostics, described(list(model.diagnostics))
    demand = model.environments["dev"].stages["demand"]
    assert demand.value("data") == "shared.rides", "names of a file mean what they mean there"
    assert list(model.environments["dev"].stages) == ["shared.rides", "demand", "gate"]
    assert set(model.constants) == {"shared.limit", "shared.analysts"}


def test_without_the_prefix_nothing_is_found() -> None:
    model = model_of(f'use "shared.mlops" as shared\n{MAIN}', {"shared.mlops": SHARED})
    assert {(found.code.id, found.location.text) for found in model.diagnostics} == {
        ("E208", "analysts"),
        ("E235", "base"),
    }


def test_mistakes_are_told_in_the_file_that_has_them() -> None:
    shared = SHARED.replace("csv(", "cvs(")
    (found,) = model_of(f'use "shared.mlops"\n{MAIN}', {"shared.mlops": shared}).diagnostics
    assert (found.location.file.path, found.code.id) == ("shared.mlops", "E215")


def test_a_name_in_two_files_cites_both() -> None:
    main = MAIN + "limit = 50\n"
    (found,) = model_of(f'use "shared.mlops"\n{main}', {"shared.mlops": SHARED}).diagnostics
    assert found.code.id == "E220"
    assert {found.location.file.path, found.related[0].location.file.path} == {"main.mlops", "shared.mlops"}


def test_files_may_use_a_third_one_together() -> None:
    files = {"a.mlops": 'use "shared.mlops"\nlow = limit / 2\n', "shared.mlops": SHARED}
    model = model_of(f'use "a.mlops"\nuse "shared.mlops"\nhigh = low * 4\n{MAIN}', files)
    assert not model.diagnostics, described(list(model.diagnostics))
    assert model.constants["high"].value == 90


def test_prefixes_are_told_apart() -> None:
    files = {"a.mlops": "x = 1\n", "b.mlops": "x = 2\n"}
    model = model_of('use "a.mlops" as one\nuse "b.mlops" as two\ny = one.x + two.x\n', files)
    assert model.constants["y"].value == 3
    clash = model_of('use "a.mlops" as one\nuse "b.mlops" as one\n', files)
    assert [found.code.id for found in clash.diagnostics] == ["E220"]


def test_a_library_alone_needs_no_pipeline() -> None:
    assert not model_of("limit = 45\n").diagnostics
