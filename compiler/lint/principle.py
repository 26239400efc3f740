"""The seven principles, and the rules that say what a program lacks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule

PRINCIPLES: Mapping[int, str] = {
    1: "code, data and outputs are versioned together",
    2: "there are several environments, with different access",
    3: "infrastructure, configuration and jobs are code",
    4: "experiments are tracked, and can be repeated",
    5: "code, data and the quality of models are tested",
    6: "integration, training and delivery go by themselves, and only a good model lands",
    7: "services, models and data are watched, and drift leads to retraining",
}
"""What a machine-learning system that is run well has, by number."""


class PrincipleRule(LintRule):
    """A rule about what is not there yet: of interest once a program leaves the machine that it was written on.

    `mlopsc principles` says it of any program.
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """What is missing, of programs that leave this machine."""
        if program.is_deployed:
            yield from self.missing(program)

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Where the program falls short, wherever it runs; nothing where there is nothing to judge yet."""
        raise NotImplementedError
