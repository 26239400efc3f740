"""What is kept from one edit to the next changes nothing: each state is as if it were checked from nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.records import Record
from mlopsc.compiler.semantics import memory as memory_module
from mlopsc.compiler.semantics.memory import Memory
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.text import Location
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

BIKE = Path(__file__).parents[2] / "examples" / "bike-demand"
EDITS = 100
"""How often each project is edited."""

CHAINED = """\
use "limits.mlops"
use "shared.mlops" as shared

# Everything that a stage can rest on: bases, overrides, constants, other files, Python, its own lines.
pipeline chained { owner = "me@example.com" }

environment dev { platform = local() }
environment prod {
  follows = dev
  override rides {
    source = csv("rides.csv")
    waive rows because "few rows there"
  }
}

data rides {
  source = csv("rides.csv")
  transform = python("prep.py:widen")
  time = at
  target = bikers
  outcome = independent
  schema {
    at: timestamp
    hr: int in 0..23
    bikers: int
  }
  check rows >= least
  split = by_time(train = 70%, validation = 10%, test = 20%, gap = 1d)
}

data calm {
  from = [rides]
  transform = python("prep.py:widen")
  time = at
  target = bikers
  check rows >= 1
  split = by_time(train = 70%, validation = 10%, test = 20%)
}

train base {
  abstract = true
  data = rides
  estimator = sklearn("linear_model.Ridge", alpha = 0.5)
  minimize mae(validation)
}

train first { extends = base }

train second {
  extends = base
  data = calm
}

test gate {
  model = first
  require mae(test) <= limit at 95% assuming 33
  require mae(test) <= naive(168h) * 90% at 95%
  require macro(test) <= 50%
}

metric macro {
  function = "prep.py:macro"
  better = lower
  measured_in = ratio
}

test other {
  model = second
  require mae(test) <= shared.most at 95%
}

release api {
  model = first
  gate = gate
  strategy = canary(steps = [5%, 100%], every = 14d)
  require mae(feedback) <= champion + 5% at 95% within 28d
}

monitor live {
  release = api
  watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
  watch age(calm) <= 2d
}
"""
SHARED = """\
most = 50
table = csv("rides.csv")

