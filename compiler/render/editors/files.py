"""The files of `grammar/editors/` that hold words of the language: whole ones, and ones with a part that is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap

from mlopsc.compiler.render.editors.snippets import snippets
from mlopsc.compiler.render.editors.textmate import grammar
from mlopsc.compiler.render.editors.words import Words, words_of
from mlopsc.compiler.schema.registry import Registry

FOLDER = Path(__file__).parents[3] / "grammar" / "editors"
BEGIN, END = "words, made by `make docs`", "end of words"


def editor_files(registry: Registry) -> dict[str, str]:
    """The texts by path in `grammar/editors/`; what surrounds the words in a file is kept as it is."""
    words = words_of(registry)
    whole = {
        "words.json": words._asdict(),
        "vscode/syntaxes/mlops.tmLanguage.json": grammar(words),
        "vscode/snippets/mlops.json": snippets(registry),
    }
    return {
        **{path: f"{json.dumps(value, indent=2, ensure_ascii=False)}\n" for path, value in whole.items()},
        **{path: _replaced(path, write(words)) for path, write in _PARTS.items()},
    }


def write_editor_files(registry: Registry) -> None:
    """Write them."""
    for path, text in editor_files(registry).items():
        (FOLDER / path).write_text(text, encoding="utf-8", newline="\n")


def _replaced(path: str, written: str) -> str:
    """The text of a file with what stands between its two marks replaced; the marks are comments of its language."""
    lines = (FOLDER / path).read_text("utf-8").split("\n")
    first = next(number for number, line in enumerate(lines) if line.endswith(BEGIN))
    last = next(number for number, line in enumerate(lines) if line.endswith(END))
    return "\n".join([*lines[: first + 1], written, *lines[last:]])


def _vim(words: Words) -> str:
    """A list of each group: `syntax keyword` would colour a word wherever it stands."""
    return "\n".join(f"let s:{name} = [{_wrapped(group, ', ', '  ')}]" for name, group in words._asdict().items())


def _emacs(words: Words) -> str:
    return "\n\n".join(
        f'(defconst mlops--{name}\n  \'({_wrapped(group, " ", "    ")})\n  "Words of the language: {name}.")'
        for name, group in words._asdict().items()
    )


def _wrapped(words: Sequence[str], between: str, margin: str) -> str:
    """Words in double quotes, on lines that begin with a margin; Vim goes on with a line after a backslash."""
    lines = wrap(between.join(f'"{word}"' for word in words), 100)
    return f"\n{margin}{'' if between == ' ' else chr(92) + ' '}".join(lines)


_PARTS: Mapping[str, Callable[[Words], str]] = {"neovim/syntax/mlops.vim": _vim, "emacs/mlops-mode.el": _emacs}
