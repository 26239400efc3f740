"""The spec of a pipeline that was read. What a person must decide is marked `# decide:`, on its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlopsc.compiler.importing.code import Facts, facts_of
from mlopsc.compiler.importing.measures import Measure, measure_of
from mlopsc.compiler.importing.model import TITLES, Foreign, Note, Role, Step, Tried, Watching
from mlopsc.compiler.importing.phrases import flat, formatted, free_name, is_test_share, literal, search
from mlopsc.compiler.importing.roles import in_order, roles_of
from mlopsc.compiler.scaffold.spec import identifier, one_line, quoted_name, quoted_text

MARK = "# decide: "
_KINDS = {"regression": "float", "classes": "category", "one class": "bool"}
_TOLD = "whom to tell, and when to retrain"
_TABLES = {"csv": "csv", "tsv": "csv", "gz": "csv", "parquet": "parquet", "pq": "parquet"}


@dataclass(frozen=True)
class Decision:
    """A place of the spec that waits for a person."""

    line: int
    what: str


@dataclass(frozen=True)
class Written:
    """A spec, what became of which step, what has no place in it, and what waits for a person."""

    text: str
    understood: tuple[Note, ...]
    left: tuple[Note, ...]
    decisions: tuple[Decision, ...]
    stages: Mapping[Role, int]


Columns = Callable[[Step], Sequence[tuple[str, str]]]
"""What is known of the columns of a step's rows: their names, and how they are declared."""
Exists = Callable[[str], bool]


def write_spec(
    foreign: Foreign, name: str, owner: str = "", columns: Columns = lambda _: (), exists: Exists = lambda _: True
) -> Written:
    """The spec of a pipeline; `exists` says whether there is a file.

    Raises ImportProblem where steps go round in a circle.
    """
    writer = _Writer(foreign, in_order(foreign.steps), columns, exists)
    text = formatted("\n".join([*_head(foreign, name, owner), *writer.blocks()]))
    lines = text.splitlines()
    decisions = [
        Decision(number, line.partition(MARK)[2]) for number, line in enumerate(lines, start=1) if MARK in line
    ]
    stages: dict[Role, int] = {}
    for role in writer.written:
        stages[role] = stages.get(role, 0) + 1
    understood = (*writer.understood, *foreign.carried)
    return Written(text, understood, (*writer.left, *foreign.left), tuple(decisions), stages)


def _head(foreign: Foreign, name: str, owner: str) -> Iterator[str]:
    yield f"# From {one_line(', '.join(foreign.files))} ({TITLES[foreign.kind]}), by `mlopsc import`."
    yield f"# `{MARK.strip()}` marks what only a person knows; `mlopsc check` says what is missing."
    yield f"pipeline {quoted_name(name)} {{"
    yield "  language = 1"
    if owner:
        yield f"  owner = {quoted_text(owner)}"
    if foreign.description:
        yield f"  description = {quoted_text(' '.join(foreign.description.split()))}"
    yield "}\n"
    yield "environment dev { platform = local() }\n"


