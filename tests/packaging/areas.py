"""Which extras each part of the program may use; run as a program, it imports all that an installation must be able to.

`python areas.py` imports the modules that need no extra, `python areas.py run dask` also those that need these.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOTS = ("compiler", "grammar", "stdlib", "targets")

EXTRAS: dict[str, frozenset[str]] = {
    "stdlib.runtime": frozenset({"run"}),
    "stdlib.runtime.serve": frozenset({"run", "serve"}),
    **dict.fromkeys(
        (f"stdlib.runtime.monitor.{name}" for name in ("alibi", "alibi_online")), frozenset({"run", "alibi"})
    ),
    "stdlib.runtime.engine.cluster": frozenset({"run", "dask"}),
    "stdlib.runtime.jobs.ecs": frozenset({"run", "aws"}),
    "compiler.lsp": frozenset({"editor"}),
    "compiler.playground": frozenset({"editor"}),
    "grammar.editors.lexer": frozenset({"highlight"}),
    "targets.terraform.writer": frozenset({"terraform"}),
    **dict.fromkeys(("compiler.cli.bar", "compiler.cli.progress"), frozenset({"run"})),
    **dict.fromkeys((f"compiler.scaffold.{name}" for name in ("columns", "leaks", "profile")), frozenset({"run"})),
}
"""The extras of each part that has any; a part below another one says all that it may use."""


def modules() -> dict[str, Path]:
    """The modules of the program by name, without `mlopsc.`."""
    paths = sorted(path for root in ROOTS for path in (ROOT / root).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def extras_of(module: str) -> frozenset[str]:
    """The extras that a module may use."""
    parts = [part for part in EXTRAS if module == part or module.startswith(f"{part}.")]
    return EXTRAS[max(parts, key=len)] if parts else frozenset()


def main(extras: list[str]) -> int:
    """Import each module that needs no other extras than these, and say how many there were."""
    names = [name for name in modules() if extras_of(name) <= set(extras) and not name.endswith("__main__")]
    for name in names:
        import_module(f"mlopsc.{name}")
    print(f"imported {len(names)} modules")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
