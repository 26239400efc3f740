"""The candidates of a search, the same and in the same order each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.train import GridSearch, RandomSearch, Search

Parameters = dict[str, Any]


def list_candidates(search: Search | None) -> list[Parameters]:
    """The parameters of each candidate; one without changes where nothing is searched. Raises StageFailure."""
    match search:
        case None:
            return [{}]
        case GridSearch(parameters=parameters):
            return _every({name: _values(name, value) for name, value in parameters.items()})
        case RandomSearch(parameters=parameters):
            return _drawn({name: _choices(name, value) for name, value in parameters.items()}, search)
        case _:
            raise StageFailure(f"`{search.word}` does not run yet", "use `grid` or `random`", setting="search")


def describe(parameters: Mapping[str, Any]) -> str:
    """Parameters as a spec writes them: `max_depth = 4, learning_rate = 0.05`."""
    return ", ".join(f"{name} = {value!r}" for name, value in parameters.items()) or "as declared"


def _every(values: Mapping[str, Sequence[Any]]) -> list[Parameters]:
    from sklearn.model_selection import ParameterGrid

    return [{name: one[name] for name in values} for one in ParameterGrid(dict(values))]


def _drawn(choices: Mapping[str, Any], search: RandomSearch) -> list[Parameters]:
    import warnings

    from sklearn.model_selection import ParameterSampler

    with warnings.catch_warnings():
        # Fewer combinations than draws: then all of them are candidates, which is no news.
        warnings.simplefilter("ignore", UserWarning)
        drawn = list(ParameterSampler(dict(choices), search.candidates, random_state=search.seed))
    return [{name: _plain(one[name]) for name in choices} for one in drawn]


def _values(name: str, value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        raise StageFailure(f"`{name}` has a range, and a grid tries every value", "list them", setting="search")
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        raise StageFailure(f"`{name}` has no value to try", "list some", setting="search")
    return values


def _choices(name: str, value: Any) -> Any:
    """A list as it is, a range as a distribution: whole numbers where both ends are, else a uniform one."""
    from scipy.stats import randint, uniform

    match value:
        case {"low": int(low), "high": int(high)}:
            return randint(low, high + 1)
        case {"low": int() | float() as low, "high": int() | float() as high}:
            return uniform(low, high - low)
        case Mapping():
            raise StageFailure(f"the range of `{name}` is open", "give both ends: `0.01..0.3`", setting="search")
        case _:
            return _values(name, value)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
