"""The pages beside folders that a person applies once: step by step, and what is left to do by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.targets.terraform.resources import Root

if TYPE_CHECKING:
    from jinja2 import Template


def guide(platform: str, root: Root, spec: str, **more: Any) -> str:
    """The page of a folder, from the platform's own template `guide.md.j2`, which may want to know `more`."""
    return _template(platform).render(root=root, spec=spec, backend=root.backend.settings, **more)


@cache
def _template(platform: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    text = (Path(__file__).parent / platform / "guide.md.j2").read_text("utf-8")
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(text)
