"""Nobody installs what they do not use: each part of the program imports what its extras bring, and nothing else."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from areas import EXTRAS, ROOT, extras_of, modules
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from requirements import CORE, PYPROJECT, extras, lowest, requirements

from mlopsc.stdlib.runtime.extras import EXTRAS as NEEDED

PART_OF = {"pydantic-core": "pydantic"}
"""Packages that another one brings in exactly one version."""

BEHIND = {
    "sqlalchemy": "MLflow keeps its records in SQLite with it, and its small package does not ask for it",
    "alembic": "MLflow creates and migrates these records with it, as above",
}
"""Packages of the core and of [run] that only other packages import, and why."""

ELSEWHERE = {"alibi_detect": ["alibi-detect"], "tf": ["tf"]}
"""Modules and their packages that have an environment of their own (`make alibi`, `make stubs`)."""

DATED = re.compile(r"20\d\d\.")


@cache
def owners() -> Mapping[str, frozenset[str]]:
    """The installed packages that bring each module, or that bring what brings it."""
    brought = {**ELSEWHERE, **packages_distributions()}
    found = {module: {canonicalize_name(name) for name in names} for module, names in brought.items()}
    return {module: frozenset(PART_OF.get(name, name) for name in names) for module, names in found.items()}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(tree: ast.AST) -> Iterator[str]:
    """The top-level modules that a program imports when it runs."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import():
                yield from (alias.name.partition(".")[0] for alias in node.names)
            case ast.ImportFrom(level=0, module=str(name)):
                yield name.partition(".")[0]
            case _ if not is_for_types(node):
                yield from imported(node)


def third_party(source: str, own: frozenset[str] = frozenset()) -> set[str]:
    """The imported modules that are not Python's, not the program's and not `own`."""
    return set(imported(ast.parse(source))) - sys.stdlib_module_names - {"mlopsc"} - own


def names_of(*wanted: str) -> set[str]:
    return {canonicalize_name(one.name) for extra in wanted for one in requirements(extra)}


def unlisted(module: str, source: str) -> list[str]:
    """What a module imports that neither the core nor its extras list."""
    listed = names_of(CORE, *extras_of(module))
    return sorted(name for name in third_party(source) if not owners().get(name, frozenset()) & listed)


def test_modules_import_what_their_extras_list() -> None:
    found = {name: unlisted(name, path.read_text("utf-8")) for name, path in modules().items()}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("compiler.semantics.names", "def f() -> None:\n    import numpy.linalg", ["numpy"]),
        ("stdlib.data", "from pandas import DataFrame", ["pandas"]),
        ("stdlib.runtime.store.local", "try:\n    import distributed\nexcept ImportError:\n    pass", ["distributed"]),
        ("stdlib.runtime.data.stage", "import pandas, nowhere_installed", ["nowhere_installed"]),
        ("compiler.cli.check", "from rich import print", ["rich"]),
        ("stdlib.runtime.engine.cluster", "import distributed, numpy, lark", []),
        ("compiler.schema.values", "import pydantic_core\nif TYPE_CHECKING:\n    import pandas", []),
    ],
)
def test_an_import_of_what_is_not_listed_is_found(module: str, source: str, expected: list[str]) -> None:
    assert unlisted(module, source) == expected


def sources(*folders: str) -> dict[Path, str]:
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if "golden" not in path.parent.parts]
    return {path: path.read_text("utf-8") for path in paths}


def test_tests_and_examples_import_what_dev_lists() -> None:
    """What `tests/bench/peers` holds is run by the Python of a peer."""
    found = {path: text for path, text in sources("tests", "examples").items() if path.parent.name != "peers"}
    own = frozenset(part for path in found for part in (path.stem, path.parent.name))
    listed = names_of(CORE, "dev") | {"tf"}
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, source in found.items()
        for name in third_party(source, own)
        if not owners().get(name, frozenset()) & listed
    }
    assert wrong == set()


def used_by(extra: str) -> set[str]:
    """The packages that the parts which may use an extra import."""
    mine = [path for name, path in modules().items() if extra == CORE or extra in extras_of(name)]
    names = {name for path in mine for name in third_party(path.read_text("utf-8"))}
    return {owner for name in names for owner in owners()[name]}


@pytest.mark.parametrize("extra", [CORE, "run", "dask"])
def test_what_is_listed_is_imported(extra: str) -> None:
    assert names_of(extra) - used_by(extra) - set(BEHIND) == set()


def test_parts_that_have_extras_exist_and_use_them() -> None:
    found = modules()
    idle = {
        part
        for part in EXTRAS
        if not any(
            owners()[name] & names_of(*extras_of(module))
            for module, path in found.items()
            if module == part or module.startswith(f"{part}.")
            for name in third_party(path.read_text("utf-8"))
        )
    }
    assert idle == set()


def test_commands_look_for_all_that_run_brings() -> None:
    brought = {PART_OF.get(name, name) for module in NEEDED["run"] for name in owners()[module]}
    assert brought == names_of("run")


@pytest.mark.parametrize("extra", [CORE, *extras()])
def test_every_requirement_has_bounds(extra: str) -> None:
    for one in requirements(extra):
        assert lowest(one), one
        capped = {"<", "=="} & {specifier.operator for specifier in one.specifier}
        assert capped or DATED.match(lowest(one)) or extra == "dev", f"{one} has no upper bound and no date"


def test_every_requirement_says_why() -> None:
    """On its own line, or above an extra that is a single one."""
    lines = PYPROJECT.read_text("utf-8").split("\n")
    begin = lines.index("dependencies = [")
    end = next(number for number, line in enumerate(lines) if line.startswith("[project.scripts]"))
    silent = [line for line in lines[begin:end] if re.match(r'    "(?!mlopsc\[)', line) and "  # " not in line]
    assert silent == []
    headers = [number for number in range(begin, end) if re.match(r"[a-z]+ = \[", lines[number])]
    assert [lines[number] for number in headers if not lines[number - 1].startswith("# ")] == []


ALIBI = ("numpy==1.26.4", "pandas==2.3.3", "pyarrow==25.0.1", "scikit-learn==1.7.2", "scipy==1.15.3")
"""Versions that alibi-detect 0.13.0 admits, the newest of numpy, pandas and pyarrow among them."""


@pytest.mark.parametrize("pin", ALIBI)
def test_the_other_bounds_admit_what_alibi_detect_needs(pin: str) -> None:
    wanted = Requirement(pin)
    (version,) = [specifier.version for specifier in wanted.specifier]
    bounds = [one for extra in (CORE, "run", "alibi") for one in requirements(extra) if one.name == wanted.name]
    assert bounds
    assert all(one.specifier.contains(version) for one in bounds)


def test_the_detectors_that_need_numpy_1_do_not_get_a_pyarrow_that_refuses_it() -> None:
    (pyarrow,) = [one for one in requirements("alibi") if one.name == "pyarrow"]
    assert not pyarrow.specifier.contains("26.0.0")
