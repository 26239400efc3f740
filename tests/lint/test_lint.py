"""Every rule of the linter: what it finds, what it lets pass, and that its fixes mend."""

from __future__ import annotations

import pytest
from demand import SPEC, changed, compiled, deployed, found

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.diagnostics import Diagnostic, Severity, apply_edits
from mlopsc.compiler.lint import rules
from mlopsc.compiler.lint.principle import PRINCIPLES, PrincipleRule
from mlopsc.compiler.lint.rule import LintRule

GATE = "test gate {{\n  model = demand\n  {}\n}}"
CANARY = "strategy = canary(steps = [50%, 100%], every = 7d)"
RELEASE = "release api {{\n  model = demand\n  gate = gate\n  " + CANARY + "\n  assign = user\n  {}\n}}"

MONITOR = "monitor live {{\n  release = api\n  {}\n}}"

PROD = "environment prod {{\n  follows = dev\n  platform = local()\n  override rides {{ {} }}\n}}"


def names(diagnostics: list[Diagnostic]) -> list[str]:
    return [diagnostic.code.title for diagnostic in diagnostics]


def data(source: str, extra: str = "") -> str:
    return f"""data rides {{
  source = {source}
  {extra}
  time   = at
  unit   = block(7d)
  target = bikers
  schema {{
    at:     timestamp
    user:   category
    temp:   float in 0..1
    bikers: int in 0..
  }}
  check rows >= 100
  split = by_time(train = 70%, validation = 10%, test = 20%)
}}"""


def released(strategy: str, rule: str) -> str:
    return f"release api {{\n  model = demand\n  gate = gate\n  assign = user\n  strategy = {strategy}\n  {rule}\n}}"


def overridden(rule: str) -> str:
    return f"environment prod {{\n  follows = dev\n  platform = local()\n  override gate {{ {rule} }}\n}}"


FAILS = [
    ("unpinned-data", [data('csv("https://example.com/rides.csv")')], "csv("),
    ("require-without-level", [GATE.format("require mae(test) <= champion")], "mae(test)"),
    ("unused-stage", ['data weather {\n  source = csv("weather.csv")\n  check rows >= 1\n}'], "data weather"),
    ("unused-constant", ["limit = 45  # of bikes"], "limit"),
    ("gate-without-metric", [GATE.format("require latency(p95) <= 20ms")], "test gate"),
    ("gate-without-champion", [GATE.format("require mae(test) <= 45 at 95%")], "test gate"),
    ("missing-owner", ["pipeline demand {\n  language = 1\n}"], "pipeline demand"),
    ("weaker-environment", [overridden("require mae(test) <= 60 at 95%")], "require mae(test) <= 60 at 95%"),
    ("weaker-environment", [overridden("require mae(test) <= 45 at 90%")], "require mae(test) <= 45 at 90%"),
    (
        "weaker-environment",
        ['environment dev {\n  platform = local()\n  approvers = ["@example-org/leads"]\n}'],
        "environment prod",
    ),
    ("override-split", [PROD.format("split = by_time(train = 60%, validation = 20%, test = 20%)")], "split = by_time"),
    ("override-split", [PROD.format("target = temp")], "target = temp"),
    (
        "undecidable-comparison",
        [RELEASE.format("require mae(feedback) <= champion + 5% at 95% within 3d")],
        "within 3d",
    ),
    (
        "undecidable-comparison",
        [RELEASE.format("require mae(feedback) <= champion + 0.1% at 95% within 28d")],
        "require mae(feedback) <= champion + 0.1% at 95% within 28d",
    ),
    ("watch-without-effect", [MONITOR.format("watch uptime >= 80% over 30d")], "watch uptime >= 80% over 30d"),
    (
        "watch-without-effect",
        [MONITOR.format("watch error_rate <= champion * 2 over 7d")],
        "watch error_rate <= champion * 2 over 7d",
    ),
    (
        "watch-without-effect",
        [MONITOR.format("watch mae(feedback) <= 45 over 60d, alarms <= 1 / 90d")],
        "alarms <= 1 / 90d",
    ),
    ("rule-without-evidence", [released("direct()", "guard error_rate <= 1%")], "guard error_rate <= 1%"),
    ("rule-without-evidence", [released("blue_green()", "guard error_rate <= 1%")], "guard error_rate <= 1%"),
    (
        "rule-without-evidence",
        [released("blue_green(keep = 1d)", "guard error_rate <= champion * 2")],
        "guard error_rate <= champion * 2",
    ),
    (
        "rule-without-evidence",
        [released("shadow()", "require mae(feedback) <= champion + 5% at 95% within 28d")],
        "require mae(feedback) <= champion + 5% at 95% within 28d",
    ),
    ("rule-without-evidence", [released("ab()", "guard error_rate <= 1%")], "ab()"),
    (
        "rule-without-evidence",
        [RELEASE.format("require r2(feedback) >= 0.8 at 95% within 28d")],
        "require r2(feedback) >= 0.8 at 95% within 28d",
    ),
    (
        "rule-without-evidence",
        [RELEASE.format("require mae(feedback) <= naive(7d) at 95% within 28d")],
        "require mae(feedback) <= naive(7d) at 95% within 28d",
    ),
    (
        "rule-without-evidence",
        [RELEASE.format("guard latency(p95) <= champion * 2")],
        "guard latency(p95) <= champion * 2",
    ),
    (
        "rule-without-evidence",
        [RELEASE.format("guard error_rate <= champion + 1pp")],
        "guard error_rate <= champion + 1pp",
    ),
    (
        "rule-without-evidence",
        [RELEASE.format("require mae(feedback) <= champion + 5% at 95%")],
        "require mae(feedback) <= champion + 5% at 95%",
    ),
]


