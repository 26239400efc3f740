"""Whether a rule can mean what it says: its metric, its split, its direction and its limit."""

from __future__ import annotations

from mlopsc.compiler.schema.declarations import Better, StageKind, Task
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics import messages_metrics as messages
from mlopsc.compiler.semantics import messages_splits
from mlopsc.compiler.semantics.context import Context, DataView
from mlopsc.compiler.semantics.model import ComparisonModel, RuleModel
from mlopsc.compiler.semantics.quantities import Value
from mlopsc.compiler.semantics.spelling import CHAMPION, operands
from mlopsc.compiler.semantics.subjects import Measured
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location

DOWN, UP = ("<", "<="), (">", ">=")


def judge_rule(rule: RuleModel, subject: Measured, node: ast.Rule, context: Context) -> None:
    """Raises Refused after a message when the rule cannot mean what it says."""
    _hold_split(rule, subject, node, context)
    _hold_task(rule, subject, node, context)
    if rule.declaration.direction:
        _hold_goal(rule, subject, node, context)
    for comparison in rule.comparisons:
        _hold_direction(comparison, subject, len(rule.comparisons) > 1, context)
        _hold_bounds(comparison, subject, context)
    _hold_assignment(rule, subject, context)
    _hold_assumption(rule, subject, context)


def tasks_of(registry: Registry) -> dict[str, Task | None]:
    """What a model of a target of each column type predicts."""
    return {word: column.task for word, column in registry.column_types.items()}


def _data(context: Context) -> DataView | None:
    """The data stage that a rule's names mean, where all of it is known."""
    data = context.view.only_data if context.view else None
    return data if data is not None and data.is_complete else None


def _split_at(node: ast.Rule, split: str, context: Context) -> Location:
    """Where a rule names a split."""
    for operand in operands(node.subject):
        if isinstance(operand, ast.Call):
            for argument in operand.arguments:
                if isinstance(argument.value, ast.Ref) and argument.value.parts[-1].text == split:
                    return context.at(argument.value)
    return context.at(node.subject)


def _hold_split(rule: RuleModel, subject: Measured, node: ast.Rule, context: Context) -> None:
    split, view = subject.split, context.view
    if not isinstance(split, str) or view is None:
        return
    at = _split_at(node, split, context)
    if split in rule.declaration.barred:
        raise context.refused(messages_splits.barred_split(at, split, rule.verb))
    data = _data(context)
    if data is None or data.splits is None or data.splits.get(split) != 0:
        return
    substitute = view.kind.held_out.get(split, "") if issubclass(view.kind, StageKind) else ""
    if substitute not in view.written:
        split_at = data.settings["split"].value_at if "split" in data.settings else data.at
        raise context.refused(messages_splits.empty_split(at, split, data.stage, split_at, substitute))


def _hold_task(rule: RuleModel, subject: Measured, node: ast.Rule, context: Context) -> None:
    data = _data(context)
    task = data.task(tasks_of(context.program.registry)) if data else None
    if data is None or data.target is None or task is None or not subject.tasks:
        return
    target = data.target
    if task not in subject.tasks:
        fitting = [
            one.word
            for family in rule.declaration.subjects
            for one in context.program.registry.functions_of(family).values()
            if task in getattr(one, "tasks", ()) and getattr(one, "better", "") in ("lower", "higher")
        ]
        found = messages.wrong_task(rule.subject_at, subject.word, subject.tasks, task, target, fitting)
        raise context.refused(found)
    if subject.of_one_class:
        _hold_class(subject, task, data, rule, node, context)


def _class_at(node: ast.Rule, context: Context) -> Location:
    """Where a metric says its class."""
    calls = [operand for operand in operands(node.subject) if isinstance(operand, ast.Call)]
    arguments = [one for call in calls for one in call.arguments if one.name is not None and one.name.text == "class"]
    return context.at(arguments[0].value if arguments else node.subject)


def _hold_class(
    subject: Measured, task: Task, data: DataView, rule: RuleModel, node: ast.Rule, context: Context
) -> None:
    """A metric of one class says which, unless there is one that is plainly meant: `true`."""
    target, given = data.target, subject.call.get("class")
    assert target is not None
    if given is None and subject.call.get("average") is None and (task == "multiclass" or target.values is not None):
        raise context.refused(messages.unclear_class(rule.subject_at, subject.word, target.name, target.values))
    if given is not None and target.values is not None and given not in target.values:
        at = _class_at(node, context)
        raise context.refused(messages.unknown_class(at, given, target.name, target.values, target.at))


