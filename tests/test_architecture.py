"""The shape of the program: what may import what, how long things are, and what a check must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
ROOTS = ("compiler", "grammar", "stdlib", "targets")

FLOORS: tuple[tuple[str, ...], ...] = (
    ("grammar", "compiler.records", "compiler.python_modules"),
    ("compiler.text", "compiler.render.cells", "compiler.render.style"),
    ("compiler.diagnostics",),
    ("compiler.messages", "compiler.workspace"),
    ("compiler.syntax",),
    ("compiler.schema",),
    ("compiler.semantics", "stdlib"),
    ("compiler.ir", "compiler.lint", "stdlib.runtime.service.metrics_names"),
    ("targets", "stdlib.runtime"),
    ("compiler.program", "compiler.internal"),
    ("compiler.compilation",),
    ("compiler.fixes", "compiler.catalogue", "compiler.scaffold"),
    ("compiler.render", "compiler.importing"),
    ("compiler.lsp",),
    ("compiler.playground",),
    ("compiler.cli",),
)
"""Parts of the program, the lowest first. A part imports from floors below its own, and from itself."""

LONGEST_FILE = 420
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 12
HEAVY = ("pandas", "numpy", "sklearn", "scipy", "mlflow", "networkx", "cdktn", "pyarrow", "pandera", "fsspec")


@dataclass(frozen=True)
class Module:
    """A module of the program; `name` is without `mlopsc.`."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def imports(self) -> Iterator[str]:
        """The modules of the program that it imports, wherever the import stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        yield from (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(path for root in ROOTS for path in (ROOT / root).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(name, path, ast.parse(path.read_text("utf-8"))))
    return tuple(found)


def floor_of(module: str) -> tuple[int, str] | None:
    """The number of a module's floor, and the part of the program that it belongs to."""
    parts = [(number, part) for number, floor in enumerate(FLOORS) for part in floor]
    fitting = [(number, part) for number, part in parts if module == part or module.startswith(f"{part}.")]
    return max(fitting, key=lambda one: len(one[1]), default=None)


def upward_imports(found: tuple[Module, ...]) -> list[str]:
    """`importer -> imported` for each import that does not lead to a lower floor, or to a part of its own."""
    wrong = []
    for module in found:
        here = floor_of(module.name)
        for imported in module.imports:
            there = floor_of(imported.removeprefix("mlopsc.")) if imported.startswith("mlopsc.") else None
            if here and there and here[1] != there[1] and here[0] <= there[0]:
                wrong.append(f"{module.name} -> {imported}")
    return sorted(set(wrong))


def test_every_module_has_a_floor() -> None:
    roots = {"compiler", "compiler.__init__"}
    assert [module.name for module in modules() if floor_of(module.name) is None and module.name not in roots] == []


def test_imports_go_down() -> None:
    assert upward_imports(modules()) == []


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("compiler.semantics.names", "from mlopsc.stdlib import registry"),
        ("compiler.syntax.parser", "import mlopsc.compiler.schema.registry"),
        ("stdlib.data", "def f() -> None:\n    from mlopsc.compiler.ir.model import Pipeline"),
        ("compiler.compilation", "from mlopsc.compiler.cli import main"),
        ("stdlib.runtime.script", "from mlopsc.targets import Build"),
    ],
)
def test_an_import_that_goes_up_is_found(importer: str, line: str) -> None:
    assert len(upward_imports((Module(importer, Path(), ast.parse(line)),))) == 1


def test_the_program_imports_itself_by_its_full_name() -> None:
    bare = [f"{module.name}: {name}" for module in modules() for name in module.imports if name.split(".")[0] in ROOTS]
    assert bare == []


def test_every_package_is_shipped() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    listed = set(configuration["tool"]["setuptools"]["packages"])
    there = {f"mlopsc.{module.name}" for module in modules() if module.path.name == "__init__.py"}
    assert there == listed


def test_every_folder_with_code_is_a_package() -> None:
    without = {str(module.path.parent) for module in modules() if not (module.path.parent / "__init__.py").exists()}
    assert without == set()


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function, without its docstring."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_functions_are_short() -> None:
    lengths = {f"{module.name}.{one.name}": lines_of(one) for module in modules() for one in module.functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    assert median(lengths.values()) <= MEDIAN_FUNCTION


def test_files_are_short() -> None:
    lengths = {module.name: len(module.path.read_text("utf-8").splitlines()) for module in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_function_says_what_it_returns() -> None:
    silent = [f"{module.name}.{one.name}" for module in modules() for one in module.functions if one.returns is None]
    assert silent == []


def loaded_by(*command: str, folder: Path) -> set[str]:
    """The top-level packages that a command of the program imports, in a process of its own."""
    script = (
        "import sys\n"
        "from mlopsc.compiler.cli.main import run\n"
        f"code = run({list(command)!r})\n"
        "sys.stderr.write('\\nloaded: ' + ' '.join(sorted({name.split('.')[0] for name in sys.modules})))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stderr.rpartition("loaded: ")[2].split())


@pytest.mark.parametrize("command", [["check"], ["fmt", "--check"]])
def test_checking_and_formatting_load_nothing_heavy(command: list[str]) -> None:
    loaded = loaded_by(*command, folder=ROOT / "examples" / "bike-demand")
    assert {"mlopsc", "click"} <= loaded
    assert loaded.intersection({*HEAVY, "jinja2", "pydantic", "rich"}) == set()


def loaded_after(script: str) -> set[str]:
    """The top-level packages that are there when a script has run in a process of its own."""
    command = [sys.executable, "-c", f"{script}; import sys; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_declarations_load_nothing_heavy() -> None:
    loaded = loaded_after("from mlopsc.stdlib import registry; registry()")
    assert loaded.intersection({*HEAVY, "pydantic", "lark", "jinja2"}) == set()


def test_a_look_that_asks_no_model_loads_no_scikit_learn() -> None:
    modules = ", ".join(f"mlopsc.stdlib.runtime.monitor.{name}" for name in ("look", "uptime", "freshness", "actions"))
    loaded = loaded_after(f"import {modules}")
    assert "pandas" in loaded
    assert loaded.isdisjoint({"sklearn", "scipy"})
