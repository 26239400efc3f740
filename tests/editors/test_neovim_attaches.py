"""Neovim with the package and the real server: a message is shown, its fix made, the text formatted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from editor_tools import EDITORS, needs

HERE = Path(__file__).parent
WRONG = 'pipeline demo {\n  owner="a@example.com"\n}\n\nenvironment dev { platform = locl() }\n'
RIGHT = 'pipeline demo {\n  owner = "a@example.com"\n}\n\nenvironment dev { platform = local() }\n'


def test_neovim_shows_a_mistake_mends_it_and_formats(tmp_path: Path) -> None:
    needs(program="nvim")
    spec, answered = tmp_path / "pipeline.mlops", tmp_path / "answered.json"
    spec.write_text(WRONG, encoding="utf-8")
    program = Path(sys.executable).parent / "mlopsc"
    told = {"package": EDITORS / "neovim", "program": program, "answered": answered}
    before = [f"set runtimepath^={EDITORS / 'neovim'}", "filetype plugin on"]
    before += [f"let g:{name} = '{value}'" for name, value in told.items()]
    options = [option for one in before for option in ("--cmd", one)]
    command = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", *options, spec, "-c", f"luafile {HERE / 'attach.lua'}"]
    done = subprocess.run(
        [*command, "-c", "qall!"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert answered.exists(), done.stderr
    seen = json.loads(answered.read_text("utf-8"))
    assert [message.split("\n")[0] for message in seen["before"]] == ["there is no platform `locl`"]
    assert (seen["fix"], seen["after"]) == ("Write `local`", [])
    assert "\n".join([*seen["text"], ""]) == RIGHT
