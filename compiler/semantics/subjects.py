"""What a rule is about: a measurement by a function of the language, or by a metric that the spec defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.declarations import Better, Function, Measure, Subject, Task, Verb
from mlopsc.compiler.semantics import messages_rules as messages
from mlopsc.compiler.semantics import messages_words
from mlopsc.compiler.semantics.calls import evaluate_function, fitting, functions_named
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Namespace
from mlopsc.compiler.semantics.model import Settings
from mlopsc.compiler.semantics.names import columns_named, function_symbol, split_prefix
from mlopsc.compiler.semantics.scopes import BlockDefinition
from mlopsc.compiler.semantics.spelling import CHAMPION, text_of, ungrouped
from mlopsc.compiler.syntax import ast

if TYPE_CHECKING:
    from pydantic import JsonValue


class Measured(Record):
    """A subject that is known: the call in the encoding of the IR, and what is known of what it measures.

    `is_model` says whether another model could be measured in its place, as `champion` is.
    """

    call: Settings
    word: str
    measure: Measure
    better: Better
    least: float | None
    most: float | None
    tasks: tuple[Task, ...]
    of_one_class: bool
    category: str
    declaration: type[Subject]

    @property
    def is_model(self) -> bool:
        """Whether another model could be measured in its place, as `champion` is."""
        return bool(self.category)

    @property
    def split(self) -> JsonValue:
        """The split that it is computed on, for a metric."""
        return self.call.get("on")


def is_subject(name: ast.Ref, verb: type[Verb], context: Context) -> bool:
    """Whether a name is that of something that the verb can be about."""
    _, word = split_prefix(name)
    return context.program.registry.function(word, verb.subjects) is not None or _own(word, verb, context) is not None


def _own(word: str, verb: type[Verb], context: Context) -> BlockDefinition | None:
    """The metric of that name that the spec defines, if the verb takes such."""
    block = context.home.scope.find(Namespace.METRIC, word)
    defines = block.kind.defines if block else None
    return block if defines is not None and issubclass(defines, verb.subjects) else None


def evaluate_subject(node: ast.Expr, verb: type[Verb], context: Context) -> Measured:
    """What a rule is about; raises Refused after a message when there is no such thing."""
    node = ungrouped(node)
    match node:
        case ast.Missing():
            raise Refused
        case ast.Call(callee=callee, arguments=arguments):
            return _called(node, callee, arguments, verb, context)
        case ast.Ref():
            return _called(node, node, (), verb, context)
    examples = _examples(verb, context)
    raise context.refused(messages.no_subject(context.at(node), text_of(node), verb.word, examples))


def _called(
    node: ast.Call | ast.Ref,
    callee: ast.Ref,
    arguments: tuple[ast.Argument, ...],
    verb: type[Verb],
    context: Context,
) -> Measured:
    _, word = split_prefix(callee)
    registry = context.program.registry
    functions, own = functions_named(word, verb.subjects, registry), _own(word, verb, context)
    function = fitting(functions, arguments) if functions else None
    if own is not None:
        context.use(callee, own.symbol)
        return _of_block(node, own, arguments, context)
    if function is None or not issubclass(function, Subject):
        raise _unknown(callee, word, verb, context)
    context.use(callee, function_symbol(function))
    call = evaluate_function(node, arguments, function, context)
    return Measured(
        call,
        word,
        function.measure,
        function.better,
        function.least,
        function.most,
        function.tasks,
        function.of_one_class,
        function.category,
        function,
    )


_BETTER: dict[str, Better] = {"lower": "lower", "higher": "higher"}
_MEASURES: dict[str, Measure] = {"ratio": "ratio", "target": "target", "number": "number"}


def _of_block(
    node: ast.Call | ast.Ref, own: BlockDefinition, arguments: tuple[ast.Argument, ...], context: Context
) -> Measured:
    defines = own.kind.defines
    assert defines is not None
    said = {
        item.name.text: item.value.text
        for item in own.block.items
        if isinstance(item, ast.Setting) and isinstance(item.value, ast.Ref)
    }
    call = evaluate_function(node, arguments, defines, context, own.name)
    measure, better = _MEASURES.get(said.get("measured_in", ""), "number"), _BETTER.get(said.get("better", ""), "")
    tasks = defines.tasks
    return Measured(call, own.name, measure, better, None, None, tasks, False, defines.category, defines)


def _unknown(callee: ast.Ref, word: str, verb: type[Verb], context: Context) -> Refused:
    at, registry = context.at(callee), context.program.registry
    if word == CHAMPION or registry.function(word, (Function,)) is not None:
        other = registry.function(word, (Function,))
        noun = other.family if other else "model in service"
        return context.refused(messages.wrong_subject(at, word, noun, verb.word, _examples(verb, context)))
    known = [one for family in verb.subjects for one in registry.functions_of(family)]
    known += context.home.scope.blocks[Namespace.METRIC]
    if columns_named(word, context):
        column = columns_named(word, context)[0][1]
        return context.refused(messages.column_as_subject(at, word, verb.word, column.at))
    if context.home.scope.constants.get(word) is not None:
        return context.refused(messages.wrong_subject(at, word, "constant", verb.word, _examples(verb, context)))
    return context.refused(messages_words.unknown_function(at, word, verb.subjects, known))


def _examples(verb: type[Verb], context: Context) -> list[str]:
    """A few things that the verb can be about."""
    registry = context.program.registry
    return [word for family in verb.subjects for word in registry.functions_of(family)][:4]
