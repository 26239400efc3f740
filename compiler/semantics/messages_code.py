"""The words for what stands outside the spec: files, the user's Python, estimators and their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, message, replace
from mlopsc.compiler.semantics.describing import article, known, listed
from mlopsc.compiler.semantics.project import PythonSignature
from mlopsc.compiler.semantics.suggestions import meant
from mlopsc.compiler.text import Location


def _in_quotes(at: Location, path: str, close: str) -> tuple[Fix, ...]:
    """A fix inside a text in quotes, where what is replaced is written as it is."""
    if at.text.count(path) != 1:
        return ()
    return (replace(f"Write `{close}`", at, at.text.replace(path, close), safe=False),)


@message("E223", "missing file")
def missing_file(code: Code, at: Location, path: str, files: Sequence[str]) -> Diagnostic:
    """A spec names a file that is not there. Paths are relative to the folder of the spec. URLs and globs are looked
    up when the pipeline runs.

    wrong:
    ```mlops
    data rides {
      source = csv("data/ridse.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    label, _ = meant(at, path, files)
    close = label.split("`")[1] if label else ""
    fixes = _in_quotes(at, path, close) if close else ()
    hint = "" if close else "paths are relative to the spec"
    return Diagnostic(code, at, f"there is no file `{path}`", label, hint=hint, fixes=fixes)


@message("E224", "unknown name in Python")
def unknown_python_name(code: Code, at: Location, name: str, path: str, names: Sequence[str]) -> Diagnostic:
    """`"file.py:name"` refers to a function or class at the top of a file of the project.

    wrong:
    ```mlops
    data rides {
      source    = csv("data/rides.csv")
      transform = python("prep.py:add_timestmp")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source    = csv("data/rides.csv")
      transform = python("prep.py:add_timestamp")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    label, _ = meant(at, name, names)
    fixes = _in_quotes(at, name, label.split("`")[1]) if label else ()
    hint = known(f"`{path}` defines", names) or f"define it at the top of `{path}`"
    return Diagnostic(code, at, f"`{path}` defines no `{name}`", label, hint=hint, fixes=fixes)


@message("E225", "Python that cannot be read")
def python_syntax(code: Code, at: Location, path: str, line: int, detail: str) -> Diagnostic:
    """The user's Python is read to know what functions take (it is never run to compile), and this file has a mistake
    of syntax, in the words of Python's own parser.
    """
    where, what = (f"line {line}: ", f"line {line} of `{path}`") if line else ("", f"`{path}`")
    return Diagnostic(code, at, f"`{path}` cannot be read: {where}{detail}", "named here", hint=f"correct {what}")


@message("E226", "unknown estimator")
def unknown_estimator(code: Code, at: Location, name: str, estimators: Iterable[str]) -> Diagnostic:
    """`sklearn("…")` takes the name of an estimator below `sklearn.`, its module included.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("RandomForestRegressor")
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
    estimators = list(estimators)
    last = name.rpartition(".")[2]
    exact = next((one for one in estimators if one.rpartition(".")[2] == last), "")
    if exact:
        fix = replace(f"Write `{exact}`", at, at.text.replace(name, exact))
        return Diagnostic(code, at, f"scikit-learn has no `{name}`", f"`{exact}` here", fixes=(fix,))
    if "." in name and name.partition(".")[0] not in {one.partition(".")[0] for one in estimators}:
        hint = 'what another package brings is made in a function of yours: `python("model.py:make")`'
        return Diagnostic(code, at, f"scikit-learn has no `{name}`", "of another package", hint=hint)
    label, _ = meant(at, name, estimators)
    if not label:
        label, _ = meant(at, last, [one.rpartition(".")[2] for one in estimators])
        close = next((one for one in estimators if label and one.endswith(f".{label.split('`')[1]}")), "")
        label = f"did you mean `{close}`?" if close else ""
    fixes = _in_quotes(at, name, label.split("`")[1]) if label else ()
    hint = "" if label else "names are written below `sklearn.`, such as `ensemble.RandomForestRegressor`"
    return Diagnostic(code, at, f"scikit-learn has no estimator `{name}`", label, hint=hint, fixes=fixes)


