"""Calls: which function is meant, and whether its arguments are what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from mlopsc.compiler.diagnostics import Diagnostic, did_you_mean
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.schema.types import Rest, rest_of, type_of
from mlopsc.compiler.semantics import messages_calls as messages
from mlopsc.compiler.semantics import messages_types, messages_words, values
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.describing import describe, example_call
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.literals import value_of_constant
from mlopsc.compiler.semantics.names import columns_named, function_symbol, leaves, resolve, split_prefix
from mlopsc.compiler.semantics.needs import Called, hold_needs
from mlopsc.compiler.semantics.rest import evaluate_rest
from mlopsc.compiler.semantics.scopes import ConstantDefinition, Home
from mlopsc.compiler.semantics.slots import Slot, wrong_type
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location

if TYPE_CHECKING:
    from pydantic import JsonValue

Families = tuple[type[Function], ...]


def evaluate_call(node: ast.Expr, families: Families, slot: Slot, context: Context) -> dict[str, JsonValue]:
    """A call of a function of one of the families, or its name alone, or a constant that is such a call."""
    match node:
        case ast.Call():
            function = function_named(node.callee, families, slot, context)
            return evaluate_function(node, node.arguments, function, context)
        case ast.Ref():
            return _named(node, families, slot, context)
    wanted = _type_of(families)
    meant = _unquoted(node, families, context) or _wrapped(node, families, context)
    raise wrong_type(node, wanted, slot, context, meant=meant, safe=False)


def _type_of(families: Families) -> types.Type:
    options: tuple[types.Type, ...] = tuple(types.FunctionOf(family) for family in families)
    return options[0] if len(options) == 1 else types.OneOf(options)


def _named(node: ast.Ref, families: Families, slot: Slot, context: Context) -> dict[str, JsonValue]:
    meaning = resolve(node, _type_of(families), context)
    if meaning.symbol.namespace is Namespace.CONSTANT:
        constant = context.home.scope.constants[split_prefix(node)[1]]
        return _constant(node, constant, families, slot, context)
    function = context.program.registry.function(meaning.word, families)
    assert function is not None
    return evaluate_function(node, (), function, context)


def _constant(
    node: ast.Ref, constant: ConstantDefinition, families: Families, slot: Slot, context: Context
) -> dict[str, JsonValue]:
    """The call that a constant stands for; it knows no columns, whoever uses it."""
    value = value_of_constant(constant, context)
    expected = describe(_type_of(families), context.program.registry)
    at = context.at(node)
    if value.dimension != "call":
        raise context.refused(
            messages_types.wrong_constant(at, slot.name, expected, value.noun, str(value), constant.name_at)
        )
    call, home = cast("tuple[ast.Call, Home]", value.content)
    inside = context.changed(home=home, view=None)
    function = context.program.registry.function(call.callee.text, families)
    if function is None and context.program.registry.function(call.callee.text, (Function,)) is not None:
        noun = f"a call of `{call.callee.text}`"
        raise context.refused(messages_types.wrong_constant(at, slot.name, expected, noun, "", constant.name_at))
    return evaluate_call(call, families, slot, inside)


def _unquoted(node: ast.Expr, families: Families, context: Context) -> str:
    """The name in quotes of a constant or a function that would do."""
    name = node.plain if isinstance(node, ast.Text) else None
    is_constant = name in context.home.scope.constants
    return name if name and (is_constant or functions_named(name, families, context.program.registry)) else ""


def _wrapped(node: ast.Expr, families: Families, context: Context) -> str:
    """The call that a path in quotes is probably meant as: `csv("rides.csv")`."""
    if not isinstance(node, ast.Text) or not node.plain:
        return ""
    names = [word for family in families for word in context.program.registry.functions_of(family)]
    path, _, name = node.plain.rpartition(":")
    suffix = (path or name).rpartition(".")[2].lower()
    word = {"py": "python"}.get(suffix, suffix)
    return f'{word}("{node.plain}")' if word in names else ""


def functions_named(word: str, families: Families, registry: Registry) -> list[type[Function]]:
    """The functions of that name in the families; several verbs take two that are called `python`."""
    return [one for one in registry.functions if one.word == word and issubclass(one, families)]


def fitting(functions: list[type[Function]], arguments: tuple[ast.Argument, ...]) -> type[Function]:
    """The function whose parameters the arguments have the form of; else the first."""
    return next((one for one in functions if _fits(one, arguments)), functions[0])


def _fits(function: type[Function], arguments: tuple[ast.Argument, ...]) -> bool:
    parameters = list(function.accepts().items())
    named = {argument.name.text for argument in arguments if argument.name}
    positional = [argument.value for argument in arguments if argument.name is None]
    if not named <= {word for word, _ in parameters} or len(positional) > len(parameters):
        return False
    return all(
        isinstance(node, ast.Text) == isinstance(type_of(parameter), types.PythonName | types.FilePath)
        for node, (_, parameter) in zip(positional, parameters, strict=False)
    )


def function_named(callee: ast.Ref, families: Families, slot: Slot, context: Context) -> type[Function]:
    """The function that a call names; raises Refused when none of the families has it."""
    name = callee.text.removeprefix("function.")
    registry = context.program.registry
    function = registry.function(name, families)
    if function is not None:
        context.use(callee, function_symbol(function))
        return function
    at = context.at(callee)
    known = {one.word: one for family in families for one in registry.functions_of(family).values()}
    other = registry.function(name, (Function,))
    if other is not None:
        raise context.refused(
            messages_words.wrong_family(
                at, name, other, slot.name, families, [example_call(one) for one in known.values()]
            )
        )
    found = messages_words.unknown_function(at, name, families, known)
    call = _estimator_call(name, known.values(), context)
    raise context.refused(messages_words.called_itself(found, call) if call else found)


def _estimator_call(name: str, functions: Iterable[type[Function]], context: Context) -> str:
    """The call that gives an estimator which was called itself: `sklearn("linear_model.Ridge")`."""
    takes = [one for one in functions for own in one.accepts().values() if type_of(own) == types.EstimatorName()]
    paths = [path for path in context.program.project.estimators() if path.rpartition(".")[2] == name]
    return f'{takes[0].word}("{paths[0]}")' if takes and paths else ""


class Given(Record):
    """The arguments of a call, sorted by parameter."""

    own: Mapping[str, ast.Expr]
    rest: tuple[ast.Argument, ...]


def evaluate_function(
    node: ast.Call | ast.Ref,
    arguments: tuple[ast.Argument, ...],
    function: type[Function],
    context: Context,
    word: str = "",
) -> dict[str, JsonValue]:
    """A call of a function that is known, in the encoding of the IR; `word` is its name if the spec defines it."""
    context.expect(node, None, _parameters, function)
    call = _Call(node, function, word or function.word, context)
    given = call.sorted(arguments)
    found = call.evaluated(given)
    call.require(given)
    if call.is_refused:
        raise Refused
    hold_needs(Called(function, call.word, found, call.at, context))
    return {"function": call.word, **found}


def _parameters(function: type[Function]) -> Iterator[Symbol]:
    return (parameter_symbol(function, word) for word in function.accepts())


def parameter_symbol(function: type[Function], word: str) -> Symbol:
    """A parameter, for editors."""
    parameter = function.accepts()[word]
    return Symbol(Namespace.PARAMETER, word, function.word, None, function, "", parameter.description)


class _Call:
    def __init__(self, node: ast.Call | ast.Ref, function: type[Function], word: str, context: Context) -> None:
        self.node = node
        self.function = function
        self.word = word
        self.context = context
        self.is_refused = False
        self.guessed: set[str] = set()

    @property
    def at(self) -> Location:
        return self.context.at(self.node)

    @property
    def rest(self) -> tuple[str, Rest] | None:
        return rest_of(self.function.accepts().items())

    def refuse(self, found: Diagnostic) -> None:
        """Report a mistake and go on with the other arguments."""
        self.context.report(found)
        self.is_refused = True

    def sorted(self, arguments: tuple[ast.Argument, ...]) -> Given:
        """Which argument is for which parameter."""
        own: dict[str, ast.Expr] = {}
        others: list[ast.Argument] = []
        names = [word for word in self.function.accepts() if self.rest is None or word != self.rest[0]]
        if self._is_loose_list(arguments, names):
            return Given({names[0]: ast.Missing(arguments[0].span)}, ())
        for number, argument in enumerate(arguments):
            if argument.name is not None:
                self._named(argument, argument.name, names, own, others)
            elif any(earlier.name is not None for earlier in arguments[:number]):
                self.refuse(messages.positional_after_named(self.context.at(argument), self.word))
            elif number < len(names):
                own[names[number]] = argument.value
            elif self.rest is not None and self.rest[1].of == "positional":
                others.append(argument)
            else:
                at, takes_named = self.context.at(argument), self.rest is not None
                self.refuse(messages.too_many_arguments(at, self.word, names, takes_named))
        return Given(own, tuple(others))

    def _is_loose_list(self, arguments: tuple[ast.Argument, ...], names: list[str]) -> bool:
        """Whether columns stand side by side where one list of them is taken; if so, that is reported."""
        loose = [one for one in arguments if one.name is None and isinstance(one.value, ast.Ref)]
        if len(loose) < 2 or loose != list(arguments[: len(loose)]) or len(names) < 2:
            return False
        first, second = (type_of(self.function.accepts()[name]) for name in names[:2])
        takes_list = any(isinstance(one, types.ColumnRef) for one in leaves(first)) and first not in leaves(first)
        known = [isinstance(one.value, ast.Ref) and columns_named(one.value.text, self.context) for one in loose[1:]]
        if not takes_list or any(isinstance(one, types.ColumnRef) for one in leaves(second)) or not any(known):
            return False
        at = self.context.at(loose[0].span.joined(loose[-1].span))
        self.refuse(messages.loose_list(at, self.word, names[0]))
        return True

    def _named(
        self,
        argument: ast.Argument,
        name: ast.Name,
        names: list[str],
        own: dict[str, ast.Expr],
        others: list[ast.Argument],
    ) -> None:
        at, word = self.context.at(name), name.text
        if word in own or any(other.name is not None and other.name.text == word for other in others):
            self.refuse(messages.duplicate_argument(at, word, self.word))
        elif word in names:
            self.context.use(name, parameter_symbol(self.function, word))
            own[word] = argument.value
        elif self.rest is not None and self.rest[1].of != "positional":
            others.append(argument)
        else:
            self.guessed.add(did_you_mean(word, names) or word)
            self.refuse(messages_words.unknown_parameter(at, word, self.word, names))

    def evaluated(self, given: Given) -> dict[str, JsonValue]:
        """The values of the arguments, in the order of the parameters."""
        found: dict[str, JsonValue] = {}
        for word, parameter in self.function.accepts().items():
            node = given.own.get(word)
            try:
                if node is not None:
                    found[word] = values.evaluate(node, type_of(parameter), self.slot(word), self.context)
                elif self.rest is not None and word == self.rest[0] and given.rest:
                    found[word] = evaluate_rest(
                        self.rest[1], given.rest, parameter, found, self.slot(word), self.context
                    )
            except Refused:
                self.is_refused = True
        return found

    def slot(self, word: str) -> Slot:
        """The place of a parameter, as messages call it."""
        return Slot(f"`{word}` of `{self.word}`", self.function.accepts()[word])

    def require(self, given: Given) -> None:
        """Report the parameters that must be given and are not."""
        accepts = self.function.accepts()
        missing = [
            word
            for word, parameter in accepts.items()
            if parameter.is_required
            and word not in self.guessed.union(given.own)
            and not (self._is_rest(word) and given.rest)
        ]
        if missing and not self._has_missing_syntax():
            described = [(word, accepts[word], self._described(word)) for word in missing]
            self.refuse(messages.missing_arguments(self.at, self.word, described, isinstance(self.node, ast.Call)))

    def _is_rest(self, word: str) -> bool:
        return self.rest is not None and self.rest[0] == word

    def _has_missing_syntax(self) -> bool:
        arguments = self.node.arguments if isinstance(self.node, ast.Call) else ()
        return any(isinstance(argument.value, ast.Missing) for argument in arguments)

    def _described(self, word: str) -> str:
        type_ = type_of(self.function.accepts()[word])
        if self._is_rest(word) and isinstance(type_, types.ListOf):
            type_ = type_.item
        return describe(type_, self.context.program.registry)
