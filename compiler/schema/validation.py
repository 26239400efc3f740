"""Instances of declarations from JSON, by pydantic; imported only when something is validated."""

from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic_core import CoreSchema, core_schema

from mlopsc.compiler.schema.declarations import Declaration, Function
from mlopsc.compiler.schema.parameters import Parameter

_CONFIG = ConfigDict(extra="forbid", populate_by_name=True, protected_namespaces=())
_models: dict[type[Declaration], type[BaseModel]] = {}


def validate(declaration: type[Declaration], value: Any) -> Any:
    """An instance of the declaration, or of the function of this family that `value` calls.

    Raises pydantic's ValidationError.
    """
    return TypeAdapter(declaration).validate_python(value)


def read(declaration: type[Declaration], value: Any) -> Declaration:
    """As `validate`, inside a validation that is going on; raises ValueError."""
    if isinstance(value, declaration):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"expected {_described(declaration)}, got {value!r}")
    chosen = declaration
    if issubclass(declaration, Function) and "function" in value:
        chosen = declaration.named(value["function"])
        value = {key: part for key, part in value.items() if key != "function"}
    return chosen(**vars(_model_of(chosen).model_validate(value)))


def schema_of(declaration: type[Declaration]) -> CoreSchema:
    """What pydantic is told of a declaration."""
    return core_schema.no_info_plain_validator_function(partial(read, declaration))


def _described(declaration: type[Declaration]) -> str:
    if issubclass(declaration, Function) and declaration.family:
        return f"a call of a {declaration.family}"
    return f"the settings of `{declaration.word}`"


def _model_of(declaration: type[Declaration]) -> type[BaseModel]:
    if declaration not in _models:
        fields: dict[str, Any] = {one.name: _field(one) for one in declaration.accepts().values()}
        _models[declaration] = create_model(declaration.__name__, __config__=_CONFIG, **fields)
    return _models[declaration]


def _field(parameter: Parameter) -> tuple[Any, Any]:
    constraints: dict[str, Any] = dict(parameter.constraints)
    return parameter.annotation, Field(parameter.default, alias=parameter.word, **constraints)
