"""What each strategy means for routers: the shares of a candidate step by step, and the states that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.release import AB, BlueGreen, Canary, Shadow, Strategy
from mlopsc.stdlib.runtime.release.state import LiveModel, Phase, State
from mlopsc.stdlib.runtime.release.versions import Version

_WHOLE = 1.0


def shares(strategy: Strategy) -> tuple[float, ...]:
    """The candidate's share of the units at each step before it takes over; empty where it takes over at once."""
    match strategy:
        case Canary(steps=steps):
            return tuple(share for share in steps if share < _WHOLE)
        case AB(share=share):
            return (share,)
        case Shadow():
            return (0.0,)
        case BlueGreen(keep=keep) if keep is not None:
            return (_WHOLE,)
    return ()


def step_length(strategy: Strategy) -> Duration | None:
    """How long each step lasts at least; None where only the requirements end it."""
    match strategy:
        case Canary(every=every):
            return every
        case BlueGreen(keep=keep):
            return keep
    return None


def enter(state: State, strategy: Strategy, candidate: Version, at: float, *, is_independent: bool) -> State:
    """What holds when a candidate first meets requests; where nothing served before, it takes over at once."""
    if state.champion is None or not shares(strategy):
        is_kept = isinstance(strategy, BlueGreen) and state.champion is not None
        kept = {number: model for number, model in state.models.items() if is_kept and number == state.champion}
        return take_over(state, candidate.number, candidate.model, at, kept)
    salt = f"{candidate.number}/{state.sequence + 1}"
    begun = replace(
        state,
        phase=Phase.ROLLING,
        candidate=candidate.number,
        models={state.champion: state.models[state.champion], candidate.number: candidate.model},
        salt=salt,
        began=at,
    )
    return at_step(begun, strategy, 0, at, is_independent=is_independent)


def at_step(state: State, strategy: Strategy, step: int, at: float, *, is_independent: bool) -> State:
    """The same rollout at one of its steps, numbered from 0."""
    assert state.champion is not None
    assert state.candidate is not None
    share = shares(strategy)[step]
    weights = {state.champion: round(_WHOLE - share, 12), state.candidate: share}
    shadow: Mapping[int, float] = {}
    if isinstance(strategy, Shadow):
        shadow = {state.candidate: strategy.share}
    elif isinstance(strategy, Canary) and is_independent:
        shadow = {state.champion: _WHOLE, state.candidate: _WHOLE}
    live = {version: weight for version, weight in weights.items() if weight}
    return replace(state, weights=live, shadow=shadow, step=step, since=at)


def take_over(
    state: State, version: int, model: LiveModel, at: float, kept: Mapping[int, LiveModel] | None = None
) -> State:
    """A version answers everything; `kept` are versions that routers keep loaded beside it."""
    models = {**(kept or {}), version: model}
    return State(state.sequence, Phase.SERVING, version, None, {version: _WHOLE}, {}, models, since=at)


def drop_candidate(state: State, at: float) -> State:
    """The champion answers everything again; where nothing ever served, nothing does."""
    if state.champion is None:
        return State(state.sequence, Phase.EMPTY, since=at)
    return take_over(state, state.champion, state.models[state.champion], at)


def percent(share: float) -> str:
    """A share as it is written: `5%`, `12.5%`."""
    return f"{share * 100:.6g}%"
