"""The description of a service for programs (OpenAPI 3.1), with the columns that it really takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.schema import EXAMPLES
from mlopsc.stdlib.runtime.data.typed import levels_of
from mlopsc.stdlib.runtime.serve.rows import RequestColumn, RequestSchema
from mlopsc.stdlib.runtime.service.deployment import Deployment

_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "int": {"type": "integer"},
    "float": _NUMBER,
    "bool": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
}
_KEY = "By which rows are assigned to a version: the same key, the same version, for as long as its share only grows."
_REFUSALS = {
    "400": "The body cannot be read.",
    "401": "The token is missing or wrong, where the service has one.",
    "413": "The body is too large, or has too many rows.",
    "415": "The body is neither JSON nor CSV.",
    "422": "A row is not as the schema says; the error names the column.",
    "500": "The model failed on this request.",
    "503": "No version is released or loaded.",
    "504": "The model gave no answer in time.",
}


def describe(deployment: Deployment, schema: RequestSchema) -> dict[str, Any]:
    """The document that `/openapi.json` gives."""
    predict = _post("Predictions for one row or several", _rows(), _ref("Answers"))
    predict["parameters"] = [{"name": "X-Assign-Key", "in": "header", "schema": _TEXT, "description": _KEY}]
    aliases = {path: {"post": predict} for path in ("/predict", *deployment.settings.routes)}
    feedback = _post("What turned out to be true", {"application/json": {"schema": _ref("Feedback")}}, _ref("Counts"))
    feedback["responses"]["404"] = _content("A prediction that no router of this release made.", _ref("Error"))
    envelope = {"application/json": {"schema": _ref("Invocation")}}
    answer = {"oneOf": [_ref("Answers"), _ref("Counts")]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{deployment.name} in {deployment.environment}",
            "version": str(deployment.document.get("language", 1)),
            "description": f"Predicts `{schema.target.name}`. Each answer names the version that gave it and the "
            "entry of the release log that was in force.",
        },
        "paths": {
            **aliases,
            "/feedback": {"post": feedback},
            "/invocations": {"post": _post("Both, for platforms with one path", envelope, answer)},
            "/ping": {"get": _get("That the router is there, and what it serves")},
            "/metrics": {"get": _get("Metrics for Prometheus", "text/plain")},
            "/": {"get": _get("The status page", "text/html")},
        },
        "components": {
            "schemas": {"Row": _row(schema), **_documents(schema)},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _row(schema: RequestSchema) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {column.name: _property(column) for column in schema.columns},
        "required": [column.name for column in schema.columns if column.is_required],
        "additionalProperties": False,
    }


def _property(column: RequestColumn) -> dict[str, Any]:
    found = _typed(column.column)
    told = f"`{column.column.type['function']}`: {column.expected}"
    if not column.is_input:
        told += "; checked, and not given to the model"
    if not column.is_required:
        found = {"oneOf": [found, {"type": "null"}]}
    return {**found, "description": told}


def _typed(column: Column) -> dict[str, Any]:
    word = str(column.type["function"])
    if word == "vector":
        size = column.type["size"]
        return {"type": "array", "items": _NUMBER, "minItems": size, "maxItems": size}
    found = dict(_TYPES.get(word, _TEXT))
    if column.values is not None:
        return {**found, "enum": levels_of(column) if word in ("category", "text") else list(column.values)}
    if word in ("int", "float"):
        ends = {"minimum": column.low, "maximum": column.high}
        found |= {name: end for name, end in ends.items() if end is not None}
    return found


def _documents(schema: RequestSchema) -> dict[str, Any]:
    truth = _object({"id": _TEXT, "y": {**_typed(schema.target.column), "description": _truth(schema)}}, "id", "y")
    prediction = {
        "id": {**_TEXT, "description": "What feedback on this prediction names."},
        "version": {"type": "integer"},
        "prediction": _typed(schema.target.column) if schema.target.column.type["function"] != "int" else _NUMBER,
        "probabilities": {"type": "object", "additionalProperties": _NUMBER},
    }
    rows = {"type": "array", "items": _ref("Row"), "minItems": 1}
    identities = {"type": "array", "items": _TEXT, "description": "What tells the rows apart, in their order."}
    error = {"code": _TEXT, "message": _TEXT, "hint": _TEXT, "column": _TEXT, "row": {"type": "integer"}}
    key = {**_TEXT, "description": _KEY}
    return {
        "Rows": _object({"rows": rows, "row_ids": identities}, "rows"),
        "Answers": _object(
            {
                "predictions": {"type": "array", "items": _object(prediction, "id", "version", "prediction")},
                "sequence": {"type": "integer", "description": "The entry of the release log that was in force."},
            },
            "predictions",
            "sequence",
        ),
        "Truth": truth,
        "Feedback": {
            "oneOf": [
                _ref("Truth"),
                {"type": "array", "items": _ref("Truth")},
                _object({"feedback": {"type": "array", "items": _ref("Truth")}}, "feedback"),
            ]
        },
        "Counts": _object({"accepted": {"type": "integer"}, "repeated": {"type": "integer"}}, "accepted", "repeated"),
        "Invocation": {
            "oneOf": [
                _object({"op": {"const": "predict"}, "rows": rows, "row_ids": identities, "key": key}, "op", "rows"),
                _object({"op": {"const": "feedback"}, "feedback": {"type": "array", "items": _ref("Truth")}}, "op"),
            ]
        },
        "Error": _object({"error": _object(error, "code", "message")}, "error"),
    }


def _truth(schema: RequestSchema) -> str:
    return f"The true `{schema.target.name}`: {EXAMPLES[str(schema.target.column.type['function'])]}."


def _rows() -> dict[str, Any]:
    several = {"type": "array", "items": _ref("Row")}
    return {
        "application/json": {"schema": {"oneOf": [_ref("Row"), several, _ref("Rows")]}},
        "text/csv": {"schema": {**_TEXT, "description": "A header with the names of columns, and a line a row."}},
    }


def _post(summary: str, body: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    refusals = {status: _content(told, _ref("Error")) for status, told in _REFUSALS.items()}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": dict(body)},
        "responses": {"200": _content("Answered.", answer), **refusals},
    }


def _get(summary: str, media: str = "application/json") -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": "It is.", "content": {media: {}}}}}


def _content(told: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": told, "content": {"application/json": {"schema": dict(schema)}}}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
