"""Compiling for commands that need a spec without errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import Spec

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.diagnostics import Diagnostic
    from mlopsc.compiler.workspace import Workspace
    from mlopsc.targets import OutputFile

RUNNING = ("local", "prometheus")
"""What running needs: the runner, and alert rules where there is a service. A machine that only runs has no more."""
DEFAULT_TARGETS = (*RUNNING, "terraform", "image", "github")
"""What a spec is written as unless told otherwise."""
INTERNAL = "E000"
"""The code of the message about a mistake of the compiler itself."""


def compile_sound(spec: Spec, targets: Sequence[str] = (), workspace: Workspace | None = None) -> Compilation:
    """The compilation of a spec; where it has errors, they are shown and CommandFailure is raised.

    With `targets`, what these cannot express counts too. The project is read through `workspace`, if one is given.
    """
    compilation = spec.compile(workspace)
    refuse_errors(spec, compilation.diagnostics_for(targets) if targets else compilation.diagnostics)
    return compilation


def emit_sound(spec: Spec, compilation: Compilation, targets: Sequence[str]) -> list[OutputFile]:
    """The files of all environments; raises CommandFailure when there is something that cannot be written."""
    files = compilation.emit(targets)
    refuse_errors(spec, compilation.diagnostics_for(targets))
    return files


def refuse_errors(spec: Spec, found: Sequence[Diagnostic]) -> None:
    """Show the errors among findings on stderr and raise CommandFailure, if there are any."""
    errors = [one for one in found if one.is_error]
    if not errors:
        return
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.text import render_text

    sys.stderr.write(render_text(errors, style_of(sys.stderr), spec.shown))
    number = "an error" if len(errors) == 1 else f"{len(errors)} errors"
    code = Exit.INTERNAL if any(one.code.id == INTERNAL for one in errors) else Exit.FINDINGS
    raise CommandFailure(f"`{spec.shown(spec.name)}` has {number}, so nothing was done", "", code)
