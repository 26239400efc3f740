"""One stage in one environment: its columns, settings and rules, and what they need of each other."""

from __future__ import annotations

from collections.abc import Mapping

from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema.declarations import StageKind
from mlopsc.compiler.semantics import messages_stages as messages
from mlopsc.compiler.semantics.context import Context, DataView, Trace, View
from mlopsc.compiler.semantics.learning import judge_data, judge_learning, judge_predicting
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.model import RuleModel, SettingModel, StageModel, WaiverModel, names_in
from mlopsc.compiler.semantics.rules import RuleChecker
from mlopsc.compiler.semantics.scopes import Program
from mlopsc.compiler.semantics.settings import evaluate_settings, item_symbols, require_settings
from mlopsc.compiler.semantics.views import Checked, Surroundings


def check_stage(program: Program, merged: Merged, checked: Mapping[str, Checked]) -> Checked:
    """Everything that can be known of a stage; mistakes are reported. `checked` are the stages that it could read."""
    kind = merged.definition.kind
    assert issubclass(kind, StageKind)
    return _StageChecker(program, merged, kind, Surroundings(merged, kind, checked)).check()


class _StageChecker(Entity):
    program: Program
    merged: Merged
    kind: type[StageKind]
    around: Surroundings

    def check(self) -> Checked:
        merged = self.merged
        view = View(self.kind, merged.name, merged.header_at, merged.written, {}, {})
        start = Context(self.program, merged.home, Trace(), view)
        self._expect_items(start)
        context = self.around.seen(start)
        settings = evaluate_settings(merged, context)
        inputs = self._inputs(settings, context.trace)
        data = self.around.own_data(context, settings)
        if data is not None and context.view is not None and context.view.only_data is not None:
            context = context.changed(view=context.view.changed(data=(data,)))
        self._require(context)
        rules = self._rules(context)
        if data is not None:
            judge_data(data, context)
        judge_learning(merged, self.kind, context)
        judge_predicting(merged, self.around.learned(), context)
        return Checked(self._model(settings, rules, inputs, context.trace, data), merged, data, context.trace)

    def _model(
        self,
        settings: Mapping[str, SettingModel],
        rules: tuple[RuleModel, ...],
        inputs: tuple[str, ...],
        trace: Trace,
        data: DataView | None,
    ) -> StageModel:
        merged = self.merged
        columns = tuple(data.columns.values()) if data else ()
        files = tuple(dict.fromkeys(trace.files))
        waived = tuple(WaiverModel(one.rule.id, one.reason, one.placed.at) for one in merged.waived)
        at = merged.header_at
        overridden = {name: one.at for name, one in merged.overridden.items()}
        return StageModel(merged.name, self.kind, settings, columns, rules, inputs, files, waived, at, overridden)

    def _expect_items(self, context: Context) -> None:
        definition = self.merged.definition
        place = definition.home.origin, definition.block
        self.program.findings.expect(place, None, item_symbols, self.kind, context)

    def _inputs(self, settings: Mapping[str, SettingModel], trace: Trace) -> tuple[str, ...]:
        """The stages that the settings name, and those that are read through them."""
        names = list(trace.stages)
        for first, *steps in self.kind.reads:
            reached = names_in(settings.get(first))
            for step in steps:
                reached = [name for one in reached for name in self.around.named_by(one, step)]
            names += reached
        return tuple(dict.fromkeys(names))

    def _rules(self, context: Context) -> tuple[RuleModel, ...]:
        checker = RuleChecker(context.changed(trace=context.trace.of_rules()), self.merged.rules)
        found = (checker.check(part) for part in self.merged.rules.values())
        return tuple(rule for rule in found if rule is not None)

    def _require(self, context: Context) -> None:
        """Report what must be there and is not."""
        merged, kind = self.merged, self.kind
        require_settings(merged, context)
        self._require_one(context)
        if _is_partial(merged):
            return
        at = merged.header_at
        verbs = {part.verb.word for part in merged.rules.values()} | {one.rule.verb.word for one in merged.waived}
        if kind.must_hold and not verbs.intersection(kind.must_hold) and not merged.has_lost_rules:
            context.report(messages.nothing_held(at, kind.word, merged.name, kind.must_hold[0]))
        self._require_aim(context)

    def _require_one(self, context: Context) -> None:
        """Exactly one of the settings that say the same thing in different ways."""
        merged, kind = self.merged, self.kind
        written = [merged.settings[name] for name in kind.one_of if name in merged.settings]
        if len(written) > 1:
            first, second = written[:2]
            context.report(
                messages.conflicting_settings(second.at, second.node.name.text, first.node.name.text, first.at)
            )
        elif not merged.written.intersection(kind.one_of) and kind.one_of and not _is_partial(merged):
            context.report(messages.missing_one_of(merged.header_at, kind.word, merged.name, kind.one_of))

    def _require_aim(self, context: Context) -> None:
        """A search needs to know what it aims for, and can aim for one thing."""
        merged, kind = self.merged, self.kind
        aims = [part for part in merged.rules.values() if part.verb.direction]
        if len(aims) > 1:
            context.report(messages.several_aims(aims[1].placed.at, aims[0].placed.at))
        search = merged.settings.get(kind.objective_for)
        if search is not None and not aims and not merged.has_lost_rules:
            goals = [word for word, verb in self.program.registry.verbs_of(kind.word).items() if verb.direction]
            context.report(messages.search_without_aim(search.at, kind.objective_for, goals))


def _is_partial(merged: Merged) -> bool:
    """Whether something that is missing may be written elsewhere, or was hidden by a mistake."""
    return merged.is_damaged or merged.is_abstract