def test_the_project_has_no_fault() -> None:
    assert found(SPEC) == []
    assert found(changed()) == []


@pytest.mark.parametrize(("name", "blocks", "place"), FAILS)
def test_a_rule_finds_its_mistake_once_and_at_its_place(name: str, blocks: list[str], place: str) -> None:
    diagnostics = found(changed(*blocks))
    assert names(diagnostics) == [name]
    assert diagnostics[0].location.text.startswith(place)


@pytest.mark.parametrize(("name", "blocks"), [case[:2] for case in FAILS])
def test_fixes_mend_and_come_to_an_end(name: str, blocks: list[str]) -> None:
    spec = changed(*blocks)
    for _ in range(5):
        diagnostics = found(spec)
        edits = [edit for diagnostic in diagnostics for fix in diagnostic.fixes[:1] for edit in fix.edits]
        if not edits:
            break
        spec = apply_edits(spec, edits)
    if found(changed(*blocks))[0].fixes:
        assert found(spec) == []
    else:
        assert names(found(spec)) == [name]


@pytest.mark.parametrize(
    "blocks",
    [
        [data('csv("https://example.com/rides.csv")', "refresh = pinned")],
        [data('csv("https://example.com/rides.csv")', "refresh = each_run")],
        [
            GATE.format(
                'require mae(test) <= champion at 95%\n  require latency(p95) <= 20ms\n  require pytest("tests/")'
            )
        ],
        [
            'data weather {\n  source = csv("weather.csv")\n  check rows >= 1\n}',
            data('csv("rides.csv")').replace('source = csv("rides.csv")', "from = [weather]"),
        ],
        ["limit = 45", GATE.format("require mae(test) <= limit at 95%\n  require mae(test) <= champion at 95%")],
        [PROD.format("sample = 10%")],
        [
            PROD.format(
                "split = by_time(train = 60%, validation = 20%, test = 20%)  # mlopsc: allow override-split -- few\n"
            )
        ],
        [overridden("require mae(test) <= 40 at 95%")],
        [overridden("require mae(test) <= 45 at 99%")],
        [overridden('waive mae(test) because "the pilot city has few rows"')],
        [RELEASE.format("require mae(feedback) <= champion + 5% at 95% within 7d")],
        [RELEASE.format("require rmse(feedback) <= 50 at 95% within 28d\n  guard error_rate <= champion * 2")],
        [released("blue_green(keep = 1d)", "guard latency(p95) <= 200ms")],
        [
            released("shadow()", "require mae(feedback) <= 45 at 95% within 28d"),
            data('csv("rides.csv")', "outcome = independent"),
        ],
        [
            data('csv("rides.csv")', "outcome = independent"),
            RELEASE.format("require mae(feedback) <= champion + 1% at 95% within 14d").replace("assign = user", ""),
        ],
    ],
)
def test_what_is_meant_passes(blocks: list[str]) -> None:
    assert found(changed(*blocks), **{"tests/test_it.py": ""}) == []


def test_a_project_without_a_lock_is_told_so() -> None:
    assert names(found(SPEC, without=("requirements.txt",))) == ["undeclared-dependencies"]
    for lock in ("pylock.toml", "uv.lock", "requirements.lock"):
        assert found(SPEC, without=("requirements.txt",), **{lock: ""}) == []


