"""The words for rules: what they are about, what they compare, and the events that others name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Edit, Fix, Label, Severity, message, replace
from mlopsc.compiler.semantics import messages_stages
from mlopsc.compiler.semantics.describing import article, known, listed
from mlopsc.compiler.semantics.suggestions import end_of, meant
from mlopsc.compiler.text import Location


@message("E219", "unknown event")
def unknown_event(code: Code, at: Location, name: str, events: Iterable[str]) -> Diagnostic:
    """`on` names a category of events (`drift quality uptime latency freshness`), a rule by its `as` name or by what it
    watches, or something that happens by itself (`labels_late`, `no_model`, `nothing_new`).

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d
      on drfit do notify("ml@example.com")
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d
      on drift do notify("ml@example.com")
    }
    ```
    """
    events = list(dict.fromkeys(events))
    label, fixes = meant(at, name, events)
    return Diagnostic(code, at, f"there is no event `{name}`", label, hint=known("events", events), fixes=fixes)


@message("E330", "events that are not joined by `or`")
def events_without_or(code: Code, at: Location) -> Diagnostic:
    """Events happen at different times, so that only `or` can join them.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d
      watch mae(feedback) <= 45 over 7d
      on drift and quality do notify("ml@example.com")
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d
      watch mae(feedback) <= 45 over 7d
      on drift or quality do notify("ml@example.com")
    }
    ```
    """
    return Diagnostic(code, at, "events are joined by `or` only", "write `or`, or one rule for each event")


@message("E522", "event that nothing raises", Severity.WARNING)
def event_never_raised(code: Code, at: Location, name: str) -> Diagnostic:
    """`on` waits for a category of events of which the monitor watches nothing.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d
      on latency do notify("ml@example.com")
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch latency(p95) <= 200ms over 1d
      on latency do notify("ml@example.com")
    }
    ```
    """
    message = f"nothing here watches for `{name}`, so this never happens"
    return Diagnostic(code, at, message, "never raised", hint=f"add a `watch` of the category `{name}`")


@message("E322", "missing comparison")
def missing_comparison(code: Code, at: Location, subject: str, measure: str, better: str) -> Diagnostic:
    """A rule about something that is measured says what it is compared with.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test)
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
    value = {"ratio": "90%", "duration": "200ms", "count": "1_000"}.get(measure, "45")
    sign = "<=" if better == "lower" else ">="
    example = f"{at.text} {sign} {value}" if "\n" not in at.text else f"{sign} {value}"
    return Diagnostic(code, at, f"`{subject}` is compared with nothing", "", hint=f"say what must hold: `{example}`")


@message("E323", "needless comparison")
def needless_comparison(
    code: Code, at: Location, subject_at: Location, verb: str, subject: str, compares: bool
) -> Diagnostic:
    """What a search aims for has no limit, and what holds or does not hold (`unique`, `pytest`) is compared with
    nothing.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      minimize mae(validation) <= 45
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
    message = f"`{subject}` holds or does not hold" if compares else f"`{verb}` has an aim and no limit"
    hint = "" if compares else "what a model must reach is a `require` of its gate"
    fixes = (replace(f"Write `{subject_at.text}`", at, subject_at.text, safe=False),)
    return Diagnostic(code, at, message, "compared with nothing", hint=hint, fixes=fixes)


@message("E324", "rule with logic in it")
def rule_with_logic(code: Code, at: Location, verb: str, word: str) -> Diagnostic:
    """One rule states one thing: then its verdict, its history and its alarms are about that thing. What `and` would
    join is two rules; `or` and `not` leave open what was meant.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 or latency(p95) <= 20ms
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45
      require latency(p95) <= 20ms
    }
    ```
    """
    hint = {
        "and": f"write one `{verb}` for each",
        "or": "state the one thing that must hold",
        "not": "turn the comparison round: `<=` instead of `not … >`",
    }[word]
    return Diagnostic(code, at, f"`{verb}` states one thing, without `{word}`", f"`{word}`", hint=hint)


@message("E325", "rule about something else")
def wrong_subject(code: Code, at: Location, name: str, noun: str, verb: str, examples: Sequence[str]) -> Diagnostic:
    """A rule is about something that its verb can judge: `check` about rows, `require` about a model, `watch` about
    production.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { hr: int }
      check hr >= 0
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { hr: int in 0.. }
      check rows >= 1
    }
    ```
    """
    message = f"`{name}` is {article(noun)}, which `{verb}` cannot judge"
    return Diagnostic(code, at, message, f"not for `{verb}`", hint=f"`{verb}` takes, for example, {listed(examples)}")


def no_subject(at: Location, text: str, verb: str, examples: Sequence[str]) -> Diagnostic:
    """`check 5 <= 6`."""
    hint = f"`{verb}` takes, for example, {listed(examples)}"
    return Diagnostic(wrong_subject.code, at, f"`{text}` is nothing that `{verb}` could judge", "no measure", hint=hint)


def column_as_subject(at: Location, name: str, verb: str, defined: Location) -> Diagnostic:
    """`check hr >= 0`."""
    hint = (
        f"what holds in every row is said in the schema (`{name}: int in 0..`); a rule measures, as `mean({name})` does"
    )
    related = (Label(defined, f"`{name}` is declared here"),)
    message = f"`{name}` is a column, and `{verb}` judges a measurement"
    return Diagnostic(wrong_subject.code, at, message, "a column", related, hint)


def two_subjects(at: Location, subject: str, other: str) -> Diagnostic:
    """`require mae(test) <= rmse(test)`."""
    hint = "compare with a value, with `champion`, or with `naive(…)`"
    message = f"{subject} cannot be compared with `{other}`"
    return Diagnostic(wrong_subject.code, at, message, "a second measure", hint=hint)


@message("E326", "comparison in another form")
def tangled_comparison(code: Code, at: Location) -> Diagnostic:
    """A comparison has what is measured on its left, or between two limits. Another model (`champion`, `naive`) stands
    on the right.

    wrong:
    ```mlops
    test gate {
      model = demand
      require champion >= mae(test)
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= champion
    }
    ```
    """
    hint = "write `MEASURE <= LIMIT`, or `LOW <= MEASURE <= HIGH`"
    return Diagnostic(code, at, "this comparison has no plain limit", "", hint=hint)


def baseline_on_the_left(left: Location, right: Location, operator_at: Location, operator: str) -> Diagnostic:
    """`champion >= mae(test)`."""
    edits = (Edit(left, right.text), Edit(operator_at, operator), Edit(right, left.text))
    fix = Fix("Turn it round", edits, safe=True)
    message = f"`{left.text}` stands on the right of a comparison"
    return Diagnostic(tangled_comparison.code, left, message, "on the left", fixes=(fix,))


def outside_a_range(at: Location) -> Diagnostic:
    """`not in 0..5`."""
    message = "a rule cannot ask for a value outside a range"
    hint = "compare with one of the ends"
    return Diagnostic(tangled_comparison.code, at, message, "`not in` takes a list", hint=hint)


def missing_clause(at: Location, verb: str, clause: str, description: str) -> Diagnostic:
    """`on drift` without `do`."""
    hint = f"`{clause}`: {description[:1].lower()}{description[1:].rstrip('.')}"
    message = f"`{verb}` needs `{clause}`"
    return Diagnostic(messages_stages.missing_settings.code, end_of(at), message, f"`{clause} …`", hint=hint)
