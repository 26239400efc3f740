"""What a person adds in Python: it is there, or the build says at the spec's line why not and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import bikes

from mlopsc.compiler.cli.spec import Spec
from mlopsc.compiler.diagnostics import Diagnostic

GOOD = '''
import cdktn


def extra(stack, context):
    """A topic beside the store, which the spec knows nothing of."""
    print("printing does no harm")
    bucket = context.resources["aws_s3_bucket.store"]
    topic = cdktn.TerraformResource(stack, "topic", terraform_resource_type="aws_sns_topic")
    topic.add_override("name", f"{context.prefix}-news")
    topic.add_override("display_name", bucket.fqn)
    topic.add_override("tags", dict(context.tags))
'''

COLLIDES = """import cdktn

def extra(stack, context):
    cdktn.TerraformResource(stack, "aws_s3_bucket.store", terraform_resource_type="aws_s3_bucket")
"""
OVERRIDES = """def extra(stack, context):
    context.resources["aws_s3_bucket.store"].add_override("bucket", "elsewhere")
"""
OPENS = """import json
import cdktn

def extra(stack, context):
    wide = cdktn.TerraformResource(stack, "wide", terraform_resource_type="aws_iam_role_policy")
    wide.add_override("role", "${aws_iam_role.router.id}")
    rule = {"Effect": "Allow", "Action": "s3:*", "Resource": "${aws_s3_bucket.store.arn}/index/*"}
    wide.add_override("policy", json.dumps({"Version": "2012-10-17", "Statement": [rule]}))
"""
NAMELESS = """import cdktn

def extra(stack, context):
    role = cdktn.TerraformResource(stack, "other", terraform_resource_type="aws_iam_role")
    role.add_override("permissions_boundary", "arn:aws:iam::123456789012:policy/other")
"""


def refusal(folder: Path) -> Diagnostic:
    """The one message of a build that writes nothing."""
    compilation = Spec(folder, "pipeline.mlops").compile()
    assert compilation.emit(["terraform"]) == []
    (found,) = [one for one in compilation.diagnostics_for(["terraform"]) if one.is_error]
    return found


def test_what_a_person_adds_is_there_and_says_who_added_it(tmp_path: Path) -> None:
    (tmp_path / "infra.py").write_text(GOOD, "utf-8")
    more = '  follows   = dev\n  infrastructure = python("infra.py:extra")'
    document = bikes(tmp_path, **{"  follows   = dev": more}).documents["prod"]
    topic = document["resource"]["aws_sns_topic"]["topic"]
    assert topic["name"] == "bike-demand-prod-news"
    assert topic["tags"] == {"mlopsc-environment": "prod", "mlopsc-pipeline": "bike_demand"}
    assert "infra.py:extra" in topic["//"]
    assert document["resource"]["aws_s3_bucket"]["store"]["bucket"].startswith("bike-demand-prod-store")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "def extra(stack, context):\n    raise ValueError('no more topics')\n",
            "infra.py:2: ValueError: no more topics",
        ),
        (
            "def extra(stack, context):\n    import nowhere\n",
            "infra.py:2: ModuleNotFoundError: No module named 'nowhere'",
        ),
        ("import sys\n\ndef extra(stack, context):\n    sys.exit(3)\n", "infra.py:4: SystemExit: 3"),
        (
            COLLIDES,
            "already a Construct with name",
        ),
        (
            OVERRIDES,
            "it changes `aws_s3_bucket.store`, which the spec decides",
        ),
        (OPENS, "`aws_iam_role_policy.wide`: "),
        (NAMELESS, "something has no `assume_role_policy`, so nothing can be said of it"),
        ("def extra(stack, context):\n    stack.nothing_like_it()\n", "infra.py:2: AttributeError"),
    ],
)
def test_what_cannot_be_added_is_told_at_its_line(tmp_path: Path, code: str, words: str) -> None:
    (tmp_path / "infra.py").write_text(code, "utf-8")
    text = {"  follows   = dev": '  follows   = dev\n  infrastructure = python("infra.py:extra")'}
    with pytest.raises(AssertionError):
        bikes(tmp_path, **text)
    found = refusal(tmp_path)
    assert found.code.id == "E609"
    assert found.location.text == 'infrastructure = python("infra.py:extra")'
    assert words in found.message
    assert "Traceback" not in found.message


def test_the_line_of_the_file_is_told_in_a_build_of_the_folder_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "infra.py").write_text("def extra(stack, context):\n    raise ValueError('no')\n", "utf-8")
    with pytest.raises(AssertionError):
        bikes(tmp_path, **{"  follows   = dev": '  follows   = dev\n  infrastructure = python("infra.py:extra")'})
    monkeypatch.chdir(tmp_path)
    assert "infra.py:2: ValueError: no" in refusal(Path()).message


def test_another_version_of_the_code_is_another_build(tmp_path: Path) -> None:
    (tmp_path / "infra.py").write_text(GOOD, "utf-8")
    text = {"  follows   = dev": '  follows   = dev\n  infrastructure = python("infra.py:extra")'}
    first = bikes(tmp_path, **text).documents["prod"]["resource"]["aws_sns_topic"]["topic"]["name"]
    (tmp_path / "infra.py").write_text(GOOD.replace("-news", "-gossip"), "utf-8")
    second = bikes(tmp_path, **text).documents["prod"]["resource"]["aws_sns_topic"]["topic"]["name"]
    assert (first, second) == ("bike-demand-prod-news", "bike-demand-prod-gossip")


@pytest.mark.parametrize("call", ['python("infra.py:nothing")', 'python("nowhere.py:extra")', 'python("infra.py:few")'])
def test_a_function_that_is_not_there_or_takes_something_else_is_found_without_running_it(
    tmp_path: Path, call: str
) -> None:
    (tmp_path / "infra.py").write_text(f"{GOOD}\n\ndef few(stack):\n    pass\n", "utf-8")
    with pytest.raises(AssertionError):
        bikes(tmp_path, **{"  follows   = dev": f"  follows   = dev\n  infrastructure = {call}"})
    compilation = Spec(tmp_path, "pipeline.mlops").compile()
    (found,) = [one for one in compilation.diagnostics if one.is_error]
    assert call.removeprefix("python(").removesuffix(")") in found.location.text
