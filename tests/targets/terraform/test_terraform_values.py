"""Text of a spec never becomes code: Terraform itself is asked what it reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopsc.targets.terraform.expressions import Document, Expr, Literal, Value, rendered, template

HOSTILE = (
    '${file("/etc/passwd")}',
    "%{ for x in [1, 2] }${x}%{ endfor }",
    "$${already}",
    "$$${three}",
    "%%{percent}",
    "$",
    "${",
    "%{",
    "$$",
    "a\\b\"c'd\n\te",
    "}}${{",
    "emoji 🚲 and ümlaut",
    "\u2028\u2029\ufeff",
    "~} ${~ 1 ~}",
)
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


def read_back(folder: Path, values: Sequence[Value]) -> list[object]:
    """What Terraform understands values to be."""
    document = {"locals": {"all": rendered(list(values)), "known": "fine"}}
    (folder / "main.tf.json").write_text(json.dumps(document), "utf-8")
    done = subprocess.run(
        ["terraform", f"-chdir={folder}", "console"],
        input="base64encode(jsonencode(local.all))\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(b64decode(done.stdout.strip().strip('"')))
    return found


@needs_terraform
def test_hostile_text_comes_back_as_it_was(tmp_path: Path) -> None:
    values = [*HOSTILE, *(Literal(text) for text in HOSTILE)]
    assert read_back(tmp_path, values) == [*HOSTILE, *HOSTILE]


@needs_terraform
def test_hostile_keys_come_back_as_they_were(tmp_path: Path) -> None:
    assert read_back(tmp_path, [{text: number for number, text in enumerate(HOSTILE)}]) == [
        {text: number for number, text in enumerate(HOSTILE)}
    ]


@needs_terraform
def test_expressions_are_read_as_such_and_text_beside_them_is_not(tmp_path: Path) -> None:
    mixed = template("${no} ", Expr("local.known"), " %{no}")
    assert read_back(tmp_path, [Expr("1 + 1"), mixed]) == [2, "${no} fine %{no}"]


@needs_terraform
def test_hostile_text_in_a_document_comes_back_as_it_was(tmp_path: Path) -> None:
    (found,) = read_back(tmp_path, [Document({"texts": list(HOSTILE), "ours": Expr("local.known")})])
    assert json.loads(str(found)) == {"texts": list(HOSTILE), "ours": "fine"}


@needs_terraform
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=40, max_size=80),
    st.lists(st.text('${}%"\\~\n ab', max_size=12), min_size=80, max_size=120),
)
def test_any_text_comes_back(tmp_path: Path, texts: list[str], near: list[str]) -> None:
    # Terraform composes characters (NFC) wherever it reads text; that changes no character's meaning.
    expected = [normalize("NFC", text) for text in (*texts, *near)]
    assert read_back(tmp_path, [*texts, *near]) == expected


@needs_terraform
def test_text_that_is_not_escaped_would_be_run(tmp_path: Path) -> None:
    """The planted defect: without escaping, Terraform runs what a spec says."""
    document = {"locals": {"all": ['${upper("run")}']}}
    (tmp_path / "main.tf.json").write_text(json.dumps(document), "utf-8")
    assert read_back(tmp_path, [Expr('upper("run")')]) == ["RUN"]


def test_half_a_surrogate_is_written_as_a_question_mark() -> None:
    assert rendered("a\ud800b") == "a?b"
