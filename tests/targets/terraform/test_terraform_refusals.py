"""What cannot be written is told at its line of the spec, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from folders import bikes

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.cli.main import run
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets.terraform import synthesis

AWS = 'platform = aws(region = "eu-west-1", account = "123456789012")'
EXISTING = AWS.replace('"123456789012")', '"123456789012", bucket = existing("rides"))')


def found(spec: str) -> list[tuple[str, str, int]]:
    """The code, the marked text and the line of each error, where the spec is written as Terraform."""
    compilation = Compilation(MemoryWorkspace({"pipeline.mlops": spec}), registry())
    errors = [one for one in compilation.diagnostics_for(["terraform"]) if one.is_error]
    if errors:
        assert compilation.emit(["terraform"]) == []
    return [(one.code.id, one.location.text, one.location.position.line) for one in errors]


def spec(body: str, pipeline: str = 'owner = "team@example.com"', before: str = "") -> str:
    """A spec with one environment; its body begins on line 3."""
    data = 'data rides {\n  source = csv("https://example.com/x.csv")\n  schema { a: int }\n  check rows >= 1\n}\n'
    return f"pipeline rides {{ {pipeline} }}\nenvironment prod {{\n{body}\n}}\n{before}{data}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            spec(AWS.replace("eu-west-1", "eu-west-9")),
            [("E603", AWS.replace("eu-west-1", "eu-west-9").partition("= ")[2], 3)],
        ),
        (spec(f'{AWS}\nstore = "s3://Rides_Store"'), [("E604", '"s3://Rides_Store"', 4)]),
        (spec(f'{AWS}\nstore = "s3://{"x" * 64}"'), [("E604", f'"s3://{"x" * 64}"', 4)]),
        (spec(f'{AWS}\nstore = "/srv/store"'), [("E610", '"/srv/store"', 4)]),
        (spec(f"{AWS}\nbudget = 100EUR / 1mo"), [("E608", "100EUR / 1mo", 4)]),
        (spec(f"{AWS}\nbudget = 100USD / 1w"), [("E608", "100USD / 1w", 4)]),
        (spec(f"{AWS}\nbudget = 100USD / 1mo", 'owner = "us"'), [("E606", "budget = 100USD / 1mo", 4)]),
        (spec(f"{AWS}\nbudget = 100USD / 1mo", ""), [("E606", "budget = 100USD / 1mo", 4)]),
        (
            spec(f"{AWS}\naccess = [read(analysts)]", before='analysts = group(github = "@example/analysts")\n'),
            [("E607", "[read(analysts)]", 4)],
        ),
        (spec(f"{AWS}\nserve = sagemaker()"), [("E608", "serve = sagemaker()", 4)]),
        (
            spec(AWS, 'github = github("example/rides", immutable = true)'),
            [("E611", 'github("example/rides", immutable = true)', 1)],
        ),
    ],
)
def test_what_cannot_be_written_is_told_at_its_line(text: str, expected: Sequence[tuple[str, str, int]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "body",
    [
        'platform = aws(region = "eu-west-1")',
        'platform = aws(region = "Ireland", account = "123456789012")',
        'platform = aws(region = "eu-west-1", account = "1234")',
        f"{AWS}\nbuget = 100USD / 1mo",
        'platform = aws(region = "eu-west-1", account = "123456789012", acount = "1")',
    ],
)
def test_what_no_platform_takes_is_told_before(body: str) -> None:
    (code, _, line) = found(spec(body))[0]
    assert code.startswith(("E2", "E3"))
    assert line in (3, 4)


def test_environments_that_would_share_a_store_or_a_state_are_told_apart() -> None:
    text = spec(f'{AWS}\nstore = "s3://rides"') + f'environment again {{\n{AWS}\nstore = "s3://rides/"\n}}\n'
    assert [code for code, _, _ in found(text)] == ["E605"]
    text = spec(AWS) + f"environment Prod {{\n{AWS}\n}}\n"
    assert [code for code, _, _ in found(text)] == ["E605"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", 'store = "s3://rides-prod-store-123456789012"', ["E605"]),
        ('store = "s3://rides"', 'store = "s3://rides/again"', ["E605"]),
        ('store = "s3://rides"', EXISTING, ["E605"]),
        (EXISTING, EXISTING, ["E605"]),
        (f'{EXISTING}\nstore = "s3://rides/prod"', f'{EXISTING}\nstore = "s3://rides/prod/again"', ["E605"]),
        (f'{EXISTING}\nstore = "s3://rides/prod"', f'{EXISTING}\nstore = "s3://rides/product"', []),
        (f'{EXISTING}\nstore = "s3://rides/prod"', f'{EXISTING}\nstore = "s3://rides/prod"', ["E605"]),
        ("", "", []),
    ],
)
def test_environments_that_would_share_a_bucket_are_told_apart(first: str, second: str, expected: list[str]) -> None:
    bodies = [one if one.startswith("platform") else f"{AWS}\n{one}" for one in (first, second)]
    assert [code for code, _, _ in found(f"{spec(bodies[0])}environment again {{\n{bodies[1]}\n}}\n")] == expected


def test_an_environment_cannot_have_the_name_of_one_of_ours() -> None:
    for name in ("image", "plans", "bootstrap"):
        assert [code for code, _, _ in found(spec(AWS).replace("environment prod", f"environment {name}"))] == ["E604"]


@pytest.mark.parametrize("code", [f"E{number}" for number in (603, 604, 605, 606, 607, 608, 610, 611)])
def test_the_page_of_a_code_shows_it(code: str) -> None:
    page = pages()[code]
    assert page.wrong
    for fences, expected in ((page.wrong, {code}), (page.right, set())):
        for fence in fences:
            text = fence if "pipeline " in fence else f'pipeline p {{ owner = "a@example.com" }}\n{fence}'
            assert {one for one, _, _ in found(text)} == expected


def refuse_to_build(folder: Path) -> None:
    """A build of the example ends with 1 and has written nothing."""
    before = sorted(folder.rglob("*"))
    assert run(["build", "--target", "terraform", str(folder)]) == 1
    assert sorted(folder.rglob("*")) == before


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, built by nobody yet, for a user with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "before"))
    folder = tmp_path / "bikes"
    folder.mkdir()
    bikes(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_without_the_terraform_cdk_the_build_says_how_to_get_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(synthesis, "_versions", dict)
    refuse_to_build(project)
    said = capsys.readouterr().err
    assert "error[E602]: the Terraform CDK is not installed" in said
    assert 'platform  = aws(region = "eu-west-1"' in said
    assert 'pip install "mlopsc[terraform]"' in said


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "does not run"),
        ("#!/bin/sh\necho v18.20.4\n", "is v18.20.4, and the Terraform CDK needs 20"),
        ("#!/bin/sh\necho hello\n", "is hello, and the Terraform CDK needs 20"),
        ("#!/bin/sh\nexit 3\n", "does not run"),
    ],
)
def test_without_a_node_that_fits_the_build_says_how_to_get_one(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str | None,
    words: str,
) -> None:
    node = tmp_path / "node"
    if script is not None:
        node.write_text(script, "utf-8")
        node.chmod(0o755)
    monkeypatch.setenv("JSII_NODE", str(node))
    refuse_to_build(project)
    said = capsys.readouterr().err
    assert "error[E602]" in said
    assert words in said
    assert 'pip install "mlopsc[terraform]"' in said
