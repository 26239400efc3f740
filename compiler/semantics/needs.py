"""What a function asks of the data, of its own arguments, and of the stages that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.schema.types import rest_of, type_of
from mlopsc.compiler.semantics import messages_columns, messages_splits
from mlopsc.compiler.semantics.context import Claim, Context, DataView
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.rest import hold_required
from mlopsc.compiler.text import Location

if TYPE_CHECKING:
    from pydantic import JsonValue

WHOLE = 1e-9
"""How far from 100% the sum of the splits may be: rounding, no more."""


class Called(Record):
    """A call whose arguments are right: the function, its name, the arguments, and where it stands."""

    function: type[Function]
    word: str
    found: Mapping[str, JsonValue]
    at: Location
    context: Context

    @property
    def data(self) -> DataView | None:
        """The data stage that its names mean, where all of it is known."""
        data = self.context.view.only_data if self.context.view else None
        return data if data is not None and data.is_complete else None


def hold_needs(call: Called) -> None:
    """Raises Refused after a message when something that the function needs is not there.

    What it asks of stages that it names is noted, and held when all stages are known.
    """
    function, claims = call.function, call.context.trace.claims
    accepts = function.accepts()
    rest = rest_of(accepts.items())
    if function.makes_splits:
        _hold_whole(call)
    if rest is not None and rest[1].of == "class":
        hold_required(call.found, rest[0], call.at, call.context)
    if function.gated:
        claims.append(Claim("gated", call.word, str(call.found[function.gated]), call.at))
    named = [word for word, one in accepts.items() if isinstance(type_of(one), types.StageRef)]
    for need in function.data_needs:
        if named:
            claims.append(Claim(need, call.word, str(call.found[named[0]]), call.at))
        else:
            _hold_data_need(call, need)
    _hold_roles(call)


def _hold_data_need(call: Called, need: str) -> None:
    data = call.data
    if data is not None and need not in data.written:
        found = messages_columns.data_lacks(call.at, f"`{call.word}`", need, data.stage, data.at)
        call.context.findings.report_once(f"{data.stage} lacks {need}", found)
        raise Refused


def _hold_roles(call: Called) -> None:
    """A column that may be left out because of its role is the only one of that role."""
    data = call.data
    for word, parameter in call.function.accepts().items():
        type_ = type_of(parameter)
        if data is None or word in call.found or not isinstance(type_, types.ColumnRef) or not type_.of_role:
            continue
        columns = [column.name for column in data.columns.values() if column.role == type_.of_role]
        if len(columns) != 1:
            found = messages_columns.no_column_of_role(call.at, call.word, word, type_.of_role, columns)
            raise call.context.refused(found)


def _hold_whole(call: Called) -> None:
    """The splits add up to 100%."""
    shares = {
        word: cast(float, call.found.get(word, parameter.default))
        for word, parameter in call.function.accepts().items()
        if type_of(parameter) == types.Plain("share")
    }
    total = sum(shares.values())
    if abs(total - 1) > WHOLE:
        raise call.context.refused(messages_splits.shares_not_whole(call.at, shares, total))