data unused {
  source = table
  schema { x: int }
  check rows >= 1
}
"""
PREP = "def widen(rows):\n    return rows\n\n\ndef macro(truth, prediction):\n    return rows\n"
PROJECTS: dict[str, dict[str, str]] = {
    "chained": {
        "pipeline.mlops": CHAINED,
        "limits.mlops": "limit = 45\nleast = 10\n",
        "shared.mlops": SHARED,
        "rides.csv": "at,hr,bikers\n",
        "prep.py": PREP,
    },
    "bike": {
        path.relative_to(BIKE).as_posix(): path.read_text("utf-8")
        for path in (BIKE / "pipeline.mlops", *BIKE.glob("*.py"), BIKE / "requirements.txt", BIKE / "mlops.lock")
    }
    | {"data/bikeshare.csv": "", "tests/test_model.py": ""},
}
TOKEN = re.compile(r"[ \t]+|\n+|\w+|[<>=!]=|\.\.|[^\w\s]")


def plain(value: object) -> Any:
    """A value down to what can be compared: places as paths and offsets, however they are kept."""
    if isinstance(value, Location):
        return value.file.path, value.span
    if isinstance(value, Record):
        return type(value).__name__, *(plain(getattr(value, name)) for name in value.fields)
    if isinstance(value, Mapping):
        return [(key, plain(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def meant(model: SemanticModel) -> Any:
    """All that a model says: of stages, of names, and of what could stand where."""
    expected = model.findings.expectations if model.findings else ()
    return {
        "environments": plain(model.environments),
        "names": [(plain(one.location), one.symbol.key, plain(one.symbol.definition)) for one in model.uses],
        "expected": [(plain(one.location), one.type) for one in expected],
        "symbols": [[symbol.key for symbol in one.symbols()] for one in expected[:: len(expected) // 9 + 1]],
    }


def told(found: tuple[Diagnostic, ...]) -> list[Any]:
    return [plain(one) for one in found]


class Typist:
    """Edits the files of a project at random: mostly words, at times lines, blocks, Python or a whole file."""

    def __init__(self, files: Mapping[str, str], seed: int) -> None:
        self.original = dict(files)
        self.files = dict(files)
        self.chance = random.Random(seed)
        specs = [text for path, text in files.items() if path.endswith(".mlops")]
        self.words = sorted({word for text in specs for word in TOKEN.findall(text)})

    def edit(self) -> None:
        chance = self.chance
        path = chance.choice([path for path in self.files if path.endswith(".mlops")])
        action = chance.choice(
            ["word"] * 6
            + ["number"] * 2
            + ["letter"] * 6
            + ["line"] * 3
            + ["block", "copy", "copy", "comment", "undo", "undo", "disk"]
        )
        if action == "disk":
            return self.change_disk()
        if action == "undo":
            self.files = dict(self.original)
        else:
            self.files[path] = getattr(self, action)(self.files[path])
        return None

    def word(self, text: str) -> str:
        tokens = TOKEN.findall(text) or [""]
        at = self.chance.randrange(len(tokens))
        tokens[at] = self.chance.choice(["", tokens[at] * 2, self.chance.choice(self.words)])
        return "".join(tokens)

    def number(self, text: str) -> str:
        spans = [match.span() for match in re.finditer(r"\d+|$", text)]
        start, end = self.chance.choice(spans)
        return f"{text[:start]}{self.chance.randint(0, 99)}{text[end:]}"

    def letter(self, text: str) -> str:
        at = self.chance.randint(0, len(text))
        return text[:at] + self.chance.choice('ab 1.\n"{}(') + text[at + self.chance.randint(0, 1) :]

    def line(self, text: str) -> str:
        lines = text.split("\n")
        at = self.chance.randrange(len(lines))
        lines[at : at + 1] = self.chance.choice([[], [lines[at]] * 2, ["", lines[at]], ["# a comment", lines[at]]])
        return "\n".join(lines)

    def block(self, text: str) -> str:
        blocks = text.split("\n\n")
        self.chance.shuffle(blocks)
        return "\n\n".join(blocks)

    def copy(self, text: str) -> str:
        """A block again, with at times another name, or taken away."""
        blocks = text.split("\n\n")
        at, name = self.chance.randrange(len(blocks)), self.chance.choice([r"\1", r"\1x", "rides", "limit"])
        new = re.sub(r"(?<=^\w{4} )(\w+)", name, blocks[at])
        blocks[at : at + self.chance.randint(0, 1)] = self.chance.choice([[], [new], [new, blocks[at]]])
        return "\n\n".join(blocks)

    def comment(self, text: str) -> str:
        return f"# {self.chance.random()}\n{text}"

    def change_disk(self) -> None:
        """Python that is edited, or a file that goes; the next time round, they are back."""
        for path, text in self.original.items():
            if not path.endswith(".mlops"):
                self.files[path] = text
        path = self.chance.choice([path for path in self.files if path.endswith((".py", ".csv"))])
        if path.endswith(".py") and self.chance.random() < 0.7:
            self.files[path] = self.files[path].replace("(rows", "(rows, more", 1)
        else:
            del self.files[path]


@pytest.mark.parametrize(("name", "seed"), [("chained", 1), ("bike", 2)])
def test_every_edit_gives_what_a_check_from_nothing_gives(name: str, seed: int) -> None:
    typist, memory, words = Typist(PROJECTS[name], seed), Memory(), registry()
    known: Mapping[str, Any] = {}
    for number in range(EDITS):
        workspace = MemoryWorkspace(dict(typist.files))
        kept = Compilation(workspace, words, known=known, memory=memory)
        known = {file.source.path: file for file in kept.files}
        fresh = Compilation(workspace, words, known=known)
        state = f"edit {number}:\n{typist.files}"
        assert told(kept.diagnostics) == told(fresh.diagnostics), state
        assert meant(kept.model) == meant(fresh.model), state
        typist.edit()


@pytest.mark.parametrize(
    ("path", "edits"),
    [
        ("limits.mlops", [("limit = 45", "limit = 49")]),
        ("shared.mlops", [("most = 50", "most = 1d")]),
        ("pipeline.mlops", [("  release = api\n", ""), ("alpha = 0.5", "alpha = 0.25")]),
        ("pipeline.mlops", [("data calm", "# it has moved\ndata calm")]),
        ("limits.mlops", [("limit = 45", "limit = 45\nlimit = 50"), ("limit = 50", "limit = 60")]),
        ("limits.mlops", [("limit = 45", "limit = least + 35"), ("least = 10", "least = 20"), ("least", "most")]),
        ("shared.mlops", [("most", "\nmost"), ('csv("rides', 'parquet("rides'), ("rides.csv", "gone.csv")]),
        ("prep.py", [("widen(rows)", "widen(rows, more)")]),
        ("pipeline.mlops", [("as shared", "as others")]),
        ("pipeline.mlops", [("measured_in = ratio", "measured_in = target")]),
        ("pipeline.mlops", [("data calm", "data shared.most {}\n\ndata calm"), ("test gate", "test  gate")]),
    ],
)
def test_what_a_stage_rests_on_elsewhere_counts(path: str, edits: list[tuple[str, str]]) -> None:
    """A constant of the same length, a file, Python, a fix whose place moves, a name that moves."""
    files, memory, known = dict(PROJECTS["chained"]), Memory(), {}
    for before, after in [("", ""), *edits]:
        assert before in files[path]
        files[path] = files[path].replace(before, after, 1)
        kept = Compilation(MemoryWorkspace(dict(files)), registry(), known=known, memory=memory)
        known = {file.source.path: file for file in kept.files}
        fresh = Compilation(MemoryWorkspace(dict(files)), registry())
        assert told(kept.diagnostics) == told(fresh.diagnostics)
        assert meant(kept.model) == meant(fresh.model)


def test_of_two_constants_of_a_name_each_file_has_its_own() -> None:
    own = "least = {}\n\ndata rides {{\n  source = csv('r.csv')\n  schema {{ x: int }}\n  check rows >= least\n}}\n"
    memory, known = Memory(), {}
    for least in (10, 20):
        main = 'use "own.mlops"\nleast = 10\npipeline p {}\n'
        files = {"pipeline.mlops": main, "own.mlops": own.replace("'", '"').format(least), "r.csv": ""}
        kept = Compilation(MemoryWorkspace(files), registry(), known=known, memory=memory)
        known = {file.source.path: file for file in kept.files}
        (rule,) = kept.model.environments["local"].stages["rides"].rules
        assert rule.comparisons[0].limit.offset == least


def checks_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the stages that are checked from now on."""
    checked: list[str] = []
    check = memory_module.check_stage

    def counted(program: Any, merged: Any, others: Any) -> Any:
        checked.append(merged.name)
        return check(program, merged, others)

    monkeypatch.setattr(memory_module, "check_stage", counted)
    return checked


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("gate {\n", "gate {\n\n\n", {"gate", "api", "live"}),
        ("platform = local()", "platform  = local()", set()),
        ('owner = "me', 'owner = "you', set()),
        ("model = second", "model = second  # a comment", {"other"}),
        ("alpha = 0.5", "alpha = 0.25", {"base", "first", "second", "gate", "other", "api", "live"}),
        ("few rows there", "few rows", {"rides", "calm", "base", "first", "second", "gate", "other", "api", "live"}),
        ("limit at", "45 at", {"gate", "api", "live"}),
        ("data calm", "data calmer", {"calmer", "second", "other", "live"}),
        ("pipeline chained", 'data more { source = csv("rides.csv") }\n\npipeline chained', {"more"}),
        ("limit = 45", "limit = 49", {"gate", "api", "live"}),
        ("least = 10", "least = 10  # rows", set()),
        ("least = 10", "least = 20", {"rides", "calm", "base", "first", "second", "gate", "other", "api", "live"}),
        ("most = 50", "most = 51", {"other"}),
        ("schema { x: int }", "schema { x: float }", {"shared.unused"}),
        ("table = csv", "table =  csv", {"shared.unused"}),
    ],
)
def test_only_what_an_edit_touches_is_checked_again(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str, expected: set[str]
) -> None:
    files, memory, checked = PROJECTS["chained"], Memory(), checks_of(monkeypatch)
    first = Compilation(MemoryWorkspace(files), registry(), memory=memory)
    assert first.model
    checked.clear()
    known = {file.source.path: file for file in first.files}
    path = next(path for path in files if path.endswith(".mlops") and before in files[path])
    edited = {**files, path: files[path].replace(before, after, 1)}
    assert Compilation(MemoryWorkspace(edited), registry(), known=known, memory=memory).model
    assert set(checked) == expected


def test_what_is_on_disk_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    files, memory, checked = PROJECTS["chained"], Memory(), checks_of(monkeypatch)
    first = Compilation(MemoryWorkspace(files), registry(), memory=memory)
    assert not first.has_errors
    checked.clear()
    gone = {path: text for path, text in files.items() if path != "rides.csv"}
    known = {file.source.path: file for file in first.files}
    assert Compilation(MemoryWorkspace(gone), registry(), known=known, memory=memory).has_errors
    assert "rides" in checked
