"""The words of the language that are no declarations: what they are for, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mlopsc.compiler.semantics.bodies import ABSTRACT, EXTENDS, LANGUAGE_SETTINGS


class Form(NamedTuple):
    """What a word is for, in a sentence or two, and an example of it."""

    text: str
    example: str


FORMS: Mapping[str, Form] = {
    "use": Form(
        "Brings the names of another file in; with `as NAME`, under that prefix. It stands at the top of a file, and "
        "one file of a program holds the `pipeline` block.",
        'use "shared.mlops" as shared',
    ),
    "schema": Form(
        "The columns of a data stage that count: a name, a colon, a type, and what else holds of the column. Others "
        "are dropped.",
        "schema {\n  hr: int in 0..23 role calendar\n}",
    ),
    EXTENDS: Form(LANGUAGE_SETTINGS[EXTENDS], "train demand {\n  extends = base\n}"),
    ABSTRACT: Form(LANGUAGE_SETTINGS[ABSTRACT], "train base {\n  abstract = true\n}"),
    "override": Form(
        "Inside an environment: changes one stage there. A setting replaces the whole value, a rule of the same name "
        "replaces, a new one is added, and `= none` takes away.",
        "environment prod {\n  override gate { max_looks = 3 }\n}",
    ),
    "waive": Form(
        "Inside `override`: leaves a rule out, with the reason, which every report then shows. The rule is named by "
        "its left side, or by its `as` name.",
        'environment dev {\n  override gate { waive mae(test) because "the sample is too small" }\n}',
    ),
    "champion": Form(
        "On the right of a comparison: the model in service, judged on the same rows by the same metric. Where there "
        "is none yet, the rule holds.",
        "require mae(test) <= champion + 5% at 95%",
    ),
    "feedback": Form(
        "The split that `release` and `monitor` have: the rows of production whose outcome has become known.",
        "watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d",
    ),
}
"""By word, in the order in which the reference tells of them."""
