"""What the GitHub target writes, held against files that are read before they are refreshed."""

from __future__ import annotations

import pytest
from emitted_workflows import CASES, GOLDEN, emitted
from golden import Golden


@pytest.mark.parametrize("case", CASES)
def test_the_committed_workflows_are_what_is_emitted(case: str, golden: Golden) -> None:
    files = emitted(CASES[case])
    for name, text in files.items():
        golden(GOLDEN / case / name, text)
    assert {path.name for path in (GOLDEN / case).glob("*.yml")} == set(files)
    assert any(name.endswith("-ci.yml") for name in files)
