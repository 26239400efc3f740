"""The words for splits: their shares, and what may be computed on them."""

from __future__ import annotations

from collections.abc import Mapping

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message, replace
from mlopsc.compiler.semantics.quantities import Value
from mlopsc.compiler.text import Location


@message("E501", "spent split")
def barred_split(code: Code, at: Location, split: str, verb: str) -> Diagnostic:
    """The test rows prove what a model can do with rows that nothing has seen. A search that looks at them chooses what
    does well on them, and afterwards they prove nothing.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      search    = grid(alpha = [0.1, 1])
      minimize mae(test)
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      search    = grid(alpha = [0.1, 1])
      minimize mae(validation)
    }
    ```
    """
    fix = replace("Write `validation`", at, "validation", safe=False)
    message = f"a search that looks at `{split}` leaves nothing to prove the model with"
    hint = f"`{verb}` compares candidates, which is what the `validation` rows are for"
    return Diagnostic(code, at, message, "`validation` here", hint=hint, fixes=(fix,))


@message("E506", "splits that are not the whole")
def shares_not_whole(code: Code, at: Location, shares: Mapping[str, float], total: float) -> Diagnostic:
    """The splits of a data stage add up to 100%: every row is in one of them.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
      split = random(train = 70%, test = 20%)
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
      split = random(train = 70%, validation = 10%, test = 20%)
    }
    ```
    """
    parts = " + ".join(str(Value("share", share)) for share in shares.values() if share)
    whole = str(Value("share", round(total, 6)))
    missing = round(1 - total, 6)
    side = f"{Value('share', abs(missing))} {'are missing' if missing > 0 else 'too much'}"
    empty = [name for name, share in shares.items() if not share]
    hint = f"add `{empty[0]} = {Value('share', missing)}`?" if empty and missing > 0 else "the shares must make 100%"
    return Diagnostic(code, at, f"the splits make {parts} = {whole} of the rows", side, hint=hint)


@message("E507", "split without rows")
def empty_split(code: Code, at: Location, split: str, data: str, split_at: Location, substitute: str) -> Diagnostic:
    """A rule is about a split that has no share of the rows. A search needs rows to compare candidates on: a
    `validation` split, or folds inside the training rows.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema {
        hr:     int
        bikers: int
      }
      check rows >= 1
      split = random(train = 80%, test = 20%)
    }

    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      minimize mae(validation)
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema {
        hr:     int
        bikers: int
      }
      check rows >= 1
      split = random(train = 70%, validation = 10%, test = 20%)
    }

    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      minimize mae(validation)
    }
    ```
    """
    related = (Label(split_at, f"gives `{split}` no rows"),)
    other = f", or set `{substitute} = 5` to compare inside the training rows" if substitute else ""
    hint = f"give it a share, such as `{split} = 10%`{other}"
    return Diagnostic(code, at, f"the split `{split}` of `{data}` has no rows", "no rows", related, hint)
