"""Every stage in every environment: overrides applied, in the order of the graph, each variant checked once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from mlopsc.compiler.diagnostics import Label
from mlopsc.compiler.schema import types
from mlopsc.compiler.semantics import messages_graph
from mlopsc.compiler.semantics.context import Context, Trace, View
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.graphs import in_order, judge_graph, named_stages
from mlopsc.compiler.semantics.memory import Memory
from mlopsc.compiler.semantics.merging import Merged, Merger
from mlopsc.compiler.semantics.model import EnvironmentModel, SettingModel, StageModel
from mlopsc.compiler.semantics.names import resolve
from mlopsc.compiler.semantics.scopes import BlockDefinition, Placed, Program
from mlopsc.compiler.semantics.settings import evaluate_settings, item_symbols, require_settings
from mlopsc.compiler.semantics.views import Checked
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location, SourceFile, Span

IMPLIED = "local"
"""The name of the environment of a program that declares none."""


def evaluate_block(program: Program, merged: Merged) -> dict[str, SettingModel]:
    """The settings of a block that is no stage."""
    kind = merged.definition.kind
    view = View(kind, merged.name, merged.header_at, merged.written, {}, {})
    context = Context(program, merged.home, Trace(), view)
    definition = merged.definition
    program.findings.expect((definition.home.origin, definition.block), None, item_symbols, kind, context)
    settings = evaluate_settings(merged, context)
    require_settings(merged, context)
    return settings


class Environments:
    """Checks the environments of a program; a stage that is the same in several of them is checked once."""

    def __init__(
        self,
        program: Program,
        merger: Merger,
        main: SourceFile,
        memory: Memory,
        focus: Collection[str] | None = None,
    ) -> None:
        """With `focus`, only the stages of these names and what they read are checked, and not the graph as a whole."""
        self.focus = focus
        self.program = program
        self.merger = merger
        self.main = main
        self._memory = memory
        self._named: dict[Merged, dict[str, Location]] = {}

    def check(self) -> dict[str, EnvironmentModel]:
        """The environments in the order of `follows`; one is implied where none is declared."""
        every = {name: self.merger.merged(one) for name, one in self.program.environments.items()}
        settings = {name: evaluate_block(self.program, one) for name, one in every.items()}
        merged = {name: one for name, one in every.items() if not one.is_abstract}
        ranks = self._ranks({name: settings[name] for name in merged})
        found = {}
        for name in sorted(merged, key=lambda name: ranks[name]):
            stages = self._stages(self._overrides(merged[name]))
            found[name] = EnvironmentModel(name, ranks[name], settings[name], stages, merged[name].header_at)
        if not found:
            at = Location(self.main, Span(0, 0))
            found[IMPLIED] = EnvironmentModel(IMPLIED, 0, {}, self._stages({}), at, is_implied=True)
        return found

    def _ranks(self, settings: Mapping[str, Mapping[str, SettingModel]]) -> dict[str, int]:
        """How many environments come before each; those in a circle count as first."""
        follows = {name: one["follows"] for name, one in settings.items() if "follows" in one}
        before = {name: str(setting.value) for name, setting in follows.items() if setting.value in settings}
        self._report_circles(follows, before)
        ranks: dict[str, int] = {}
        for name in settings:
            chain = [name]
            while chain[-1] in before and before[chain[-1]] not in chain:
                chain.append(before[chain[-1]])
            ranks[name] = 0 if chain[-1] in before else len(chain) - 1
        return ranks

    def _report_circles(self, follows: Mapping[str, SettingModel], before: Mapping[str, str]) -> None:
        seen: set[str] = set()
        for name in before:
            chain: list[str] = []
            at = name
            while at in before and at not in seen:
                seen.add(at)
                chain.append(at)
                at = before[at]
            if at in chain:
                circle = chain[chain.index(at) :]
                steps = [Label(follows[one].value_at, f"`{one}` follows `{before[one]}`") for one in circle]
                self.program.findings.report(messages_graph.follows_circle(steps))

    def _overrides(self, environment: Merged) -> dict[str, list[Placed[ast.Block]]]:
        """The overrides of an environment by the stage that each changes."""
        found: dict[str, list[Placed[ast.Block]]] = {}
        kinds = tuple(self.program.registry.stage_kinds)
        for placed in environment.overrides:
            label = placed.node.label
            assert label is not None
            try:
                name = resolve(label, types.StageRef(kinds), Context(self.program, placed.home, Trace())).word
            except Refused:
                continue
            stage = self.merger.merged(self.program.stages[name])
            if stage.is_abstract:
                at = placed.home.at(label)
                self.program.findings.report(messages_graph.template_used(at, name, stage.header_at))
            found.setdefault(name, []).append(placed)
        return found

    def _stages(self, overrides: Mapping[str, list[Placed[ast.Block]]]) -> dict[str, StageModel]:
        """The stages as they are with the overrides of one environment, in the order of the graph."""
        merged, named = self._looked_at(overrides)
        order = in_order(named, self.program.findings)
        checked: dict[str, Checked] = {}
        for name in order:
            read = tuple(checked.get(one) for one in named[name])
            checked[name] = self._memory.checked(self.program, merged[name], read, checked)
        if self.focus is None:
            judge_graph(checked, named, self.program.findings)
        return {name: one.model for name, one in checked.items() if not one.merged.is_abstract}

    def _looked_at(
        self, overrides: Mapping[str, list[Placed[ast.Block]]]
    ) -> tuple[dict[str, Merged], dict[str, dict[str, Location]]]:
        """The stages to check as they are with the overrides, and the stages that each names."""
        stages, focus = self.program.stages, self.focus
        queue = [name for name, one in stages.items() if focus is None or one.local in focus]
        merged: dict[str, Merged] = {}
        named: dict[str, dict[str, Location]] = {}
        while queue:
            name = queue.pop()
            if name not in merged:
                merged[name] = self._merged(stages[name], overrides.get(name, ()))
                named[name] = self._stages_named(merged[name])
                queue += [one for one in named[name] if one in stages]
        return {name: merged[name] for name in stages if name in merged}, {
            name: named[name] for name in stages if name in named
        }

    def _merged(self, definition: BlockDefinition, overrides: Iterable[Placed[ast.Block]]) -> Merged:
        found = self.merger.merged(definition)
        for placed in overrides:
            found = self.merger.overridden(found, placed)
        return found

    def _stages_named(self, merged: Merged) -> dict[str, Location]:
        found = self._named.get(merged)
        if found is None:
            found = self._named[merged] = named_stages(merged)
        return found
