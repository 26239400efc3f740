"""What `doctor` and `build` look at where workflows are written: whether GitHub will find them where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiler.cli.looks import Found, ask_git

if TYPE_CHECKING:
    from mlopsc.compiler.cli.spec import Spec
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.targets.github.repository import Repository

_OWNER_AND_NAME = re.compile(r"[:/](?P<name>[^/:]+/[^/:]+?)(\.git)?/?$")


def examine_github(spec: Spec, compilation: Compilation) -> Iterator[Found]:
    """Every look; none where the spec names no repository."""
    from mlopsc.targets.github.repository import Repository

    repository = Repository([*compilation.builds.values()])
    if not repository.settings.get("repository"):
        return
    top = ask_git("rev-parse", "--show-toplevel", folder=spec.folder)
    if top is None:
        fact = "in no git repository, and GitHub reads them from the top of one"
        yield Found("warn", "workflows", fact, "`git init`, at the top of what will be the repository")
        return
    yield _place(spec, repository, Path(top))
    yield from _remote(spec, repository)


def _place(spec: Spec, repository: Repository, top: Path) -> Found:
    folder = spec.folder.resolve()
    here = folder.relative_to(top).as_posix() if folder.is_relative_to(top) else "."
    written = (folder / repository.to_top).resolve()
    if written == top and (repository.folder or ".") == here:
        return Found("ok", "workflows", "written to the top of the repository")
    fact = (
        f"written to {spec.shown(f'{repository.to_top}.github')}, and GitHub reads them from the top of the repository"
    )
    return Found("warn", "workflows", fact, f'`folder = "{here}"` in `github(…)` of {spec.shown(spec.name)}')


def _remote(spec: Spec, repository: Repository) -> Iterator[Found]:
    named = str(repository.settings["repository"])
    url = ask_git("remote", "get-url", "origin", folder=spec.folder)
    if url is None:
        hint = f"`git remote add origin https://github.com/{named}.git`"
        yield Found("warn", "remote", f"there is no `origin`, and the spec says {named}", hint)
        return
    match = _OWNER_AND_NAME.search(url)
    if match is None or match["name"].lower() != named.lower():
        fact = (
            f"`origin` is {match['name'] if match else url}, and the spec says {named}: clouds trust jobs of that alone"
        )
        yield Found("warn", "remote", fact, "correct `repository` of `github(…)`, or `git remote set-url origin …`")
        return
    yield Found("ok", "remote", f"`origin` is {match['name']}")
    yield from _branch(spec, repository)


def _branch(spec: Spec, repository: Repository) -> Iterator[Found]:
    """The default branch, as far as this clone knows it."""
    head = ask_git("symbolic-ref", "--short", "refs/remotes/origin/HEAD", folder=spec.folder)
    if head is None:
        return
    default = head.removeprefix("origin/")
    if default == repository.branch:
        yield Found("ok", "branch", f"{default} is delivered, and is the default branch")
        return
    fact = (
        f"{repository.branch} is delivered, but the default branch is {default}: schedules and dispatches run on that"
    )
    hint = f'`branch = "{default}"` in `github(…)`, or another default branch in the settings of the repository'
    yield Found("warn", "branch", fact, hint)