def no_predictor(at: Location, name: str) -> Diagnostic:
    """A transformer, a clusterer."""
    message = f"`{name}` predicts neither numbers nor classes"
    hint = 'a step that computes features belongs into a class of your own: `features = python("features.py:Name")`'
    return Diagnostic(unknown_estimator.code, at, message, "not an estimator of a target", hint=hint)


@message("E227", "unknown parameter of an estimator")
def unknown_estimator_parameter(
    code: Code, at: Location, name: str, owner: str, parameters: Mapping[str, str], is_tried: bool
) -> Diagnostic:
    """A parameter is given to an estimator, or tried by a search, that the estimator does not have.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge", alhpa = 0.5)
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge", alpha = 0.5)
    }
    ```
    """
    label, fixes = meant(at, name, parameters)
    what = "to search" if is_tried else ""
    message = f"`{owner}` has no parameter `{name}` {what}".rstrip()
    hint = known("parameters", parameters) or f"`mlopsc explain {owner}` lists them"
    return Diagnostic(code, at, message, label, hint="" if fixes else hint, fixes=fixes)


@message("E316", "function that takes something else")
def wrong_arity(
    code: Code, at: Location, found: PythonSignature, takes: int, lacking: Sequence[str], one_per: str
) -> Diagnostic:
    """A function of the project cannot be called with what it will get: a transformation gets one DataFrame (or one of
    each stage in `from`), a check gets the DataFrame, a metric the true and the predicted values.

    wrong:
    ```mlops
    data rides {
      source    = csv("data/rides.csv")
      transform = python("prep.py:merge")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source    = csv("data/rides.csv")
      transform = python("prep.py:add_timestamp")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    given = "nothing" if takes == 0 else "one argument" if takes == 1 else f"{takes} arguments"
    names = [one.name for one in found.parameters if one.kind == "positional" and one.default is None]
    needs = [*names, *lacking]
    wants = f"takes {listed(needs)}" if needs else "takes none"
    message = f"`{found.name}` is called with {given}, and it {wants}"
    hint = "change its parameters, or give them defaults"
    if one_per and takes > 1:
        hint = f"it gets one DataFrame of each stage in `{one_per}`, in that order"
    return Diagnostic(code, at, message, f"{found.path}:{found.line}", hint=hint)


@message("E317", "Python of another kind")
def wrong_python_kind(code: Code, at: Location, place: str, found: PythonSignature, wanted: str) -> Diagnostic:
    """A function stands where a class is needed, or the other way round, or it is `async`.

    wrong:
    ```mlops
    train demand {
      data      = rides
      features  = python("prep.py:add_timestamp")
      estimator = sklearn("linear_model.Ridge")
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("linear_model.Ridge")
    }
    ```
    """
    message = f"`{found.name}` is {article(found.kind)}, and {place} takes {article(wanted)}"
    return Diagnostic(code, at, message, f"{found.path}:{found.line}")


def coroutine(at: Location, name: str, path: str, line: int) -> Diagnostic:
    """`async def`."""
    message = f"`{name}` is `async`, and nothing would wait for it"
    return Diagnostic(wrong_python_kind.code, at, message, f"{path}:{line}", hint="define it with `def`")


def not_callable(at: Location, name: str, path: str) -> Diagnostic:
    """A constant of the module."""
    message = f"`{name}` in `{path}` is neither a function nor a class"
    return Diagnostic(wrong_python_kind.code, at, message, "cannot be called")


def python_outside(at: Location, path: str) -> Diagnostic:
    """`../lib.py:f`."""
    message = f"`{path}` lies outside the project"
    hint = "move it below the folder of the spec: it is copied with the model"
    return Diagnostic(wrong_python_kind.code, at, message, "outside", hint=hint)


@message("E318", "reference that is none")
def malformed_reference(code: Code, at: Location, text: str) -> Diagnostic:
    """A function or class of the project is referred to by its file and its name: `"prep.py:add_timestamp"`.

    wrong:
    ```mlops
    data rides {
      source    = csv("data/rides.csv")
      transform = python("prep.add_timestamp")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source    = csv("data/rides.csv")
      transform = python("prep.py:add_timestamp")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    module, _, name = text.rpartition(".")
    is_dotted = bool(module) and name.isidentifier() and name != "py" and ":" not in text
    fixed = f"{module.replace('.', '/')}.py:{name}"
    fixes = (replace(f"Write `{fixed}`", at, f'"{fixed}"', safe=False),) if is_dotted else ()
    return Diagnostic(code, at, f"`{text}` names no function", 'expected `"file.py:name"`', fixes=fixes)


@message("E319", "class without its methods")
def missing_methods(code: Code, at: Location, found: PythonSignature, methods: Sequence[str]) -> Diagnostic:
    """A feature step is a class with scikit-learn's `fit` and `transform`.

    wrong:
    ```mlops
    train demand {
      data      = rides
      features  = python("features.py:Half")
      estimator = sklearn("linear_model.Ridge")
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("linear_model.Ridge")
    }
    ```
    """
    message = f"the class `{found.name}` has no {listed([f'{one}()' for one in methods], 'and no')}"
    return Diagnostic(code, at, message, f"{found.path}:{found.line}", hint="define it; both are called")


def missing_parameters(at: Location, owner: str, names: Sequence[str], path: str, line: int) -> Diagnostic:
    """`python("features.py:Calendar")` of a class whose constructor needs something."""
    hint = f"write `python(…, {names[0]} = …)`, or give it a default"
    message = f"`{owner}` cannot be made without {listed(names)}"
    return Diagnostic(wrong_arity.code, at, message, f"{path}:{line}", hint=hint)


@message("E320", "value that a parameter does not take")
def unfit_parameter(code: Code, at: Location, name: str, owner: str, expected: str, close: str) -> Diagnostic:
    """A parameter of an estimator or of a class of the project has a value that it does not accept: scikit-learn
    checks the same when a model is fitted, after the data has been read.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("ensemble.RandomForestRegressor", n_estimators = 0.5)
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("ensemble.RandomForestRegressor", n_estimators = 50)
    }
    ```
    """
    message = f"`{name}` of `{owner}` takes {expected}, not `{at.text}`"
    fixes = (replace(f"Write {close}", at, close, safe=False),) if close else ()
    return Diagnostic(code, at, message, f"did you mean {close}?" if close else f"expected {expected}", fixes=fixes)


@message("E321", "values to try")
def not_listed(code: Code, at: Location, name: str, with_ranges: bool) -> Diagnostic:
    """A search is given, for each parameter, the list of the values to try; one that draws at random takes ranges too.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      search    = grid(alpha = 0.1)
      minimize mae(validation)
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
    expected = "a list or a range" if with_ranges else "a list"
    is_range = ".." in at.text
    fixes = () if is_range or at.text.startswith("[") else (replace("Make it a list", at, f"[{at.text}]", safe=False),)
    hint = "`random(…)` draws from ranges" if is_range and not with_ranges else ""
    message = f"a search tries {expected} of values for `{name}`"
    return Diagnostic(code, at, message, "list them", hint=hint, fixes=fixes)


def open_range(at: Location, place: str) -> Diagnostic:
    """`1..`."""
    return Diagnostic(not_listed.code, at, f"the range of {place} has no end", "write both ends, as in `0.01..0.3`")


def empty_range(at: Location, place: str) -> Diagnostic:
    """`3..1`."""
    return Diagnostic(not_listed.code, at, f"the range of {place} is empty", "the smaller end goes first")
