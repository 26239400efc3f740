"""The right side of a comparison: a number in what the subject measures, or the same measure of another model."""

from __future__ import annotations

from typing import Literal, TypeAlias

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.declarations import Baseline, Verb
from mlopsc.compiler.semantics import messages_limits as messages
from mlopsc.compiler.semantics import messages_names, messages_rules, messages_types
from mlopsc.compiler.semantics.calls import evaluate_function
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.literals import arithmetic, value_of
from mlopsc.compiler.semantics.model import LimitModel, Settings
from mlopsc.compiler.semantics.names import function_symbol, is_constant
from mlopsc.compiler.semantics.quantities import Value, tidy
from mlopsc.compiler.semantics.spelling import CHAMPION, text_of
from mlopsc.compiler.semantics.subjects import Measured, is_subject
from mlopsc.compiler.syntax import ast


class Scaled(Record):
    """`factor * baseline + offset`."""

    baseline: Literal["champion"] | Settings
    factor: float = 1.0
    offset: float = 0.0


Side: TypeAlias = "Scaled | Value"


class LimitReader(Record):
    """Reads the limits of one rule."""

    subject: Measured
    verb: type[Verb]
    context: Context

    def limit(self, node: ast.Expr) -> LimitModel:
        """The limit that an expression says; raises Refused after a message when it is none."""
        side = self._side(node)
        if isinstance(side, Scaled):
            return LimitModel(side.baseline, tidy(side.factor), tidy(side.offset))
        return LimitModel(offset=self._number(side, node))

    def number(self, node: ast.Expr) -> float:
        """A plain value in what the subject measures."""
        return self._number(value_of(node, self.context), node)

    def values(self, node: ast.Expr) -> LimitModel:
        """The values after `in [ … ]`."""
        value = value_of(node, self.context)
        if value.dimension != "list":
            raise self.context.refused(
                messages.unfit_limit(self.context.at(node), self._what, value.noun, "a list", "")
            )
        return LimitModel(values=tuple(self._number(item, node) for item in value.content))

    @property
    def _what(self) -> str:
        return f"`{self.subject.word}`"

    def _side(self, node: ast.Expr) -> Side:
        match node:
            case ast.Group(inner=inner):
                return self._side(inner)
            case ast.Arithmetic():
                return self._arithmetic(node)
            case ast.Ref(text="champion"):
                return self._champion(node)
            case ast.Call():
                return self._call(node)
            case ast.Ref() if not is_constant(node, self.context):
                raise self.context.refused(self._unknown(node))
        return value_of(node, self.context)

    def _unknown(self, node: ast.Ref) -> Diagnostic:
        known = [*([CHAMPION] if self.subject.is_model else []), *self.context.home.scope.constants]
        expected = f"a limit is a value, the name of one{', or `champion`' if self.subject.is_model else ''}"
        return messages_names.unknown_constant(self.context.at(node), node.text, known, expected)

    def _champion(self, node: ast.Ref) -> Scaled:
        self._hold_model(node, CHAMPION)
        documentation = "The model in service, measured in the same way."
        self.context.use(node, Symbol(Namespace.SYMBOL, CHAMPION, "", None, None, "", documentation))
        return Scaled("champion")

    def _call(self, node: ast.Call) -> Side:
        registry = self.context.program.registry
        function = registry.function(node.callee.text, (Baseline,))
        if function is not None:
            self._hold_model(node, function.word)
            if not self.subject.tasks:
                at, what = self.context.at(node), self._what
                raise self.context.refused(messages.baseline_without_metric(at, function.word, what))
            self.context.use(node.callee, function_symbol(function))
            return Scaled(evaluate_function(node, node.arguments, function, self.context))
        at = self.context.at(node)
        if is_subject(node.callee, self.verb, self.context):
            raise self.context.refused(messages_rules.two_subjects(at, self._what, node.callee.text))
        raise self.context.refused(messages.unknown_limit(at, node.callee.text, list(registry.functions_of(Baseline))))

    def _hold_model(self, node: ast.Expr, word: str) -> None:
        if not self.subject.is_model:
            at = self.context.at(node)
            raise self.context.refused(messages.baseline_without_metric(at, word, self._what))

    def _arithmetic(self, node: ast.Arithmetic) -> Side:
        left, right = self._side(node.left), self._side(node.right)
        match left, right:
            case Value(), Value():
                return arithmetic(node, left, right, self.context)
            case Scaled(), Value():
                return self._changed(node, left, right)
            case Value(), Scaled() if node.operator in ("+", "*"):
                return self._changed(node, right, left)
        at = self.context.at(node)
        raise self.context.refused(messages.not_linear(at, text_of(node)))

    def _changed(self, node: ast.Arithmetic, side: Scaled, value: Value) -> Scaled:
        match node.operator:
            case "+":
                return self._moved(node, side, value, 1)
            case "-":
                return self._moved(node, side, value, -1)
        if value.dimension not in ("number", "share"):
            at = self.context.at(node)
            raise self.context.refused(messages.unfit_factor(at, text_of(node), value.noun))
        if node.operator == "/" and value.content == 0:
            raise self.context.refused(messages.unfit_factor(self.context.at(node), text_of(node), "zero"))
        factor = value.content if node.operator == "*" else 1 / value.content
        return side.changed(factor=side.factor * factor, offset=side.offset * factor)

    def _moved(self, node: ast.Arithmetic, side: Scaled, value: Value, sign: int) -> Scaled:
        if value.dimension == "share":
            if self.subject.measure == "ratio":
                raise self._ambiguous(node, value, sign)
            factor = 1 + sign * value.content
            return side.changed(factor=side.factor * factor, offset=side.offset * factor)
        if value.dimension == "points" and self.subject.measure == "ratio":
            return side.changed(offset=side.offset + sign * value.content)
        return side.changed(offset=side.offset + sign * self._number(value, node.right))

    def _ambiguous(self, node: ast.Arithmetic, value: Value, sign: int) -> Refused:
        baseline = text_of(node.left)
        points = str(Value("points", value.content))
        factor = str(Value("share", tidy(1 + sign * value.content)))
        return self.context.refused(
            messages.ambiguous_percentage(
                self.context.at(node), self._what, f"{baseline} {node.operator} {points}", f"{baseline} * {factor}"
            )
        )

    def _number(self, value: Value, node: ast.Expr) -> float:
        """A value as a number: shares of 0..1, durations in seconds."""
        match self.subject.measure, value.dimension:
            case "ratio", "share":
                return float(value.content)
            case "ratio", "number" if abs(value.content) <= 1:
                return float(value.content)
            case "target" | "number" | "count", "number":
                return float(value.content)
            case "duration", "duration" if not value.content.months:
                return float(value.content.seconds)
        raise self._unfit(value, node)

    def _noun(self, value: Value) -> str:
        return "months or years" if value.dimension == "duration" and value.content.months else value.noun

    def _unfit(self, value: Value, node: ast.Expr) -> Refused:
        if value.is_secret:
            return self.context.refused(messages_types.secret_limit(self.context.at(node), self._what))
        expected = EXPECTED[self.subject.measure]
        return self.context.refused(
            messages.unfit_limit(
                self.context.at(node), self._what, self._noun(value), expected, _meant(value, self.subject.measure)
            )
        )


EXPECTED = {
    "ratio": "a percentage such as `90%`",
    "target": "a number in the unit of the target",
    "number": "a plain number",
    "count": "a count",
    "duration": "a duration such as `200ms`",
    "truth": "nothing",
}


def _meant(value: Value, measure: str) -> str:
    match measure, value.dimension:
        case "ratio", "number" if 1 < value.content <= 100:
            return f"{value}%"
        case "ratio", "points":
            return str(Value("share", value.content))
        case "number", "share":
            return str(Value("number", value.content))
    return ""
