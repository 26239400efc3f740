"""The words for values that are not what their place takes."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message, replace
from mlopsc.compiler.text import Location


@message("E301", "wrong type")
def wrong_type(
    code: Code, at: Location, place: str, expected: str, found: str, meant: str, hint: str, safe: bool
) -> Diagnostic:
    """A setting, a parameter or a clause has a value of another type than it takes. Units are part of the type: a
    duration is `7d`, a share is `70%`, and names of stages and columns stand without quotes.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = "bikers"
      schema { bikers: int }
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
    fixes = (replace(f"Write `{meant}`", at, meant, safe=safe),) if meant else ()
    label = f"write `{meant}`" if meant else found
    return Diagnostic(code, at, f"{place} takes {expected}, not {found}", label, hint=hint, fixes=fixes)


def wrong_constant(at: Location, place: str, expected: str, found: str, shown: str, defined: Location) -> Diagnostic:
    """A constant of another type."""
    name = at.text
    is_short = shown and len(shown) <= 30
    message = f"{place} takes {expected}, and `{name}` is {found}"
    label = Label(defined, f"`{name}` is {shown}" if is_short else f"`{name}` is defined here")
    return Diagnostic(wrong_type.code, at, message, found, (label,))


def abstract_no_truth(at: Location) -> Diagnostic:
    """`abstract = yes`."""
    return Diagnostic(wrong_type.code, at, "`abstract` takes `true` or `false`", "expected `true` or `false`")


def no_new_name(at: Location, place: str, name: str) -> Diagnostic:
    """`as a.b`."""
    return Diagnostic(wrong_type.code, at, f"{place} takes a new name, and `{name}` has a dot", "a name without a dot")


def no_constant(at: Location, name: str) -> Diagnostic:
    """`limit = a <= b`."""
    hint = "a constant is a literal, arithmetic of such, another constant, or a call such as `group(…)`"
    return Diagnostic(wrong_type.code, at, f"`{name}` is no value: this is a comparison", "not a value", hint=hint)


@message("E315", "exposed secret")
def exposed_secret(code: Code, at: Location, place: str, is_call: bool) -> Diagnostic:
    """The value of a secret reaches code through an environment variable and is never written: not into
    `pipeline.json`, not into generated code, names, tracked parameters, comparisons or logs. So a secret is accepted
    only where a declaration asks for one, such as `connection` of `sql`. Text that a secret is put into with `${…}`
    is secret as a whole.

    wrong:
    ```mlops
    environment dev {
      tracking = secret("TRACKING_URL")
    }
    ```

    right:
    ```mlops
    environment dev {
      tracking = "https://mlflow.example.com"
    }
    ```
    """
    message = f"{place} would expose a secret, because its value is written down"
    label = "secret" if is_call else "this text holds a secret"
    hint = 'secrets are accepted where a parameter asks for one, such as `sql(…, connection = secret("NAME"))`'
    return Diagnostic(code, at, message, label, hint=hint)


def secret_limit(at: Location, what: str) -> Diagnostic:
    """`require mae(test) <= secret("LIMIT")`."""
    message = f"{what} cannot be compared with a secret: limits are written into reports"
    return Diagnostic(exposed_secret.code, at, message, "secret")


def secret_name(at: Location, name: str) -> Diagnostic:
    """`secret("my key")`."""
    message = f"`{name}` cannot be the name of a secret: it is that of an environment variable"
    return Diagnostic(exposed_secret.code, at, message, "letters, digits and `_`", hint='such as `"DATABASE_URL"`')


@message("E331", "newer language")
def newer_language(code: Code, at: Location, version: float, latest: int) -> Diagnostic:
    """A spec says which version of the language it is written in, so that an older compiler does not misread it.

    wrong:
    ```mlops
    pipeline demand {
      language = 2
    }
    ```

    right:
    ```mlops
    pipeline demand {
      language = 1
    }
    ```
    """
    message = f"this spec is written in version {version:g} of the language, and this mlopsc reads version {latest}"
    return Diagnostic(code, at, message, "newer than this mlopsc", hint="install a newer mlopsc")