@dataclass
class _Writer:
    foreign: Foreign
    steps: Sequence[Step]
    columns: Columns
    exists: Exists
    written: list[Role] = field(default_factory=list)
    understood: list[Note] = field(default_factory=list)
    left: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._roles = dict(roles_of(self.steps))
        self.steps = [one for step in self.steps for one in self._with_rows(step)]
        self._by_name = {step.name: step for step in self.steps}
        self._learned = self._nearest("data")
        self._trained = dict(self._nearest("train"))
        self._guessed = dict(self._guesses())
        self._trained |= self._guessed
        self._names: dict[str, str] = {}
        self._facts: dict[str, Facts] = {}
        for step in self.steps:
            taken = {*self._names.values(), "dev", "gate"}
            self._names[step.name] = free_name(step.name, taken)
            source = step.code.source if step.code else None
            self._facts[step.name] = facts_of(source, step.parameters)

    def _with_rows(self, step: Step) -> Iterator[Step]:
        """A training that reads its rows itself, or says nothing of them, comes after a step of its own that does."""
        above = any(self._roles.get(name) == "data" for name in step.reads)
        if self._roles.get(step.name) != "train" or above:
            yield step
            return
        last = (step.sources or ("rows",))[0].rstrip("/").rpartition("/")[2].removeprefix("azureml:")
        stem = re.split(r"[.:@]", last)[0]
        rows = Step(identifier(stem, "rows", self._roles), step.place, sources=step.sources)
        self._roles[rows.name] = "data"
        yield rows
        yield replace(step, reads=(*step.reads, rows.name), sources=())

    def _nearest(self, role: Role) -> Mapping[str, Step | None]:
        """For each step the one of a role that it reads, directly if there is such a one."""
        found: dict[str, Step | None] = {}
        for step in self.steps:
            near = [self._by_name[name] for name in step.reads if name in self._by_name]
            direct = next((one for one in near if self._roles.get(one.name) == role), None)
            found[step.name] = direct or next((far for one in near if (far := found[one.name])), None)
        return found

    def _guesses(self) -> Iterator[tuple[str, Step]]:
        """For steps that need a model and read none: the training that learns from the same rows, else the first."""
        trainings = [one for one in self.steps if self._roles.get(one.name) == "train"]
        needing = [one for one in self.steps if self._roles.get(one.name) in ("test", "score", "release")]
        for step in needing:
            if trainings and not self._trained[step.name]:
                same = [one for one in trainings if self._learned[one.name] is self._learned[step.name]]
                yield step.name, (same or trainings)[0]

    def blocks(self) -> Iterator[str]:
        """The blocks of all steps that have a place in a spec, in the order of the stages."""
        order: Sequence[Role] = ("data", "train", "test", "release", "monitor", "score")
        for role in order:
            for step in self.steps:
                if self._roles.get(step.name) == role:
                    yield from self._block(role, step)
                    if role == "train":
                        yield from self._gate_of(step)
        self._tell_of_outside()
        for step in self.steps:
            if step.name not in self._roles:
                outcome = "nothing that is trained or judged reads it: run it beside the pipeline"
                self.left.append(Note(step.place, f"step `{step.name}`", outcome))

    def _block(self, role: Role, step: Step) -> Iterator[str]:
        lines = list({
            "data": self._data, "train": self._train, "test": self._test,
            "release": self._release, "monitor": self._monitor, "score": self._score,
        }[role](step))  # fmt: skip
        name = self._names[step.name]
        self._note(role, step, f"`{role} {name}`")
        yield from self._titled(step, lines, f"{role} {name}")

    def _tell_of_outside(self) -> None:
        """Where a program lies above the spec, from where nothing of it can be used."""
        above = next((one for one in self.steps if one.code and one.code.path.startswith("../")), None)
        if above is not None and above.code is not None:
            outcome = "a spec uses what is beside and below it: import again with `--out` at the top of the project"
            self.left.append(Note(above.place, f"`{above.code.path}`, which is above the spec", outcome))

    def _note(self, role: Role, step: Step, outcome: str) -> None:
        self.written.append(role)
        self.understood.append(Note(step.place, f"step `{step.name}`", outcome))

    def _titled(self, step: Step, lines: Sequence[str], header: str) -> Iterator[str]:
        runs = f": {one_line(step.command)}" if step.command else ""
        yield f"# {step.place}, step {one_line(step.name)}{runs}"
        if step.condition:
            yield f"# it runs only if {one_line(step.condition)}"
        yield f"{header} {{"
        yield from lines
        yield "}\n"

    def _data(self, step: Step) -> Iterator[str]:
        yield from self._rows(step)
        learners = [
            one for one in self.steps if self._roles.get(one.name) == "train" and self._learned[one.name] is step
        ]
        if learners:
            yield from self._of_learners(step, learners)
        yield f"  check rows >= 1  {MARK}how many rows must there be, and what must be true of them?"
        if learners:
            yield from self._split()

    def _rows(self, step: Step) -> Iterator[str]:
        above = [self._names[name] for name in step.reads if self._roles.get(name) == "data"]
        function = self._function(step, len(above) or 1)
        if above:
            several = ", ".join(above)
            yield f"  from = {several}" if len(above) == 1 else f"  from = [{several}]"
        else:
            yield from self._source(step, function)
        if step.code and (above or self._table(step)[0]):
            why = "it reads and writes files today: let a function take the rows and return them"
            yield f"  transform = python({quoted_text(function)})  {MARK}{why}"
        elif step.command and (above or not step.code):
            told = f"`{one_line(step.command)}`"
            outcome = 'write it as a function in Python: `transform = python("FILE.py:NAME")`'
            self.left.append(Note(step.place, f"what `{step.name}` runs, {told}", outcome))

    def _table(self, step: Step) -> tuple[str, str]:
        """The first of a step's sources that is a table, and the function that reads it."""
        for source in sorted(step.sources, key=lambda path: "test" in path):
            word = _TABLES.get(source.rpartition(".")[2].lower())
            if word:
                return word, source
        return ("csv", step.sources[0]) if step.sources and not step.code else ("", "")

    def _source(self, step: Step, function: str) -> Iterator[str]:
        word, path = self._table(step)
        options = ', separator = "\\t"' if path.endswith(".tsv") else ""
        if word:
            yield f"  source = {word}({quoted_text(path)}{options})  {self._absent(path)}".rstrip()
        elif step.code:
            why = "it writes files today: let a function return the rows"
            read = f"; it read {one_line(', '.join(step.sources))}" if step.sources else ""
            yield f"  source = python({quoted_text(function)})  {MARK}{why}{read}"
        else:
            yield f'  source = csv("rows.csv")  {MARK}where are the rows? csv, parquet, sql or python'
        if self.foreign.every:
            yield f"  refresh = every({self.foreign.every})"
        for other in step.sources:
            if path and other != path:
                outcome = "a data stage reads one source: write one for it, and join them by `from = [a, b]`"
                self.left.append(Note(step.place, f"`{other}`, which `{step.name}` reads too", outcome))

    def _absent(self, path: str) -> str:
        """What a person must decide of a path that leads to nothing here."""
        if path.startswith("azureml:") and "//" not in path:
            return f"{MARK}a data asset has no address here: name its file, such as abfs://CONTAINER@ACCOUNT/rows.csv"
        if path.startswith(("azureml:", "wasb:", "wasbs:")):
            return f"{MARK}where is it? Such as abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/{path.rpartition('/')[2]}"
        return (
            "" if "://" in path or self.exists(path) else f"{MARK}there is no such file here: bring it, or name another"
        )

    def _function(self, step: Step, needed: int) -> str:
        """The function of the project for a step: the one that fits, else one named after the step."""
        code = step.code
        if code is None:
            return ""
        facts = self._facts[step.name]
        fitting = [name for name, count in facts.functions.items() if count == needed and name != "main"]
        named = [name for name in fitting if name in self._names[step.name] or self._names[step.name] in name]
        found = code.function or next(iter(named or (fitting if len(fitting) == 1 else [])), "")
        return f"{code.path or 'steps.py'}:{found or self._names[step.name]}"

    def _of_learners(self, step: Step, learners: Sequence[Step]) -> Iterator[str]:
        targets = [self._facts[one.name].target for one in (*learners, step)]
        target = next(filter(None, targets), "")
        if target:
            yield f"  target = {quoted_name(target)}"
        else:
            yield f"  {MARK}target = COLUMN, the column to predict"
        yield "  schema {"
        known = self.columns(step)
        yield from (f"    {quoted_name(column)}: {declared}" for column, declared in known)
        if known:
            yield f"    {MARK}the first rows look so: correct types, and add ranges and roles"
            yield "  }"
            return
        if target:
            kind = _KINDS[self._measure(learners[0]).task]
            yield f"    {quoted_name(target)}: {kind}  {MARK}is it that, and in which range?"
        yield f"    {MARK}each column that the model may see, as `name: float`, int, bool, category, …"
        yield "  }"

    def _split(self) -> Iterator[str]:
        shares = (one for step in self.steps for one in flat(step.parameters) if is_test_share(*one))
        name, share = next(shares, ("", 0.2))
        test = round(share * 100)
        said = f"`{name}` was {share:g}; " if name else ""
        train = 100 - test - 20 if test <= 60 else 100 - test - 10
        rest = 100 - test - train
        which = "random, stratified, by_time or by_group?"
        yield f"  split = random(train = {train}%, validation = {rest}%, test = {test}%)  {MARK}{said}{which}"

    def _train(self, step: Step) -> Iterator[str]:
        learned = self._learned[step.name]
        yield f"  data = {self._names[learned.name]}" if learned else f"  data = rows  {MARK}a data stage with its rows"
        facts = self._facts[step.name]
        others = [name for name in step.reads if self._roles.get(name) == "data" and self._by_name[name] is not learned]
        for name in others:
            outcome = "a model learns from one data stage: join them by `from = [a, b]`"
            self.left.append(Note(step.place, f"`{name}`, which `{step.name}` reads too", outcome))
        yield from self._estimator(step, facts)
        yield f"  {self._measure(step).aim}"
        self._tell_of_metrics(step)

    def _estimator(self, step: Step, facts: Facts) -> Iterator[str]:
        if facts.estimators:
            made = facts.estimators[0]
            fixed = {name: one for name, one in made.arguments.items() if not isinstance(one, Tried)}
            arguments = [quoted_text(made.name), *(f"{name} = {literal(one)}" for name, one in fixed.items())]
            missing = f"{', '.join(made.computed)} is computed in its code" if made.computed else ""
            more = f"{MARK}{missing}" if missing else ""
            yield f"  estimator = sklearn({', '.join(arguments)})  {more}".rstrip()
            yield from search({name: one for name, one in made.arguments.items() if isinstance(one, Tried)}, step)
            for other in facts.estimators[1:]:
                outcome = f"`sklearn({quoted_text(made.name)})` was taken: write a train stage for the other"
                self.left.append(Note(step.place, f"`{other.name}` in the code of `{step.name}`", outcome))
        elif step.code and step.code.path:
            why = 'nothing runs a script yet: sklearn("…"), or python("FILE.py:NAME") that returns an estimator'
            yield f"  estimator = script({quoted_text(step.code.path)})  {MARK}{why}"
        else:
            name = f"model.py:{self._names[step.name]}"
            yield f'  estimator = python({quoted_text(name)})  {MARK}sklearn("…"), or a function that returns one'
        if not facts.estimators:
            tried = {name: one for name, one in step.parameters.items() if isinstance(one, Tried)}
            yield from (f"  {MARK}{line.strip()}, by the names that the estimator has" for line in search(tried, step))
        unused = {*dict(flat(step.parameters))} - {word for one in facts.estimators[:1] for word in one.used}
        if unused:
            outcome = "no argument of the estimator is known to take them"
            self.left.append(Note(step.place, f"parameters of `{step.name}`: {', '.join(sorted(unused))}", outcome))

    def _measure(self, step: Step) -> Measure:
        """How the model of a training is measured, told by what judges it and by its estimator."""
        judges = [one for one in self.steps if self._roles.get(one.name) == "test" and self._trained[one.name] is step]
        metrics = {name: value for one in (*judges, step) for name, value in one.metrics.items()}
        estimators = self._facts[step.name].estimators
        return measure_of(metrics, estimators[0].name if estimators else "")

    def _tell_of_metrics(self, step: Step) -> None:
        """Where metrics are written down, and none of them is one of the language."""
        judges = [one for one in self.steps if self._roles.get(one.name) == "test" and self._trained[one.name] is step]
        measure, names = self._measure(step), [name for one in (*judges, step) for name in one.metrics]
        if names and not measure.name:
            outcome = f"`{measure.word}` was taken: a `metric` block declares another"
            place = next(one.place for one in (*judges, step) if one.metrics)
            self.left.append(Note(place, f"the metric{'s' * (len(names) > 1)} {one_line(', '.join(names))}", outcome))

    def _requirement(self, step: Step) -> str:
        measure = self._measure(step)
        last = f"; the last value was {measure.value:g}" if measure.value is not None else ""
        after = (one.condition for one in self.steps if one.condition and self._trained[one.name] is step)
        condition = next((f"; `{one_line(one)}` decided what came after" for one in after), "")
        return f"  require {measure.word}(test) {measure.better} limit at 95%  {MARK}the limit{last}{condition}"

    def _test(self, step: Step) -> Iterator[str]:
        trained = self._trained[step.name]
        yield self._model(step)
        yield self._requirement(trained or step)

    def _model(self, step: Step) -> str:
        """Which train stage it judges or predicts by."""
        trained = self._trained[step.name]
        if trained is None:
            return f"  model = model  {MARK}which train stage?"
        guessed = f"  {MARK}is it that? It reads no model" if step.name in self._guessed else ""
        return f"  model = {self._names[trained.name]}{guessed}"

    def _gate_of(self, step: Step) -> Iterator[str]:
        """A gate for a training that writes its metrics down itself."""
        judged = [one for one in self.steps if self._roles.get(one.name) == "test" and self._trained[one.name] is step]
        if judged or not step.metrics:
            return
        name = f"{self._names[step.name]}_gate"
        self._note("test", step, f"`test {name}`, for its metrics")
        yield from self._titled(step, [f"  model = {self._names[step.name]}", self._requirement(step)], f"test {name}")

    def _release(self, step: Step) -> Iterator[str]:
        trained = self._trained[step.name]
        yield f"  model = {self._names[trained.name] if trained else 'model'}" + ("" if trained else f"  {MARK}which?")
        yield from self._gate(trained)
        yield f"  strategy = blue_green(keep = 1d)  {MARK}all at once, or canary(…), ab(…), shadow(…)?"
        yield f"  guard error_rate <= 1%  {MARK}how many requests may fail before it is rolled back?"

    def _gate(self, trained: Step | None) -> Iterator[str]:
        judges = [
            one for one in self.steps if self._roles.get(one.name) == "test" and self._trained[one.name] is trained
        ]
        if judges:
            yield f"  gate = {self._names[judges[0].name]}"
        elif trained and trained.metrics:
            yield f"  gate = {self._names[trained.name]}_gate"
        else:
            yield f"  gate = gate  {MARK}a test stage that a model must pass"

    def _monitor(self, step: Step) -> Iterator[str]:
        releases = [self._names[one.name] for one in self.steps if self._roles.get(one.name) == "release"]
        watching = step.watching or Watching()
        yield f"  release = {releases[0]}" if releases else f"  release = api  {MARK}a release stage to watch"
        if watching.every:
            yield f"  every = {watching.every}"
        over = f"over {watching.every or '7d'}, alarms <= 1 / 90d"
        columns = ", ".join(watching.drift_of)
        if columns:
            yield f"  watch stable({f'[{columns}]' if len(watching.drift_of) > 1 else columns}) {over}"
        if watching.quality:
            trained = next((one for one in self.steps if self._roles.get(one.name) == "train"), step)
            measure = self._measure(trained)
            yield f"  watch {measure.word}(feedback) {measure.better} limit {over}  {MARK}the limit, and `lag`"
        events = " or ".join([*["drift"] * bool(columns), *["quality"] * watching.quality])
        tells = [f"notify({quoted_text(one)})" for one in watching.tells] or ['notify("you@example.com")']
        done = tells[0] if len(tells) == 1 else f"[{', '.join(tells)}]"
        yield f"  on {events} do {done}  {MARK}{_TOLD}"

    def _score(self, step: Step) -> Iterator[str]:
        trained, rows = self._trained[step.name], self._learned[step.name]
        yield self._model(step)
        if rows is None and trained is not None:
            rows = self._learned[trained.name]
        yield f"  data = {self._names[rows.name] if rows else 'rows'}  {MARK}the rows to predict for; they need a `key`"
        if self.foreign.every:
            yield f"  every = {self.foreign.every}"
