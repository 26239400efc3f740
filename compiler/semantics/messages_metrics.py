"""The words for metrics that do not fit the target, their direction, or their limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message, replace
from mlopsc.compiler.semantics.describing import article, known, listed
from mlopsc.compiler.semantics.model import ColumnModel
from mlopsc.compiler.semantics.suggestions import meant
from mlopsc.compiler.text import Location

PREDICTIONS = {"regression": "numbers", "binary": "two classes", "multiclass": "several classes"}


@message("E502", "metric for another kind of target")
def wrong_task(
    code: Code,
    at: Location,
    metric: str,
    tasks: Sequence[str],
    task: str,
    target: ColumnModel,
    fitting: Sequence[str],
) -> Diagnostic:
    """What a model predicts follows from the type of the target: `int` and `float` are numbers, `bool` is one of two
    classes, `category` one of several. Errors such as `mae` measure numbers, `accuracy` measures classes.

    wrong:
    ```mlops
    test gate {
      model = demand
      require accuracy(test) >= 90%
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45
    }
    ```
    """
    type_ = f"`{target.type['function']}`"
    related = (Label(target.at, f"the target is {article(type_)}"),)
    measures = PREDICTIONS[tasks[0]] if len(tasks) == 1 else "classes"
    message = f"`{metric}` measures {measures}, and `{target.name}` is {article(type_)}: {PREDICTIONS[task]}"
    hint = f"metrics that would do: {', '.join(f'`{one}`' for one in fitting[:8])}"
    return Diagnostic(code, at, message, f"not for {PREDICTIONS[task]}", related, hint)


@message("E503", "limit on the wrong side")
def wrong_direction(code: Code, at: Location, metric: str, better: str, is_two_sided: bool) -> Diagnostic:
    """A rule asks that a model is good enough: an error at most so large, an accuracy at least so high. The other way
    round, every improvement would fail.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) >= 45
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45
    }
    ```
    """
    if is_two_sided:
        message, side = f"`{metric}` is good when it is {better}", "lower" if better == "lower" else "upper"
        return Diagnostic(code, at, message, f"no {side} end here", hint=f"leave the {side} end out")
    text = at.text
    flipped = text.replace("<", "\0").replace(">", "<").replace("\0", ">")
    fixes = (replace(f"Write `{flipped}`", at, flipped, safe=False),) if flipped != text and len(text) <= 2 else ()
    message = f"`{metric}` is good when it is {better}, and this asks for the opposite"
    return Diagnostic(code, at, message, f"`{flipped}` here" if fixes else "asks for the opposite", fixes=fixes)


@message("E504", "aim in the wrong direction")
def wrong_goal(code: Code, at: Location, metric: str, better: str, verb: str) -> Diagnostic:
    """A search makes an error as small as it can, an accuracy as large as it can.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      maximize mae(validation)
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      minimize mae(validation)
    }
    ```
    """
    fixes = (replace(f"Write `{verb}`", at, verb, safe=False),) if verb else ()
    message = f"`{metric}` is good when it is {better}: the search would choose the worst candidate"
    return Diagnostic(code, at, message, f"`{verb}` here" if verb else "", fixes=fixes)


def goal_of_zero(at: Location, metric: str, verb: str) -> Diagnostic:
    """`minimize bias(validation)`."""
    hint = "aim for an error such as `mae`, and bound this one from both sides in the gate"
    message = f"`{metric}` is best at zero, so nothing is gained when it is smaller"
    return Diagnostic(wrong_goal.code, at, message, f"not for `{verb}`", hint=hint)


@message("E505", "metric that must be exact")
def exact_comparison(code: Code, at: Location, metric: str, operator: str, better: str) -> Diagnostic:
    """A measured value never equals a number exactly; it is at most or at least so large.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) == 45
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45
    }
    ```
    """
    sign = ">=" if better == "higher" else "<="
    fixes = (replace(f"Write `{sign}`", at, sign, safe=False),) if operator in ("==", "!=") else ()
    message = f"`{metric}` is measured, and is never exactly some value"
    return Diagnostic(code, at, message, f"write `{sign}`", fixes=fixes)


@message("E509", "rule that cannot fail")
def cannot_fail(code: Code, at: Location, subject: str, side: str, extreme: str) -> Diagnostic:
    """Whatever is measured, the rule holds: it looks like a safeguard and is none.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 0
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1_000
    }
    ```
    """
    return Diagnostic(code, at, f"`{subject}` is never {side} {extreme}, so this rule cannot fail", "always holds")


@message("E510", "rule that cannot hold")
def cannot_hold(code: Code, at: Location, subject: str, side: str, extreme: str) -> Diagnostic:
    """Whatever is measured, the rule does not hold.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check missing(at) < 0%
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp, missing <= 5% }
      check missing(at) <= 1%
    }
    ```
    """
    return Diagnostic(code, at, f"`{subject}` is never {side} {extreme}, so this rule cannot hold", "never holds")


@message("E518", "unclear class")
def unclear_class(code: Code, at: Location, metric: str, target: str, values: Sequence[Any] | None) -> Diagnostic:
    """With several classes, a metric of one class says which, or how the classes' values become one.

    wrong:
    ```mlops
    test gate {
      model = species
      require recall(test) >= 90%
    }
    ```

    right:
    ```mlops
    test gate {
      model = species
      require recall(test, average = macro) >= 90%
    }
    ```
    """
    one = f'"{values[0]}"' if values else '"…"'
    hint = f"write `class = {one}`, or `average = macro`"
    return Diagnostic(code, at, f"`{metric}` is that of one class, and `{target}` has several", "which one?", hint=hint)


@message("E238", "unknown class")
def unknown_class(
    code: Code, at: Location, name: Any, target: str, values: Sequence[Any], defined: Location
) -> Diagnostic:
    """A metric is about a class that the target's schema does not list.

    wrong:
    ```mlops
    test gate {
      model = species
      require recall(test, class = "setsoa") >= 90%
    }
    ```

    right:
    ```mlops
    test gate {
      model = species
      require recall(test, class = "setosa") >= 90%
    }
    ```
    """
    label, _ = meant(at, str(name), map(str, values))
    related = (Label(defined, "its values are listed here"),)
    message = f"`{target}` is never `{name}`"
    return Diagnostic(code, at, message, label, related, known("values", map(str, values)))


@message("E519", "comparison that nothing assigns")
def unassigned_comparison(
    code: Code, at: Location, setting: str, release: str, data: str, data_at: Location
) -> Diagnostic:
    """Two versions are compared in service. If predictions can change what happens, each user (or shop, or machine)
    must always meet the same version, and be counted as one: `assign` names that column. If they cannot, the data says
    `outcome = independent`, and both versions answer the same requests.

    wrong:
    ```mlops
    release shop {
      model = churn
      gate  = churn_gate
      require accuracy(feedback) >= champion - 1pp at 95% within 28d
    }
    ```

    right:
    ```mlops
    release shop {
      model  = churn
      gate   = churn_gate
      assign = customer
      require accuracy(feedback) >= champion - 1pp at 95% within 28d
    }
    ```
    """
    hint = f"add `{setting} = COLUMN` to `{release}`, or `outcome = independent` to `{data}`"
    related = (Label(data_at, f"`{data}` is declared here"),)
    message = f"`{release}` compares versions with `champion`, and nothing says who meets which"
    return Diagnostic(code, at, message, f"needs `{setting}`", related, hint)


@message("E521", "hopeless expectation")
def hopeless_assumption(code: Code, at: Location, subject: str, operator: str, limit: str) -> Diagnostic:
    """`assuming` is what the model is expected to reach, from which follows how many rows the proof takes. If it does
    not pass the limit itself, no number of rows would be enough.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95% assuming 50
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95% assuming 33
    }
    ```
    """
    message = f"what is expected of `{subject}` does not pass `{operator} {limit}`: no number of rows would prove it"
    label = f"expected a value {'below' if operator.startswith('<') else 'above'} {limit}"
    return Diagnostic(code, at, message, label, hint=f"{listed(['assuming'])} is the value that you hope for")
