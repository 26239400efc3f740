"""The words for the right side of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, message, replace
from mlopsc.compiler.semantics.describing import listed
from mlopsc.compiler.semantics.suggestions import meant
from mlopsc.compiler.text import Location


@message("E305", "ambiguous percentage")
def ambiguous_percentage(code: Code, at: Location, what: str, points: str, factor: str) -> Diagnostic:
    """A percentage of a percentage can mean two things: with a champion of 90%, `champion - 1%` could be 89% (one point
    less) or 89.1% (one hundredth less). Percentage points are written `1pp`, the other is a factor.

    wrong:
    ```mlops
    test gate {
      model = churn
      require accuracy(test) >= champion - 1% at 95%
    }
    ```

    right:
    ```mlops
    test gate {
      model = churn
      require accuracy(test) >= champion - 1pp at 95%
    }
    ```
    """
    fixes = tuple(replace(f"Write `{text}`", at, text, safe=False) for text in (points, factor))
    message = f"{what} is a percentage itself, so `{at.text}` could mean two things"
    hint = f"write `{points}` for percentage points, or `{factor}` for a share of it"
    return Diagnostic(code, at, message, "points, or a share of it?", hint=hint, fixes=fixes)


@message("E306", "limit in another unit")
def unfit_limit(code: Code, at: Location, what: str, found: str, expected: str, meant_text: str) -> Diagnostic:
    """A limit has the unit of what is measured: an error has that of the target, a latency is a duration, an accuracy
    a percentage. A percentage needs something that it is a percentage of: `champion + 5%`, `naive(168h) * 90%`.

    wrong:
    ```mlops
    test gate {
      model = demand
      require latency(p95) <= 20
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require latency(p95) <= 20ms
    }
    ```
    """
    fixes = (replace(f"Write `{meant_text}`", at, meant_text, safe=False),) if meant_text else ()
    label = f"did you mean `{meant_text}`?" if meant_text else f"expected {expected}"
    hint = ""
    if found == "a percentage" and "target" in expected:
        hint = "a percentage of another model is relative: `champion + 5%`, `naive(168h) * 90%`"
    elif found == "a number" and "duration" in expected:
        hint = f"give the number its unit: `{at.text}ms` or `{at.text}s`"
    elif found == "months or years":
        hint = "the calendar's units have no fixed length: use `d` or smaller ones"
    elif found == "percentage points":
        hint = "points are the difference of two percentages, as in `champion - 1pp`"
    return Diagnostic(code, at, f"{what} is measured as {expected}, not as {found}", label, hint=hint, fixes=fixes)


@message("E327", "baseline without a model")
def baseline_without_metric(code: Code, at: Location, word: str, what: str) -> Diagnostic:
    """`champion` is the same measure of the model in service, `naive(168h)` that of a forecast by the value of a week
    ago: both stand on the right of a comparison that has a metric on its left.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= champion
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
    return Diagnostic(code, at, f"{what} is no metric of a model, so there is no `{word}` of it", "no such model")


@message("E328", "limit that is no limit")
def not_linear(code: Code, at: Location, text: str) -> Diagnostic:
    """A limit is a value, or another model's measure times a number plus a value: `champion * 1.05`, `champion + 2`,
    `naive(168h) * 90%`.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 100 - champion
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= champion + 5%
    }
    ```
    """
    hint = "write the other model first: `champion + 5%`, `naive(168h) * 90%`"
    return Diagnostic(code, at, f"`{text}` is no limit", "one model, times a number, plus a value", hint=hint)


def unfit_factor(at: Location, text: str, noun: str) -> Diagnostic:
    """`champion * 7d`, `champion / 0`."""
    return Diagnostic(not_linear.code, at, f"`{text}` is no limit: {noun} is no factor", "expected a number")


def unknown_limit(at: Location, name: str, baselines: Sequence[str]) -> Diagnostic:
    """`<= baseline(168h)`."""
    label, _ = meant(at, name, baselines)
    hint = f"a limit is a value, `champion`, or {listed([f'{one}(…)' for one in baselines], 'or')}"
    return Diagnostic(not_linear.code, at, f"a call of `{name}` is no limit", label, hint=hint)
