"""What completion offers where a value stands: names, calls, numbers with their units, the project's files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.drafts import call_of
from mlopsc.compiler.lsp.estimators import estimator_offers
from mlopsc.compiler.lsp.examples import UNITS, Example, dimensions_of, examples, limits_of
from mlopsc.compiler.lsp.files import text_offers
from mlopsc.compiler.lsp.offers import Offer, escaped, offer_of, offer_of_value, setting_offer
from mlopsc.compiler.lsp.places import Given, function_of, given_at, kind_of, verb_at, words_of
from mlopsc.compiler.lsp.syntax import Around
from mlopsc.compiler.lsp.tables import added_columns, table_of_stage
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Baseline, Function, Subject, Task, Verb
from mlopsc.compiler.semantics.index import Expected, Namespace
from mlopsc.compiler.semantics.model import SemanticModel, StageModel
from mlopsc.compiler.semantics.names import function_symbol
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.workspace import Workspace

_SPLIT_OF = {"train": "validation", "test": "test", "release": "feedback", "monitor": "feedback"}
_COMPARED = {"lower": ("<=", ">="), "higher": (">=", "<="), "zero": ("in", "<="), "": (">=", "<=", "in", "==")}
_COMPARISONS = {
    "<=": "At most.",
    ">=": "At least.",
    "==": "Exactly.",
    "in": "Between two numbers, as `in 0.2..0.8`, or one of a list.",
}


class Values(Record):
    """A place where a value stands, and what the checker knows about it; `typed` is the number begun there."""

    there: Around
    model: SemanticModel
    expected: Expected | None
    workspace: Workspace
    typed: str

    @property
    def kind(self) -> str:
        """The kind of block that the place is in."""
        return kind_of(self.there, self.model)

    @cached_property
    def given(self) -> Given | None:
        """What takes the value."""
        return given_at(self.there, self.model)

    @property
    def wanted(self) -> types.Type | None:
        """What may be written there."""
        if self.expected is not None and self.expected.type is not None:
            return self.expected.type
        return types.type_of(self.given.parameter) if self.given else None

    @cached_property
    def stage(self) -> StageModel | None:
        """The stage that the place is in."""
        label = next((one.label.text for one in reversed(self.there.blocks) if one.label), "")
        return next((one.stages[label] for one in self.model.environments.values() if label in one.stages), None)

    @cached_property
    def data(self) -> StageModel | None:
        """The data stage that the place leads to."""
        stage = self.stage
        for setting in stage.kind.data_through if stage else ():
            name = str(stage.value(setting)) if stage else ""
            stage = next((one.stages[name] for one in self.model.environments.values() if name in one.stages), None)
        return stage

    @property
    def task(self) -> Task | None:
        """What is predicted, by the type of the target."""
        column = self.data.column(str(self.data.value("target"))) if self.data else None
        family = self.model.registry.column_types.get(str(column.type["function"])) if column else None
        return family.task if family else None

    def in_text(self, typed: str) -> Iterator[Offer]:
        """What a text in quotes could say there."""
        type_ = self.wanted
        if self.given is None and self.there.nearest(ast.Setting, ast.Argument, ast.Clause) is not None:
            return
        yield from text_offers(type_, typed, self.workspace, self.given, self.task)

    def of_parameter(self) -> Iterator[Offer]:
        """Values for a setting, an argument or a clause."""
        type_ = self.wanted
        quoted = (one for one in text_offers(type_, "", self.workspace, self.given, self.task) if type_ is not None)
        yield from (_in_quotes(one) for one in quoted)
        yield from self._names()
        parameter = self.given.parameter if self.given else None
        arithmetic = self.there.nearest(ast.Arithmetic)
        dimensions = dimensions_of(type_) if type_ else []
        if isinstance(arithmetic, ast.Arithmetic) and arithmetic.operator == "/" and "rate" in dimensions:
            yield from (offer_of_value(Example(one), parameter) for one in ("1mo", "30d", "90d", "1d"))
            return
        if isinstance(type_, types.Measured):
            yield from self._measured()
        if parameter is not None:
            for dimension in dimensions:
                yield from self.units(dimension)
            text = '"' if "text" in dimensions else ""
            found = (one for one in examples(parameter) if not (text and one.text.startswith(text)))
            yield from (offer_of_value(one, parameter) for one in found)

    def _measured(self) -> Iterator[Offer]:
        """Values of what the rule around the place measures."""
        rule, verb = self.there.nearest(ast.Rule), verb_at(self.there, self.model)
        if isinstance(rule, ast.Rule) and verb is not None and isinstance(rule.subject, ast.Comparison):
            subject = self._subject(rule.subject.first, verb)
            yield from self._numbers(subject) if subject is not None else ()

    def units(self, dimension: str) -> Iterator[Offer]:
        """The number that is typed already, with the units that it could have."""
        for unit, told in UNITS.get(dimension, {}).items() if self.typed else ():
            yield Offer(f"{self.typed}{unit}", lsp.CompletionItemKind.Unit, told)

    def _names(self) -> Iterator[Offer]:
        told = self.given.parameter.description if self.given else ""
        words = words_of(self.given.owner) if self.given else {}
        has_columns = False
        for symbol in self.expected.symbols if self.expected and self.expected.type else ():
            has_columns = has_columns or symbol.namespace is Namespace.COLUMN
            if symbol.namespace is Namespace.PYTHON:
                continue
            offer = offer_of(symbol, words.get(symbol.name, told))
            function = symbol.declaration
            if symbol.namespace is Namespace.FUNCTION and function and issubclass(function, Function):
                offer = offer.changed(snippet=call_of(function, self.first_name))
            yield offer
        if not has_columns and self.wanted is not None:
            yield from self._unread_columns(self.wanted)

    def _unread_columns(self, type_: types.Type) -> Iterator[Offer]:
        """Columns that the schema does not declare yet: those of the file, and those that its `transform` adds."""
        wanted = [one for one in _options(type_) if isinstance(one, types.ColumnRef)]
        if not wanted or self.data is None or self.data.columns:
            return
        kinds = {kind for one in wanted for kind in one.types}
        for name in added_columns(self.workspace, self.data):
            yield Offer(name, lsp.CompletionItemKind.Field, "added by `transform`", "Declare it in `schema`.")
        table = table_of_stage(self.workspace, self.data)
        for column in table.columns if table else ():
            if not kinds or column.type in kinds:
                doc = f"A column of `{table.path if table else ''}`, {column.told}. Declare it in `schema`."
                yield Offer(column.name, lsp.CompletionItemKind.Field, column.declared, doc)

    def first_name(self, type_: types.Type) -> str:
        """What stands first where a type is expected, for the calls that are offered whole."""
        match type_:
            case types.SplitRef():
                return _SPLIT_OF.get(self.kind, "")
            case types.Percentile():
                return "p95"
            case types.Symbol(words=words):
                return words[0]
            case types.OneOf(options=options):
                return next(filter(None, map(self.first_name, options)), "")
            case types.StageRef(kinds=kinds):
                items = (item for file in self.model.files for item, _ in file.placed() if isinstance(item, ast.Block))
                return next((one.label.text for one in items if one.kind.text in kinds and one.label), "")
        return ""

    def of_rule(self) -> Iterator[Offer]:
        """What a rule is about, or what that is compared with."""
        verb = verb_at(self.there, self.model)
        comparison = self.there.nearest(ast.Comparison)
        at = self.there.offset - self.there.origin.start
        if verb is None:
            return
        if isinstance(comparison, ast.Comparison) and at > comparison.first.span.end:
            yield from self._limits(comparison.first, verb)
        elif verb.events:
            yield from _events(self.model, self.stage)
        else:
            yield from self._subjects(verb)

    def _subjects(self, verb: type[Verb]) -> Iterator[Offer]:
        """Functions of the language that fit what is predicted, and metrics of the spec."""
        for family in verb.subjects:
            for one in self.model.registry.functions_of(family).values():
                if _fits(one, verb, self.task):
                    yield offer_of(function_symbol(one)).changed(snippet=call_of(one, self.first_name))
        if any(issubclass(family, Subject) and "tasks" in vars(family) for family in verb.subjects):
            for name in self.model.metrics:
                on = _SPLIT_OF.get(self.kind, "")
                yield Offer(name, lsp.CompletionItemKind.Function, "metric", "", "", f"{name}(${{1:{on}}})")

    def _subject(self, node: ast.Expr, verb: type[Verb]) -> type[Subject] | None:
        named = node if isinstance(node, ast.Call | ast.Ref) else None
        word = named.callee.text if isinstance(named, ast.Call) else named.text if named else ""
        found = self.model.registry.function(word, verb.subjects)
        return found if found is not None and issubclass(found, Subject) else None

    def _limits(self, node: ast.Expr, verb: type[Verb]) -> Iterator[Offer]:
        """What a subject can be compared with: the champion, something naive, a number."""
        subject = self._subject(node, verb)
        is_of_predictions = subject is None or bool(subject.tasks)
        arithmetic = self.there.nearest(ast.Arithmetic)
        if isinstance(arithmetic, ast.Arithmetic):
            yield from self._factors(arithmetic.operator, subject)
            return
        if subject is not None:
            dimension = {"ratio": "share", "duration": "duration"}.get(subject.measure, "")
            yield from self.units(dimension)
        if verb.word in ("require", "guard") and self.kind != "data":
            yield from _baselines(self.model, subject, self.kind, is_of_predictions=is_of_predictions)
        if subject is not None:
            yield from self._numbers(subject)
        for name, constant in self.model.constants.items():
            if isinstance(constant.value, int | float):
                yield Offer(name, lsp.CompletionItemKind.Constant, "constant")

    def _numbers(self, subject: type[Subject]) -> Iterator[Offer]:
        """Numbers that a subject could be compared with."""
        yield from (offer_of_value(one, None) for one in limits_of(subject, is_age=subject.word == "age"))
        if subject.measure in ("target", "number"):
            yield from self._own_number(subject)

    def _own_number(self, subject: type[Subject]) -> Iterator[Offer]:
        """A number that only the user knows; what the target looks like says where to begin."""
        target = str(self.data.value("target")) if self.data else ""
        table = table_of_stage(self.workspace, self.data) if self.data else None
        seen = next((one for one in table.columns if one.name == target), None) if table else None
        in_unit = f", in the unit of `{target}`" if target and subject.measure == "target" else ""
        told = f" The first rows of `{target}` are {seen.told}." if seen else ""
        doc = f"A number of your choice{in_unit}.{told} {subject.summary()}"
        text = "0.1" if subject.most == 1 else "45"
        yield Offer(text, lsp.CompletionItemKind.Value, f"a number{in_unit}", doc, text, f"${{1:{text}}}")

    def _factors(self, operator: str, subject: type[Subject] | None) -> Iterator[Offer]:
        is_ratio = subject is not None and subject.measure == "ratio"
        if operator == "*":
            found = [Example("90%", "a tenth less"), Example("2", "twice")]
        elif is_ratio:
            found = [Example("1pp", "one percentage point")]
        else:
            found = [Example("5%", "a twentieth of it")]
        yield from self.units("points" if is_ratio and operator != "*" else "share")
        yield from (offer_of_value(one, None) for one in found)

    def comparisons(self, rule: ast.Rule) -> Iterator[Offer]:
        """The operators that may follow what a rule is about, the usual one first."""
        verb = verb_at(self.there, self.model)
        subject = self._subject(rule.subject, verb) if verb is not None else None
        if verb is None or not verb.compares or (subject is not None and subject.measure == "truth"):
            return
        if isinstance(rule.subject, ast.Comparison | ast.Membership) or verb.events:
            return
        for operator in _COMPARED[subject.better if subject else ""]:
            yield Offer(operator, lsp.CompletionItemKind.Operator, "comparison", _COMPARISONS[operator], f"{operator} ")

    def arguments(self, call: ast.Call) -> Iterator[Offer]:
        """The parameters of a call that are not written yet, those of an estimator among them."""
        function = function_of(call, self.there, self.model)
        seen = {one.name.text for one in call.arguments if one.name}
        before = sum(
            one.name is None and one.span.end < self.there.offset - self.there.origin.start for one in call.arguments
        )
        for number, (word, parameter) in enumerate(function.accepts().items() if function else ()):
            rest = types.rest_of([(word, parameter)])
            if word not in seen and number >= before and not rest:
                yield setting_offer(word, parameter, self.model.registry, needed=parameter.is_required)
            elif rest:
                yield from estimator_offers(call, rest[1], seen, self.there)


def _baselines(
    model: SemanticModel, subject: type[Subject] | None, kind: str, *, is_of_predictions: bool
) -> Iterator[Offer]:
    member = lsp.CompletionItemKind.EnumMember
    doc = "The same metric of the model that is served, on the same rows; before there is one, the rule holds."
    if not is_of_predictions:
        if subject is not None and subject.measure == "ratio":
            yield Offer("champion * 2", member, "twice that of the model in service", doc, "", "champion * ${1:2}")
            yield Offer("champion", member, "the model in service", doc)
        return
    better = subject.better if subject else ""
    is_ratio = subject is not None and subject.measure == "ratio"
    if is_ratio:
        sign = "-" if better == "higher" else "+"
        yield Offer(
            f"champion {sign} 1pp",
            member,
            "hardly worse than the model in service",
            doc,
            "",
            f"champion {sign} ${{1:1pp}}",
        )
    else:
        sign = "* 95%" if better == "higher" else "+ 5%"
        yield Offer(f"champion {sign}", member, "hardly worse than the model in service", doc)
    yield Offer("champion", member, "the model in service", doc)
    if kind == "test" and better != "higher":
        for one in model.registry.functions_of(Baseline).values():
            text = f"{one.word}(${{1:168h}}) * ${{2:90%}}"
            yield offer_of(function_symbol(one)).changed(snippet=text)


def _events(model: SemanticModel, monitor: StageModel | None) -> Iterator[Offer]:
    from mlopsc.compiler.semantics.events import categories

    kind = lsp.CompletionItemKind.Event
    for word in categories(model.registry):
        yield Offer(word, kind, "category of events", f"Any watch of the category `{word}` that does not hold.")
    yield from (Offer(word, kind, "event", event.summary()) for word, event in model.registry.events.items())
    for rule in monitor.rules if monitor else ():
        if rule.declaration.raises:
            yield Offer(rule.id, kind, "a watch", rule.text)


def _fits(function: type[Function], verb: type[Verb], task: Task | None) -> bool:
    """Whether a subject makes sense for what is predicted, and goes the way that the verb asks for."""
    if not issubclass(function, Subject):
        return True
    way = not verb.direction or function.better in (verb.direction, "")
    return way and (task is None or not function.tasks or task in function.tasks)


def _options(type_: types.Type) -> Iterator[types.Type]:
    match type_:
        case types.OneOf(options=options):
            for option in options:
                yield from _options(option)
        case types.ListOf(item=item):
            yield from _options(item)
        case other:
            yield other


def _in_quotes(offer: Offer) -> Offer:
    if offer.name.startswith('"'):
        return offer
    text = f'"{offer.name}"'
    snippet = f'"${{1:{escaped(offer.name)}}}"' if offer.snippet or offer.kind is lsp.CompletionItemKind.Value else ""
    return offer.changed(name=text, text=text, snippet=snippet)
