"""What of a spec is otherwise than in a commit: told on the terminal, and on GitHub on the page of the job."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiler.cli.exits import CommandFailure
from mlopsc.compiler.records import Record

if TYPE_CHECKING:
    from mlopsc.compiler.cli.spec import Spec
    from mlopsc.compiler.ir.comparing import Row
    from mlopsc.compiler.semantics.model import SemanticModel

_MOST = 100
"""How many changes a page shows."""
_LONGEST = 200


class Change(Record):
    """Something that is otherwise, how it was and is, and in which environments; in none where it is in none."""

    section: str
    what: str
    before: str
    now: str
    environments: tuple[str, ...]


class Changes(Record):
    """What has changed since a commit; `is_new` where that has no such spec."""

    commit: str
    changes: tuple[Change, ...]
    environments: tuple[str, ...]
    """All that there are now."""
    is_new: bool


def changes_since(spec: Spec, revision: str) -> Changes:
    """What of a spec is otherwise than in a commit; raises CommandFailure where that cannot be told."""
    from mlopsc.compiler.cli.committed import CommittedWorkspace
    from mlopsc.compiler.cli.sound import compile_sound

    workspace = CommittedWorkspace(spec.folder, revision)
    now, commit = compile_sound(spec).model, workspace.commit[:7]
    if spec.name not in workspace.list("."):
        return Changes(commit, (), tuple(now.environments), True)
    before = spec.compile(workspace)
    if before.has_errors:
        fact = f"the spec of {commit} has mistakes, so nothing can be said of what has changed"
        raise CommandFailure(fact, f"`git show {commit}:./{spec.name} | mlopsc check -` shows them")
    from mlopsc.compiler.render.concealing import concealed

    changes = (
        one.changed(what=concealed(one.what), before=concealed(one.before), now=concealed(one.now))
        for one in _changes(before.model, now)
    )
    return Changes(commit, tuple(changes), tuple(now.environments), False)


def _changes(before: SemanticModel, now: SemanticModel) -> Iterator[Change]:
    """The same change of several environments is told once."""
    from mlopsc.compiler.ir.comparing import NONE, compared, compared_settings

    for row in compared_settings(*({**one.pipeline.settings} if one.pipeline else {} for one in (before, now))):
        yield Change("pipeline", row.what, row.first, row.second, ())
    for name in dict.fromkeys([*before.metrics, *now.metrics]):
        sides = ({**one.metrics[name].settings} if name in one.metrics else {} for one in (before, now))
        for row in compared_settings(*sides):
            yield Change("metrics", f"{name}.{row.what}", row.first, row.second, ())
    where: dict[str, dict[Row, list[str]]] = {}
    for name in dict.fromkeys([*before.environments, *now.environments]):
        one, other = before.environments.get(name), now.environments.get(name)
        if one is None or other is None:
            yield Change("environments", name, "there" if one else NONE, "there" if other else NONE, ())
            continue
        for section, rows in compared(one, other).items():
            known = where.setdefault(section, {})
            for row in rows:
                known.setdefault(row, []).append(name)
    for section, found in where.items():
        for row, names in found.items():
            yield Change(section, row.what, row.first, row.second, tuple(names))


def as_json(found: Changes) -> Mapping[str, object]:
    """The same for programs."""
    rows = [{**vars(one), "environments": list(one.environments)} for one in found.changes]
    return {"commit": found.commit, "is_new": found.is_new, "changes": rows}


def rows_of(found: Changes) -> list[tuple[str, str, str, str]]:
    """The cells of each change; environments only where it is not in all of them."""
    told = []
    for one in found.changes:
        is_everywhere = not one.environments or set(one.environments) >= set(found.environments)
        where = "" if is_everywhere else f" in {', '.join(one.environments)}"
        told.append((one.section, f"{one.what}{where}", one.before, one.now))
    return told


def none_told(found: Changes) -> str:
    """What there is to say where there are no rows."""
    return f"{found.commit} has no such spec: all of it is new" if found.is_new else f"the same as in {found.commit}"


def tell_on_github(found: Changes) -> None:
    """On GitHub, append the changes to the page of the job, and leave them for other jobs."""
    from mlopsc.stdlib.runtime.on_github import PAGE
    from mlopsc.stdlib.runtime.summary.report import FOLDER, leave

    if not (page := os.environ.get(PAGE)):
        return
    lines = [*_page(found)]
    with Path(page).open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    if folder := os.environ.get(FOLDER):
        leave(Path(folder), lines, ())


def _page(found: Changes) -> Iterator[str]:
    from mlopsc.compiler.render.cells import clip
    from mlopsc.stdlib.runtime.summary.markdown import table, text

    told = rows_of(found)
    yield f"### What of the spec has changed since {found.commit}"
    yield ""
    rows = [(section, f"`{what}`", clip(one, _LONGEST), clip(other, _LONGEST)) for section, what, one, other in told]
    if rows:
        yield from table(("", "", "before", "now"), rows[:_MOST])
    else:
        yield text(none_told(found))
    if len(rows) > _MOST:
        yield ""
        yield f"and {len(rows) - _MOST} changes more"
    yield ""
