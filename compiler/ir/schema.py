"""The published form of the intermediate representation: its text, and the JSON schema that the text keeps to."""

from __future__ import annotations

import json
from typing import Any

from mlopsc.compiler.ir.model import IR_VERSION, Pipeline

SCHEMA_FILE = "docs/schema/pipeline.schema.json"
"""Where the schema is kept in the repository."""


def document(pipeline: Pipeline) -> dict[str, Any]:
    """What the file `pipeline.json` holds: what the spec says, without defaults."""
    return pipeline.model_dump(mode="json", exclude_unset=True)


def dump(pipeline: Pipeline) -> str:
    """A pipeline as the file `pipeline.json`; the same bytes everywhere."""
    return pipeline.model_dump_json(indent=1, exclude_unset=True) + "\n"


def load(text: str) -> Pipeline:
    """The pipeline that a file `pipeline.json` holds; raises pydantic's ValidationError."""
    return Pipeline.model_validate_json(text)


def json_schema() -> dict[str, Any]:
    """The schema of `pipeline.json`, in JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"mlopsc pipeline, version {IR_VERSION}",
        **{key: value for key, value in Pipeline.model_json_schema().items() if key != "title"},
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
