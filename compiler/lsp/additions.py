"""Code actions that add: a gate for a model, and what a principle says is missing, as the spec would have it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from lsprotocol import types as lsp

from mlopsc.compiler.diagnostics import Edit
from mlopsc.compiler.lsp.known import facts_of, rows_of
from mlopsc.compiler.lsp.pieces import Piece, edit_of
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.tables import table_of_stage
from mlopsc.compiler.records import Record
from mlopsc.compiler.scaffold.baselines import written
from mlopsc.compiler.semantics.model import RuleModel, StageModel
from mlopsc.compiler.text import Location, Span

KIND = lsp.CodeActionKind.RefactorRewrite
_ROOM = 0.2
"""How much worse than its validation score a model may be to pass the gate that is suggested."""
_SURE = 2.49
"""Standard errors between a limit and what it takes to show it at 95% in four of five cases."""
_LIMITS = {"r2": "0.5", "brier": "0.2", "log_loss": "0.6", "mcc": "0.3"}
"""Where nothing is known of the rows: more than what has learnt nothing reaches."""


class Added(Record):
    """Something to add: what an editor calls it, and the edit."""

    title: str
    edit: Edit


def additions(project: Project, path: str, span: Span) -> Iterator[Added]:
    """What could be added for the stage or block whose header is at a place, as long as it makes no mistake."""
    if project.compilation.has_errors:
        return
    for found in _candidates(project, path, span):
        if _is_sound(project, found.edit):
            yield found


def _candidates(project: Project, path: str, span: Span) -> Iterator[Added]:
    stages = _stages(project)
    for stage in stages.values():
        if stage.kind.word == "train" and _touches(stage.at, path, span):
            judged = any(one.kind.judges and one.value(one.kind.judges) == stage.name for one in stages.values())
            gate = None if judged else gate_for(project, stage)
            if gate is not None:
                yield from _added(project, f"Add a gate for `{stage.name}`", Piece(stage.at, gate, is_block=True))
    for score in project.compilation.principles:
        for standing in score.standings:
            for missing in standing.missing:
                add = _PIECES.get(missing.code.title)
                if add is None or not _touches(missing.location, path, span):
                    continue
                for piece in add(_Missing(project, missing.location)):
                    title = f"Principle {score.principle}: add `{piece.text.partition(' {')[0].splitlines()[0]}`"
                    yield from _added(project, title, piece)


def _added(project: Project, title: str, piece: Piece) -> Iterator[Added]:
    edit = edit_of(project, piece)
    if edit is not None:
        yield Added(title, edit)


def _is_sound(project: Project, edit: Edit) -> bool:
    """Whether the spec has no mistake once something is added."""
    file, span = edit.location.file, edit.location.span
    text = file.text[: span.start] + edit.text + file.text[span.end :]
    return not project.compilation.edited(file.path, text).model.has_errors


def _touches(at: Location, path: str, span: Span) -> bool:
    """Whether a range meets the lines of a place."""
    file = at.file
    if file.path != path:
        return False
    start = file.text.rfind("\n", 0, at.span.start) + 1
    end = file.text.find("\n", at.span.end)
    return start <= span.end and span.start <= (end if end >= 0 else len(file.text))


def _stages(project: Project) -> Mapping[str, StageModel]:
    """The stages as they are in the first environment that has them."""
    found: dict[str, StageModel] = {}
    for environment in project.compilation.environments:
        for name, stage in environment.stages.items():
            found.setdefault(name, stage)
    return found


class _Missing(Record):
    """Where a principle is not followed."""

    project: Project
    at: Location

    @property
    def stage(self) -> StageModel | None:
        """The stage that stands there."""
        return next((one for one in _stages(self.project).values() if _touches(one.at, *self.place)), None)

    @property
    def place(self) -> tuple[str, Span]:
        """The file and the span."""
        return self.at.file.path, self.at.span

    @property
    def train(self) -> StageModel | None:
        """The train stage that the stage leads to."""
        stages, stage = _stages(self.project), self.stage
        for setting in ("release", "model"):
            stage = stages.get(str(stage.value(setting))) if stage and stage.value(setting) else stage
        return stage if stage and stage.kind.word == "train" else None


def _objective(train: StageModel) -> RuleModel | None:
    return next((rule for rule in train.rules if rule.declaration.direction), None)


def _metric(train: StageModel, split: str) -> tuple[str, str, str] | None:
    """The metric that a train stage aims for on another split, its operator, and a margin beside the champion."""
    rule = _objective(train)
    if rule is None:
        return None
    text = re.sub(r"\(\s*\w+", f"({split}", " ".join(rule.subject_at.text.split()), count=1)
    if rule.declaration.direction == "lower":
        return text, "<=", "champion + 5%"
    return text, ">=", "champion * 95%"


def gate_for(project: Project, train: StageModel) -> str | None:
    """A gate with the metric of the training: a limit that the rows can show, and the champion."""
    metric = _metric(train, "test")
    if metric is None:
        return None
    text, operator, margin = metric
    limit, assumed = _limit(project, train)
    expected = f" assuming {assumed}" if assumed else ""
    lines = [f"require {text} {operator} {limit} at 95%{expected}"] if limit else []
    lines.append(f"require {text} {operator} {margin} at 95%")
    body = "\n".join(f"  {line}" for line in [f"model = {train.name}", *lines])
    return f"test {train.name}_gate {{\n{body}\n}}"


def _limit(project: Project, train: StageModel) -> tuple[str, str]:
    """A limit, and what is expected: by the score of the last training, else by what the target looks like."""
    rule = _objective(train)
    word = str((rule.subject or {}).get("function", "")) if rule is not None else ""
    data = _stages(project).get(str(train.value("data")))
    score = facts_of(project, train.name).get("scores", {}).get("validation")
    lower = rule is not None and rule.declaration.direction == "lower"
    if isinstance(score, int | float) and score > 0:
        rows = rows_of(project, data.name) if data else None
        there = rows.splits.get("test", 0) if rows else 0
        room = max(_ROOM, _SURE / there**0.5 if there else 0.0)
        if lower:
            return written(score * (1 + room)), written(score)
        return (f"{max(1.0, (score - (1 - score) * 2 * room) * 100):.3g}%", "") if score <= 1 else ("", "")
    table = table_of_stage(project.compilation.workspace, data) if data else None
    target = str(data.value("target")) if data else ""
    seen = next((one for one in table.columns if one.name == target), None) if table else None
    if seen is not None and seen.spread and word in ("mae", "rmse", "median_ae"):
        return written(seen.spread * (1 - _ROOM)), ""
    return _LIMITS.get(word, "" if lower else "80%"), ""


def _rule(text: str) -> Callable[[_Missing], Iterator[Piece]]:
    """What adds one line to the block at the place."""
    return lambda missing: iter([Piece(missing.at, text)])


def _pytest(missing: _Missing) -> Iterator[Piece]:
    if missing.project.compilation.workspace.exists("tests"):
        yield Piece(missing.at, 'require pytest("tests/")')


def _check(missing: _Missing) -> Iterator[Piece]:
    target = missing.stage.value("target") if missing.stage else None
    if isinstance(target, str):
        yield Piece(missing.at, f"check missing(`{target}`) <= 0%".replace("`", "" if target.isidentifier() else "`"))


def _groups(missing: _Missing) -> Iterator[Piece]:
    """The first requirement with a number, by a column of few values."""
    stage, train = missing.stage, missing.train
    data = _stages(missing.project).get(str(train.value("data"))) if train else None
    asked = [one for one in stage.rules if one.comparisons and (one.subject or {}).get("on")] if stage else []
    rule = next((one for one in asked if one.comparisons[0].limit.baseline is None), None)
    kinds = ("category", "bool")
    columns = (one for one in data.columns if one.type["function"] in kinds and one.role is None) if data else ()
    column = next((one.name for one in columns if data and one.name != data.value("target")), None)
    if rule is not None and column is not None:
        yield Piece(missing.at, f"{rule.text.partition(' assuming ')[0]} by {column}")


def _quality(missing: _Missing) -> Iterator[Piece]:
    """The metric of the training, watched with the limit of its gate."""
    train = missing.train
    metric = _metric(train, "feedback") if train else None
    if train is None or metric is None:
        return
    limit = next(_number_limits(missing.project, train), "") or _limit(missing.project, train)[0]
    if limit:
        yield Piece(missing.at, f"watch {metric[0]} {metric[1]} {limit} over 7d lag 1d, alarms <= 1 / 90d")


def _number_limits(project: Project, train: StageModel) -> Iterator[str]:
    """The limits of the gates of a model that are numbers, as they are written."""
    aim = _objective(train)
    word = (aim.subject or {}).get("function") if aim is not None else None
    for stage in _stages(project).values():
        for rule in stage.rules if stage.value("model") == train.name and stage.kind.judges else ():
            plain = rule.comparisons and rule.comparisons[0].limit.baseline is None
            if plain and (rule.subject or {}).get("function") == word and "by" not in rule.clauses:
                yield re.split(r"[<>]=?", rule.subject_at.text)[-1].strip()


def _retraining(missing: _Missing) -> Iterator[Piece]:
    train = missing.train
    if train is not None:
        data = f", refresh = {train.value('data')}" if train.value("data") else ""
        yield Piece(missing.at, f"on quality do retrain({train.name}{data}, cooldown = 7d, limit = 4 / 30d)")


def _notice(missing: _Missing) -> Iterator[Piece]:
    pipeline = missing.project.compilation.model.pipeline
    setting = pipeline.settings.get("owner") if pipeline else None
    owner = str(setting.value) if setting else ""
    address = owner if "@" in owner else "oncall@example.com"
    yield Piece(missing.at, f'on drift or quality do notify("{address}")')


def _comparison(missing: _Missing) -> Iterator[Piece]:
    train = missing.train
    metric = _metric(train, "feedback") if train else None
    if metric is not None:
        yield Piece(missing.at, f"require {metric[0]} {metric[1]} {metric[2]} at 95% within 28d")


def monitor_for(release: str) -> str:
    """A monitor of a release, with what can be watched of any."""
    lines = [f"release = {release}", "watch stable(features) over 7d, alarms <= 1 / 90d"]
    lines += ["watch uptime >= 99.9% over 30d", 'on drift or uptime do notify("oncall@example.com")']
    body = "\n".join(f"  {line}" for line in lines)
    return f"monitor live {{\n{body}\n}}"


def _monitor(missing: _Missing) -> Iterator[Piece]:
    if missing.stage is not None:
        yield Piece(missing.at, monitor_for(missing.stage.name), is_block=True)


def _environment(missing: _Missing) -> Iterator[Piece]:
    model = missing.project.compilation.model
    last = [one for one in missing.project.compilation.environments if not one.is_implied][-1:]
    follows = "".join(f"  follows  = {one.name}\n" for one in last)
    if "prod" not in model.environments:
        yield Piece(missing.at, f"environment prod {{\n{follows}  platform = local()\n}}", is_block=True)


_PIECES: Mapping[str, Callable[[_Missing], Iterator[Piece]]] = {
    "untested-code": _pytest,
    "unchecked-data": _check,
    "unjudged-groups": _groups,
    "unwatched-release": _monitor,
    "unwatched-drift": _rule("watch stable(features) over 7d, alarms <= 1 / 90d"),
    "unwatched-quality": _quality,
    "unwatched-service": _rule("watch uptime >= 99.9% over 30d"),
    "unheard-events": _notice,
    "no-retraining": _retraining,
    "release-at-once": _rule("strategy = canary(steps = [5%, 25%, 100%], every = 1d)"),
    "release-without-comparison": _comparison,
    "no-rollback": _rule("guard error_rate <= champion * 2"),
    "unstated-budget": _rule("budget = 400USD / 1mo"),
    "unwritten-jobs": _rule('github = github(repository = "owner/name")'),
    "single-environment": _environment,
    "unapproved-environment": _rule('approvers = ["@organisation/leads"]'),
    "unstated-access": _rule('access = [read(group(github = "@organisation/team"))]'),
}
"""What each rule of a principle asks for, as it is written into the block that it is found missing from."""