def test_shadow_takes_two_weeks_and_divided_traffic_one() -> None:
    independent = data('csv("rides.csv")', "outcome = independent")
    release = RELEASE.format("require mae(feedback) <= champion at 95% within 10d").replace("assign = user", "")
    (shadow,) = found(changed(independent, release))
    assert "takes at least 14 whole days; this one has 10" in shadow.message
    assert shadow.is_error


def test_the_days_that_a_comparison_takes_are_printed_and_grow_with_less_traffic() -> None:
    release = RELEASE.format("require mae(feedback) <= champion + 2% at 95% within 28d")
    (estimate,) = found(changed(release, "environment prod {\n  follows = dev\n  traffic = 1_000 / 1d\n}"))
    assert estimate.severity is Severity.WARNING
    assert "takes about 124 days; it has 28" in estimate.message
    assert found(changed(release, "environment prod {\n  follows = dev\n  traffic = 100_000 / 1d\n}")) == []


def test_a_constant_of_a_used_file_may_be_there_for_others() -> None:
    assert found(f'use "shared.mlops"\n\n{SPEC}', **{"shared.mlops": "limit = 45\nother = 50\n"}) == []


def test_the_linter_is_silent_while_there_are_errors() -> None:
    assert names(found(changed("limit = 45", "train demand {\n  data = ridez\n}"))).count("unused-constant") == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("limit = 45  # mlopsc: allow unused-constant -- the dashboard reads it", []),
        ("# mlopsc: allow unused-constant -- the dashboard reads it\nlimit = 45", []),
        ("# mlopsc: allow unused-constant -- read elsewhere\n\n# the limit\nlimit = 45", []),
        ("limit = 45  # mlopsc: allow unused-constant", ["unused-constant", "allow-without-reason"]),
        ("limit = 45  # mlopsc: allow unused-constants -- why", ["unused-constant", "unknown-allow"]),
        ("limit = 45  # mlopsc: allow missing-owner -- why", ["unused-constant", "unused-allow"]),
        ("limit = 45  # mlopsc: allow unused-constant, missing-owner -- why", ["unused-allow"]),
        ("limit = 45  # mlopsc allows nothing", ["unused-constant"]),
    ],
)
def test_comments_that_allow(line: str, expected: list[str]) -> None:
    assert names(found(f"{line}\n\n{SPEC}")) == expected


def test_a_lint_error_keeps_the_build_from_being_written_unless_it_is_allowed() -> None:
    short = RELEASE.format("require mae(feedback) <= champion + 5% at 95% within 3d")
    assert compiled(changed(short)).has_errors
    allowed = short.replace("within 3d", "within 3d  # mlopsc: allow undecidable-comparison -- a rehearsal")
    assert found(changed(allowed)) == []


def test_every_rule_has_a_page_and_a_name_of_its_own() -> None:
    assert len(rules()) >= 30
    assert len({rule.code.title for rule in rules()}) == len({rule.code.id for rule in rules()}) == len(rules())
    for rule in rules():
        assert pages()[rule.code.id].text


UNREAD = {"unused-stage", "unused-constant"}
"""What is said of a stage that a page adds, and of a constant that it names no more: another matter."""

ABSENT = {"undeclared-dependencies": "requirements.txt", "unrecorded-data": "mlops.lock"}
"""Rules that miss a file beside the spec."""


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code.title)
def test_the_examples_of_a_page_do_what_it_says(rule: type[LintRule]) -> None:
    name, page = rule.code.title, pages()[rule.code.id]
    project = deployed if issubclass(rule, PrincipleRule) else changed
    without = (ABSENT[name],) if name in ABSENT else ()
    assert page.wrong
    for example in page.wrong:
        said = {*names(found(project(example), without))}
        assert said - (UNREAD - {name}) == {name}
    for example in page.right:
        assert {*names(found(project(example), without))} - (UNREAD - {name}) == set()
        assert not compiled(project(example)).has_errors


def test_a_project_in_a_cloud_that_lacks_nothing_is_told_nothing() -> None:
    assert found(deployed()) == []


def test_principles_are_no_matter_while_a_program_stays_on_this_machine() -> None:
    local = changed()
    assert found(local, ("mlops.lock",)) == []
    assert "unrecorded-data" in names(found(deployed(), ("mlops.lock",)))


def test_each_principle_has_rules() -> None:
    assert {rule.principle for rule in rules()} - {0} == {*PRINCIPLES}
    for number in PRINCIPLES:
        assert sum(rule.principle == number for rule in rules()) >= 2
