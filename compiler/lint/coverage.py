"""How far a program follows the seven principles: what each rule of a principle finds there, or finds missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from mlopsc.compiler.diagnostics import Code, Diagnostic
from mlopsc.compiler.lint.allow import Allowance, allowances_of, allows
from mlopsc.compiler.lint.options import Options
from mlopsc.compiler.lint.principle import PRINCIPLES
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.records import Record
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.text import Location

State = Literal["earned", "missing", "aside"]


class Standing(Record):
    """How a program stands by one rule: the lines that earn it, what is missing, or why it is set aside."""

    code: Code
    earns: str
    state: State
    at: tuple[Location, ...] = ()
    missing: tuple[Diagnostic, ...] = ()
    reason: str = ""


class Score(Record):
    """How a program stands by one principle."""

    principle: int
    standings: tuple[Standing, ...]

    @property
    def text(self) -> str:
        """The principle."""
        return PRINCIPLES[self.principle]

    @property
    def earned(self) -> int:
        """How many of its rules the program follows."""
        return sum(one.state == "earned" for one in self.standings)

    @property
    def total(self) -> int:
        """How many of its rules are not set aside."""
        return sum(one.state != "aside" for one in self.standings)


def coverage(model: SemanticModel, exists: Callable[[str], bool], options: Options) -> tuple[Score, ...]:
    """The score of each principle, of a program without errors; `exists` as for `lint`."""
    from mlopsc.compiler.lint import rules

    program = LintedProgram(model, exists)
    allowances = [one for file in model.files for one in allowances_of(file) if one.reason]
    standings = {rule: _standing(rule(), program, options, allowances) for rule in rules() if rule.principle}
    return tuple(
        Score(number, tuple(one for rule, one in standings.items() if rule.principle == number))
        for number in PRINCIPLES
    )


def _standing(rule: LintRule, program: LintedProgram, options: Options, allowances: list[Allowance]) -> Standing:
    code, earns = rule.code, rule.earns
    if code.title in options.off:
        return Standing(code, earns, "aside", (), (), options.off[code.title])
    found = {(one.location.file.path, one.location.span): one for one in rule.missing(program)}
    left = tuple(one for one in found.values() if not any(allows(each, one) for each in allowances))
    if left:
        return Standing(code, earns, "missing", (), left)
    if found:
        reasons = [each.reason for each in allowances for one in found.values() if allows(each, one)]
        return Standing(code, earns, "aside", (), (), reasons[0])
    earning = tuple(_once(rule.earned(program)))
    if earning:
        return Standing(code, earns, "earned", earning)
    nothing = rule.found(
        program.at, f"nothing shows yet that {earns}", hint=f"`mlopsc explain {code.title}` shows how it is written."
    )
    return Standing(code, earns, "missing", (), (nothing,))


def _once(places: Iterator[Location]) -> Iterator[Location]:
    """Each place once, in the order of files and text; a stage is in every environment."""
    found = {(place.file.path, place.span): place for place in places}
    yield from (found[key] for key in sorted(found))
