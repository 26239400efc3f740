"""The words for targets, features and estimators that do not go together."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message, replace
from mlopsc.compiler.semantics.describing import article, known
from mlopsc.compiler.text import Location


@message("E513", "column that cannot be the target")
def target_with_role(code: Code, at: Location, name: str, role: str, defined: Location) -> Diagnostic:
    """The target is what a model predicts: a number, a truth value or a category, with no other role. A column of role
    `leak`, for one, is known only once the target is.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema { bikers: int role leak }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema { bikers: int }
      check rows >= 1
    }
    ```
    """
    related = (Label(defined, f"`{name}` is declared here"),)
    message = f"`{name}` has the role `{role}` and cannot be the target too"
    return Diagnostic(code, at, message, f"role `{role}`", related, "remove the role, or name another column")


def target_of_type(at: Location, name: str, type_: str, fitting: Sequence[str], defined: Location) -> Diagnostic:
    """`target = at`, a timestamp."""
    related = (Label(defined, f"`{name}` is declared here"),)
    hint = known("types of targets", fitting)
    message = f"`{name}` is {article(f'`{type_}`')} column, and nothing predicts that"
    return Diagnostic(target_with_role.code, at, message, f"`{type_}`", related, hint)


@message("E514", "nothing to learn from")
def no_features(code: Code, at: Location, name: str, data: str, hidden: Sequence[str], data_at: Location) -> Diagnostic:
    """A model learns from the columns that are neither the target nor of a role such as `id`, `leak` or `ignore`. Text
    and times reach an estimator only through `features`.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema {
        casual: int role leak
        bikers: int
      }
      check rows >= 1
      split = random(train = 70%, validation = 10%, test = 20%)
    }

    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema {
        hr:     int
        casual: int role leak
        bikers: int
      }
      check rows >= 1
      split = random(train = 70%, validation = 10%, test = 20%)
    }

    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }
    ```
    """
    related = (Label(data_at, f"`{data}` is declared here"),)
    names = ", ".join(f"`{one}`" for one in hidden)
    hint = f'only a feature step makes something of {names}: `features = python("features.py:Name")`' if hidden else ""
    message = f"`{data}` has no column that `{name}` could learn from"
    return Diagnostic(code, at, message, "no features", related, hint or "declare the columns that it may see")


@message("E523", "column that no estimator takes")
def indirect_feature(code: Code, at: Location, name: str, type_: str, train: str) -> Diagnostic:
    """Estimators take numbers, truth values and categories. Text, timestamps and dates reach them only through a
    `features` step, which turns them into such columns.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema {
        hr:     int
        note:   text
        bikers: int
      }
      check rows >= 1
      split = random(train = 70%, validation = 10%, test = 20%)
    }

    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema {
        hr:     int
        note:   text role ignore
        bikers: int
      }
      check rows >= 1
      split = random(train = 70%, validation = 10%, test = 20%)
    }

    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }
    ```
    """
    message = f"`{name}` is {article(f'`{type_}`')} column, which no estimator takes as it is"
    hint = f"turn it into numbers in a `features` step of `{train}`, or give it the role `ignore`"
    if type_ == "text":
        hint = f"{hint}; with few values it is a `category`"
    return Diagnostic(code, at, message, f"`{train}` would learn from it", hint=hint)


@message("E515", "estimator for another kind of target")
def wrong_estimator(
    code: Code, at: Location, name: str, task: str, target: str, type_: str, target_at: Location, twin: str
) -> Diagnostic:
    """A regressor predicts numbers, a classifier classes; which is wanted follows from the type of the target.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("ensemble.RandomForestClassifier")
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("ensemble.RandomForestRegressor")
    }
    ```
    """
    predicts = "numbers" if task == "regression" else "classes"
    related = (Label(target_at, f"the target is {article(f'`{type_}`')}"),)
    fixes = (replace(f"Write `{twin}`", at, at.text.replace(name, twin), safe=False),) if twin else ()
    message = f"`{name.rpartition('.')[2]}` predicts {predicts}, and `{target}` is {article(f'`{type_}`')} column"
    label = f"did you mean `{twin}`?" if twin else f"predicts {predicts}"
    return Diagnostic(code, at, message, label, related, fixes=fixes)


@message("E524", "rows that a model cannot predict for")
def unlearned_rows(
    code: Code, at: Location, name: str, learned: str, data: str, missing: Sequence[str], data_at: Location
) -> Diagnostic:
    """A model predicts from the columns that it learned from; rows without one of them cannot be scored.

    wrong:
    ```mlops
    data tonight {
      source = csv("data/rides.csv")
      key    = at
      schema {
        at: timestamp
        hr: int
      }
      check rows >= 1
    }

    score nightly {
      model = demand
      data  = tonight
    }
    ```

    right:
    ```mlops
    data tonight {
      source = csv("data/rides.csv")
      key    = at
      schema {
        at:         timestamp
        hr:         int
        weathersit: category
        temp:       float
      }
      check rows >= 1
    }

    score nightly {
      model = demand
      data  = tonight
    }
    ```
    """
    listed = ", ".join(f"`{one}`" for one in missing)
    message = f"the model of `{name}` learned from {listed} of `{learned}`, which `{data}` does not have"
    related = (Label(data_at, f"`{data}` is declared here"),)
    return Diagnostic(code, at, message, "nothing to predict from", related, f"declare {listed} in `{data}`")
