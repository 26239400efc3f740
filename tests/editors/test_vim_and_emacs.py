"""Vim's syntax and Emacs' mode in the editors themselves, against what the compiler reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from editor_tools import EDITORS, needs
from spec_roles import HARD, ROOT, Piece, pieces, read

HERE = Path(__file__).parent
SPECS = [HARD, *sorted((ROOT / "examples").glob("*/pipeline.mlops"))]
GROUPS = {
    "comment": "Comment Allow",
    "number": "Number",
    "date": "Date",
    "text": "String",
    "operator": "Logic",
    "literal": "Literal",
    "kind": "Kind",
    "setting": "Setting",
    "constant": "Constant",
    "column": "Column",
    "type": "Type",
    "verb": "Verb",
    "clause": "Clause",
    "parameter": "Parameter",
    "function": "Call Function",
}
FACES = {
    "comment": "comment comment-delimiter",
    "text": "string",
    "literal": "constant",
    "kind": "keyword",
    "setting": "variable-name",
    "column": "variable-name",
    "type": "type",
    "verb": "builtin",
    "clause": "keyword",
    "function": "function-name",
}
"""What Emacs colours; numbers and names it leaves as they are."""
VIM = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "--cmd", f"set runtimepath^={EDITORS / 'neovim'}"]


def judged(path: Path, roles: dict[str, str]) -> list[Piece]:
    return [piece for piece in pieces(path) if piece.role in roles]


def vim_place(text: str, start: int) -> tuple[int, int]:
    """Line and column as Vim counts: from 1, in bytes."""
    before = text[:start]
    return before.count("\n") + 1, len(before.rpartition("\n")[2].encode()) + 1


def run(command: Sequence[str | Path], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def in_vim(folder: Path, files: Sequence[Path], judged_as: Sequence[Sequence[Piece]]) -> dict[str, object]:
    """What Neovim says of places in files."""
    asked, answered = folder / "asked.json", folder / "answered.json"
    places = [[vim_place(read(path), one.start) for one in found] for path, found in zip(files, judged_as, strict=True)]
    asked.write_text(json.dumps(list(zip(map(str, files), places, strict=True))), encoding="utf-8")
    names = [f"let g:{name} = '{path}'" for name, path in (("asked", asked), ("answered", answered))]
    options = [option for one in ("filetype plugin on", "syntax on", *names) for option in ("--cmd", one)]
    run([*VIM, *options, "-S", HERE / "groups.vim"], folder)
    return dict(json.loads(answered.read_text("utf-8")))


def in_emacs(folder: Path, files: Sequence[Path], judged_as: Sequence[Sequence[Piece]]) -> list[list[str]]:
    """The faces that Emacs gives to places in files."""
    asked = folder / "asked.json"
    places = [[one.start for one in found] for found in judged_as]
    asked.write_text(json.dumps(list(zip(map(str, files), places, strict=True))), encoding="utf-8")
    mode = EDITORS / "emacs" / "mlops-mode.el"
    return list(json.loads(run(["emacs", "-Q", "--batch", "-l", HERE / "faces.el", mode, asked], folder)))


def wrong(judged_as: Sequence[Sequence[Piece]], found: Sequence[Sequence[str]], roles: dict[str, str]) -> list[object]:
    pairs = [pair for some, names in zip(judged_as, found, strict=True) for pair in zip(some, names, strict=True)]
    assert len(pairs) > 100
    return [(piece, name) for piece, name in pairs if name not in roles[piece.role].split()]


def test_vim_colours_what_the_compiler_reads(tmp_path: Path) -> None:
    needs(program="nvim")
    judged_as = [judged(path, GROUPS) for path in SPECS]
    answer = in_vim(tmp_path, SPECS, judged_as)
    groups = [[name.removeprefix("mlops") for name in found] for found in answer["groups"]]  # type: ignore[attr-defined]
    assert wrong(judged_as, groups, GROUPS) == []
    assert answer["details"] == {"filetype": "mlops", "shiftwidth": 2, "commentstring": "# %s"}


def test_emacs_colours_what_the_compiler_reads(tmp_path: Path) -> None:
    needs(program="emacs")
    judged_as = [judged(path, FACES) for path in SPECS]
    faces = [
        [face.removeprefix("font-lock-").removesuffix("-face") for face in found]
        for found in in_emacs(tmp_path, SPECS, judged_as)
    ]
    assert wrong(judged_as, faces, FACES) == []


def test_what_is_coloured_as_something_else_is_found() -> None:
    (piece, *_) = judged(HARD, {"verb": ""})
    assert wrong([[piece] * 101], [["Kind"] * 101], {"verb": "Verb"})


def test_emacs_indents_a_spec_as_it_is_formatted(tmp_path: Path) -> None:
    needs(program="emacs")
    written = read(ROOT / "examples" / "bike-demand" / "pipeline.mlops")
    flat = tmp_path / "flat.mlops"
    flat.write_text("\n".join(line.lstrip() for line in written.split("\n")), encoding="utf-8")
    script = f'(progn (find-file "{flat}") (indent-region (point-min) (point-max)) (save-buffer))'
    run(["emacs", "-Q", "--batch", "-l", EDITORS / "emacs" / "mlops-mode.el", "--eval", script], tmp_path)
    assert flat.read_text("utf-8") == written


def test_emacs_compiles_the_mode_without_a_warning(tmp_path: Path) -> None:
    needs(program="emacs")
    mode = tmp_path / "mlops-mode.el"
    mode.write_bytes((EDITORS / "emacs" / "mlops-mode.el").read_bytes())
    strict = "(setq byte-compile-error-on-warn t)"
    run(["emacs", "-Q", "--batch", "--eval", strict, "-f", "batch-byte-compile", mode], tmp_path)


def test_neovim_reads_how_the_server_is_started() -> None:
    needs(program="nvim")
    script = f"lua print(vim.json.encode(dofile('{EDITORS / 'neovim' / 'lsp' / 'mlops.lua'}')))"
    done = subprocess.run([*VIM, "-c", script, "-c", "qall!"], capture_output=True, text=True, check=False)
    assert json.loads(done.stderr)["cmd"] == ["mlopsc", "lsp"]
