"""`mlopsc diff`: two environments of a spec side by side, or a spec and what it was in a commit."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from mlopsc.compiler.cli.deployed import TARGETS, split_environments
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import complete_environment, environment_named

if TYPE_CHECKING:
    from mlopsc.compiler.cli.spec import Spec
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.ir.comparing import Row, Sections
    from mlopsc.compiler.render.style import Style
    from mlopsc.targets.terraform.reading.infrastructure import Resources

_WIDEST = 48
_LONGEST, _LAST = 84, 12
_MOST = 20
"""How many rows of a section are shown; `--json` has all."""
_SAME = "the same"


@click.command(name="diff", short_help="Show two environments, or a commit and now, side by side.")
@click.argument("arguments", nargs=-1, metavar="[FILE] [ENVIRONMENT ENVIRONMENT]", shell_complete=complete_environment)
@click.option("--since", "revision", metavar="COMMIT", help="Compare the spec with what it was in a commit of git.")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def command(arguments: tuple[str, ...], revision: str | None, as_json: bool) -> int:
    """Show how two environments of the spec differ: data, access, gates and waived rules, capacity, infrastructure,
    and what each costs while nobody uses it. It reads the spec alone, and asks no cloud.

    With --since, show what of the spec is otherwise than in a commit, in all environments. On GitHub, that is
    appended to the page of the job, too.

    \b
    Examples:
      mlopsc diff dev prod
      mlopsc diff examples/bike-demand dev prod --json
      mlopsc diff --since main
    """
    if revision is not None:
        return _since(arguments, revision, as_json)
    from mlopsc.compiler.cli.build import compile_for
    from mlopsc.compiler.ir.comparing import compared

    spec, (one, other) = split_environments(arguments, 2)
    compilation = compile_for(spec, TARGETS)
    names = environment_named(compilation.pipelines, one), environment_named(compilation.pipelines, other)
    if names[0] == names[1]:
        raise CommandFailure(f"`{names[0]}` is the same as itself", "name two environments", Exit.USAGE)
    first, second = (compilation.model.environments[name] for name in names)
    found = {**compared(first, second), "infrastructure": _infrastructure(spec, compilation, names)}
    sections = {title: tuple(map(_concealed, rows)) for title, rows in found.items()}
    costs = _costs(spec, compilation, names)
    if as_json:
        rows = {title: [vars(row) for row in found] for title, found in sections.items()}
        click.echo(json.dumps({"environments": names, **rows, "idle cost": costs}, indent=2, ensure_ascii=False))
        return Exit.OK
    from mlopsc.compiler.render.style import style_of

    style = style_of(sys.stdout)
    click.echo("\n".join(_lines(sections, costs, names, style)), color=style.colour)
    return Exit.OK


def _concealed(row: Row) -> Row:
    from mlopsc.compiler.ir.comparing import Row
    from mlopsc.compiler.render.concealing import concealed

    return Row(concealed(row.what), concealed(row.first), concealed(row.second))


def _since(arguments: tuple[str, ...], revision: str, as_json: bool) -> int:
    from mlopsc.compiler.cli.changes import as_json as as_json_of
    from mlopsc.compiler.cli.changes import changes_since, none_told, rows_of, tell_on_github
    from mlopsc.compiler.render.cells import clip, safe
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.table import render_table

    spec, _ = split_environments(arguments, 0)
    found = changes_since(spec, revision)
    style = style_of(sys.stdout)
    cells = [(what, *(clip(safe(one), _WIDEST) for one in row)) for what, *row in rows_of(found)]
    told = render_table(("", "", found.commit, "now"), cells, style) if cells else [none_told(found)]
    text = json.dumps(as_json_of(found), indent=2, ensure_ascii=False) if as_json else "\n".join(told)
    click.echo(text, color=style.colour)
    tell_on_github(found)
    return Exit.OK


def _lines(sections: Sections, costs: Mapping[str, Any], names: tuple[str, str], style: Style) -> Iterator[str]:
    for title, rows in sections.items():
        yield from _section(title, rows, names, style)
    yield style("bold", "idle cost")
    yield from _told_costs(costs, names, style)


def _section(title: str, rows: tuple[Row, ...], names: tuple[str, str], style: Style) -> Iterator[str]:
    from mlopsc.compiler.render.cells import clip, safe
    from mlopsc.compiler.render.table import render_table

    if not rows:
        yield f"{style('bold', title)}: {_SAME}"
        yield ""
        return
    yield style("bold", title)
    cells = [
        (_end(safe(row.what)), *(clip(safe(one), _WIDEST) for one in (row.first, row.second))) for row in rows[:_MOST]
    ]
    yield from (f"  {line}" for line in render_table(("", *names), cells, style))
    more = len(rows) - _MOST
    yield f"  and {more} more: `--json` has them all" if more > 0 else f"  {_SAME} otherwise"
    yield ""


def _end(what: str) -> str:
    """A long path of an argument by its end, which says most."""
    address, colon, path = what.partition(": ")
    room = max(_LONGEST - len(address) - 2, _LAST)
    return what if not colon or len(path) <= room else f"{address}: …{path[1 - room :]}"


def _infrastructure(spec: Spec, compilation: Compilation, names: tuple[str, str]) -> tuple[Row, ...]:
    from mlopsc.compiler.ir.comparing import NONE, Row
    from mlopsc.targets.terraform.reading.infrastructure import alone, otherwise

    first, second = (_resources(spec, compilation, f"{compilation.builds[name].folder}/terraform") for name in names)
    rows = [Row(one.type, ", ".join(one.first) or NONE, ", ".join(one.second) or NONE) for one in alone(first, second)]
    rows += [Row(one.what, one.first, one.second) for one in otherwise(first, second, names)]
    return tuple(rows)


def _resources(spec: Spec, compilation: Compilation, folder: str) -> Resources:
    """What a folder of Terraform declares; nothing where there is none."""
    from mlopsc.compiler.cli.sound import emit_sound
    from mlopsc.targets.terraform.reading.infrastructure import resources_of

    path = f"{folder}/main.tf.json"
    text = next((one.text for one in emit_sound(spec, compilation, TARGETS) if one.path == path), "{}")
    return resources_of(json.loads(text))


def _costs(spec: Spec, compilation: Compilation, names: tuple[str, str]) -> dict[str, Any]:
    """What each costs with what the bootstrap makes for it alone, and what is shared in its account."""
    from mlopsc.targets.terraform.building import Written
    from mlopsc.targets.terraform.platforms import platform_of
    from mlopsc.targets.terraform.reading import infrastructure, prices

    found: dict[str, Any] = {"currency": prices.CURRENCY, "shared": {}}
    for name in names:
        build = compilation.builds[name]
        shared = infrastructure.shared_by(platform_of(build))
        bootstrap = _resources(spec, compilation, f"{build.folder.rpartition('/')[0]}/bootstrap/{shared}")
        own = infrastructure.own_part(bootstrap, Written(build).identifier(name))
        resources = infrastructure.together(_resources(spec, compilation, f"{build.folder}/terraform"), own)
        found[name] = {
            "costs": [vars(one) for one in prices.costs(resources)],
            "without_price": prices.without_price(resources),
            "unknown_region": prices.is_unknown_region(platform_of(build)),
        }
        if shared:
            found["shared"][shared] = _shared_alone(bootstrap, compilation)
    return found


def _shared_alone(bootstrap: Resources, compilation: Compilation) -> float:
    """What a bootstrap costs a month without what it makes for single environments."""
    from mlopsc.targets.terraform.building import Written
    from mlopsc.targets.terraform.reading import infrastructure, prices

    names = [Written(build).identifier(name) for name, build in compilation.builds.items()]
    parts = [infrastructure.own_part(bootstrap, name) for name in names]
    of_environments = sum(one.monthly for part in parts for one in prices.costs(part))
    return round(sum(one.monthly for one in prices.costs(bootstrap)) - of_environments, 2)


def _told_costs(costs: Mapping[str, Any], names: tuple[str, str], style: Style) -> Iterator[str]:
    from mlopsc.compiler.render.table import render_table

    made = {name: {one["name"]: one for one in costs[name]["costs"]} for name in names}
    whats = dict.fromkeys(what for name in names for what in made[name])
    rows = []
    for what in whats:
        sides = [_amount(made[name].get(what)) for name in names]
        more = next((made[name][what]["more"] for name in names if what in made[name]), "")
        rows.append((what, *sides, more))
    totals = [f"{sum(one['monthly'] for one in made[name].values()):.2f}" for name in names]
    rows.append(("a month", *totals, costs["currency"]))
    yield from (f"  {line}" for line in render_table(("", *names, "and with use"), rows, style))
    yield "  list prices as this version knows them, before use, without tax; the clouds' own lists decide"
    for shared, monthly in costs["shared"].items():
        yield f"  and {monthly:.2f} for what all environments of {shared} share: states, images"
    for name in names:
        if costs[name]["without_price"]:
            yield f"  {name}: no price is known here of {', '.join(costs[name]['without_price'])}"
        if costs[name]["unknown_region"]:
            yield f"  {name}: its region is not known here, so its prices may be others"


def _amount(cost: Mapping[str, Any] | None) -> str:
    if cost is None:
        return "-"
    return f"{cost['monthly']:.2f}" + (f" ({cost['number']})" if cost["number"] > 1 else "")