def _hold_goal(rule: RuleModel, subject: Measured, node: ast.Rule, context: Context) -> None:
    """What a search aims for goes the way that is good."""
    better, direction = subject.better, rule.declaration.direction
    if better in ("lower", "higher") and better != direction:
        kind = context.view.kind.word if context.view else ""
        verbs = context.program.registry.verbs_of(kind)
        right = next((word for word, verb in verbs.items() if verb.direction == better), "")
        raise context.refused(messages.wrong_goal(context.at(node.verb), subject.word, better, right))
    if better == "zero":
        raise context.refused(messages.goal_of_zero(rule.subject_at, subject.word, rule.verb))


def _hold_direction(comparison: ComparisonModel, subject: Measured, is_two_sided: bool, context: Context) -> None:
    operator = comparison.operator
    wrong: dict[Better, tuple[str, ...]] = {"lower": UP, "higher": DOWN}
    if operator in wrong.get(subject.better, ()):
        at = comparison.at
        raise context.refused(messages.wrong_direction(at, subject.word, subject.better, is_two_sided))
    if subject.better and operator in ("==", "!=", "in", "not in"):
        raise context.refused(messages.exact_comparison(comparison.at, subject.word, operator, subject.better))


def _hold_bounds(comparison: ComparisonModel, subject: Measured, context: Context) -> None:
    """The limit leaves both outcomes possible."""
    if comparison.limit.baseline is not None or comparison.limit.values is not None:
        return
    always, never = _outcomes(comparison.operator, comparison.limit.offset, subject.least, subject.most)
    if always or never:
        side = "below" if (comparison.operator in UP) == always else "above"
        extreme = subject.least if side == "below" else subject.most
        shown = spelled(extreme or 0, subject.measure)
        make = messages.cannot_fail if always else messages.cannot_hold
        raise context.refused(make(comparison.at, subject.word, side, shown))


def _outcomes(operator: str, limit: float, least: float | None, most: float | None) -> tuple[bool, bool]:
    """Whether a comparison always holds, and whether it never does."""
    low = float("-inf") if least is None else least
    high = float("inf") if most is None else most
    match operator:
        case ">=":
            return limit <= low, limit > high
        case ">":
            return limit < low, limit >= high
        case "<=":
            return limit >= high, limit < low
        case "<":
            return limit > high, limit <= low
        case "==":
            return False, not low <= limit <= high
    return not low <= limit <= high, False


def spelled(number: float, measure: str) -> str:
    """A value of a measure as it would be written."""
    return str(Value("share" if measure == "ratio" else "number", number))


def _hold_assignment(rule: RuleModel, subject: Measured, context: Context) -> None:
    """Versions that are compared on different units need to know which unit got which."""
    view, needed = context.view, rule.declaration.assigned_by
    is_compared = any(comparison.limit.baseline == CHAMPION for comparison in rule.comparisons)
    data = _data(context)
    if view is None or data is None or not needed or not subject.tasks or not is_compared or needed in view.written:
        return
    outcome = data.settings.get("outcome")
    if outcome is None or outcome.value != "independent":
        raise context.refused(messages.unassigned_comparison(view.at, needed, view.name, data.stage, data.at))


def _hold_assumption(rule: RuleModel, subject: Measured, context: Context) -> None:
    """What is expected lies on the side of the limit that passes."""
    expected = rule.clauses.get("assuming")
    if not isinstance(expected, int | float):
        return
    for comparison in rule.comparisons:
        limit = comparison.limit
        if limit.baseline is None and limit.values is None and not _passes(expected, comparison.operator, limit.offset):
            shown = spelled(limit.offset, subject.measure)
            at = rule.clause_at["assuming"]
            raise context.refused(messages.hopeless_assumption(at, subject.word, comparison.operator, shown))


def _passes(value: float, operator: str, limit: float) -> bool:
    return value < limit if operator in DOWN else value > limit if operator in UP else True
