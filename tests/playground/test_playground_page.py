"""The playground as somebody uses it: a real browser types, hovers, presses keys, and sees what comes of it."""

from __future__ import annotations

from pathlib import Path

from browser import Browser
from conftest import Program, Start
from page_driver import Page

ROWS = """\
data rows {
  source    = csv("rows.csv")
  transform = python("prep.py:clean")
  target    = y

  schema {
    x: float
    y: float
  }

  check rows >= 10
  split = random(train = 80%, test = 20%)
}
"""
USING = """\
use "rows.mlops"

pipeline trial {}

train model {
  data      = rows
  estimator = sklearn("linear_model.Ridge")
  minimize mae(train)
}
"""


def test_a_mistake_is_underlined_and_its_fix_applied_and_the_graph_follows(bike: Program, browser: Browser) -> None:
    page = Page(browser, bike.address)
    assert page.stages() == ["rides", "demand", "demand_gate", "api", "live"]

    page.go_to("  model = demand")
    page.type("x")
    page.wait("document.querySelector('.cm-lintRange-error')", "a squiggle")
    page.sees("1 error", ".found")
    page.sees("the last state without any", ".stale")
    page.wait("document.querySelector('.result.old')", "the last good state is grey")
    assert len(page.stages()) == 5

    browser.point("document.querySelector('.cm-lintRange-error')")
    page.sees("did you mean", ".cm-tooltip")
    browser.click("document.querySelector('.cm-diagnosticAction')")
    page.sees("No findings", ".found")
    page.wait("!document.querySelector('.result.old')", "the result is fresh")

    page.go_to("test demand_gate {", after=False)
    page.paste('train other {\n  data = rides\n  estimator = sklearn("linear_model.Ridge")\n')
    page.type("minimize mae(validation)\n}\n")
    page.wait("document.querySelector('.drawing [data-stage=other]')", "the new stage is drawn")
    page.wait("document.querySelector('.drawing .fresh[data-stage=other]')", "it lights up")
    assert (bike.folder / "pipeline.mlops").read_text("utf-8").count("other") == 0, "nothing is written unasked"


def test_a_new_environment_has_its_files_at_once(bike: Program, browser: Browser) -> None:
    page = Page(browser, bike.address)
    assert not any("/trial/" in path for path in page.files())
    page.go_to("environment dev { platform = local() }")
    page.type("\nenvironment trial { platform = local()")
    page.wait("document.querySelector('[data-path=\"deploy/bike_demand/trial/run.py\"]')", "its runner")
    browser.press("Alt+3")
    browser.click("document.querySelector('[data-path=\"deploy/bike_demand/trial/run.py\"]')")
    page.sees("Runs the pipeline `bike_demand` in `trial`.", ".text .cm-content")
    page.sees("new", ".file.new small")
    assert not (bike.folder / "deploy").exists()


def test_hover_completion_and_the_page_of_a_message(bike: Program, browser: Browser) -> None:
    page = Page(browser, bike.address)
    page.go_to("  require latency(p95)")
    browser.point(page.word("require"))
    page.wait("document.querySelector('.cm-lsp-hover-tooltip')?.innerText.length > 20", "a hover on a rule")

    page.go_to("  minimize mae(validation)")
    page.type("\ncali")
    page.sees("calibrate", ".cm-tooltip-autocomplete")
    browser.press("Escape")
    page.wait("document.querySelector('.cm-lintRange-error')")
    browser.press("F8")
    browser.click("document.querySelector('.cm-tooltip-lint .message .link, .cm-tooltip .message .link')")
    page.wait("document.querySelector('#tab-Help[aria-selected=true]')")
    page.wait("document.querySelector('.help .prose pre')", "the page has its examples")


def test_keys_are_enough(bike: Program, browser: Browser) -> None:
    page = Page(browser, bike.address)
    page.go_to("  model = deman")
    browser.press("Backspace")
    page.wait("document.querySelector('.cm-lintRange-error')")
    browser.press("Ctrl+.")
    page.wait("document.activeElement.closest('.menu')", "the menu has the focus")
    browser.press("Enter")
    page.sees("No findings", ".found")

    browser.press("Alt+1")
    browser.js("document.querySelector('.drawing a:has([data-stage=api])').focus()")
    browser.press("Enter")
    page.wait("document.querySelector('.cm-activeLine')?.textContent.startsWith('release api')", "its line")


def test_a_copy_is_saved_where_nothing_is_yet_and_never_over_what_is(
    start: Start, browser: Browser, tmp_path: Path
) -> None:
    program = start()
    page = Page(browser, program.address)
    page.go_to("pipeline bike_demand {")
    page.type("\n# mine")
    page.wait("document.querySelector('.tabs .unsaved')")
    assert [*tmp_path.iterdir()] == []
    browser.press("Ctrl+s")
    page.wait(f"document.querySelector('.folder')?.textContent === {str(tmp_path)!r}", "it is a project now")
    saved = tmp_path / "pipeline.mlops"
    assert "# mine" in saved.read_text("utf-8")
    assert (tmp_path / "features.py").is_file()

    page.wait("document.querySelector('.drawing svg')")
    saved.write_text(saved.read_text("utf-8") + "# by another program\n", encoding="utf-8")
    page.go_to("# mine")
    page.type("!")
    browser.press("Ctrl+s")
    page.sees("has been changed by something else", ".notice")
    assert saved.read_text("utf-8").endswith("# by another program\n")
    assert "# mine!" not in saved.read_text("utf-8")
    browser.open("about:blank")
    assert program.stop() == (0, "")


def test_what_a_run_would_do_follows_the_text(bike: Program, browser: Browser) -> None:
    page = Page(browser, bike.address)
    browser.press("Alt+2")
    page.sees("it has not run here before", ".card[data-stage=rides]")
    page.sees("would run", ".card[data-stage=demand] .state")
    browser.js(
        "(s => { s.value = 'prod'; s.dispatchEvent(new Event('change')) })(document.querySelector('.bar select'))"
    )
    page.sees("mlopsc why -e prod", ".note")
    page.sees("canary(steps", ".card[data-stage=api]")


def test_it_fits_a_narrow_window_and_the_dark(start: Start, browser: Browser) -> None:
    browser.darken()
    browser.resize(420, 800)
    page = Page(browser, start("--example", "flights").address)
    assert browser.js("document.documentElement.scrollWidth") <= 420
    shade = browser.js("getComputedStyle(document.body).backgroundColor")
    assert shade == "rgb(13, 17, 23)"
    page.sees("No findings", ".found")
    box = browser.js("getComputedStyle(document.querySelector('.drawing .train > rect')).fill")
    assert box == "rgb(74, 47, 16)", "the drawing is dark as well"


def test_a_spec_of_several_files_is_renamed_as_a_whole_and_leads_into_python(
    start: Start, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "rows.mlops").write_text(ROWS, encoding="utf-8")
    (tmp_path / "pipeline.mlops").write_text(USING, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("x,y\n" + "1,2\n" * 20, encoding="utf-8")
    (tmp_path / "prep.py").write_text("def clean(rows):\n    return rows\n", encoding="utf-8")
    page = Page(browser, start().address)
    page.wait("document.querySelectorAll('.left [role=tab]').length === 2", "both files have an editor")
    page.go_to("  data      = rows")
    browser.press("F2")
    page.wait("document.activeElement.name === 'name'")
    browser.js("document.activeElement.select()")
    page.type("trips")
    browser.press("Enter")
    page.sees("data      = trips", ".editor:not([hidden])")
    page.wait("document.querySelectorAll('.left .unsaved').length === 2", "the other file is changed as well")
    page.wait("!document.querySelector('.found').textContent.includes('error')", "the names fit")
    browser.press("Ctrl+s")
    page.sees("Saved", ".done")
    assert "data trips {" in (tmp_path / "rows.mlops").read_text("utf-8")

    page.go_to("  data      = trip")
    browser.press("F12")
    page.sees("data trips {", ".editor:not([hidden])")
    page.go_to("prep.py:clean")
    browser.press("F12")
    page.sees("def clean(rows)", ".editor:not([hidden])")
    page.wait("document.querySelector('.left .reads[aria-selected=true]')", "it is there to be read")


def test_a_broken_spec_shows_what_is_wrong_and_a_lost_program_is_told(
    start: Start, browser: Browser, tmp_path: Path
) -> None:
    spec = tmp_path / "pipeline.mlops"
    spec.write_text("data rows {\n  source = <img src=x onerror=alert(1)>\n", encoding="utf-8")
    program = start()
    page = Page(browser, program.address, drawn=False)
    page.sees("appear once the spec has no errors", ".empty")
    page.wait("document.querySelector('.cm-lintRange-error')")
    assert not browser.js("document.querySelector('main img')")
    assert program.stop() == (0, "")
    page.sees("The program has stopped", ".notice")
    page.type("# still here")
    page.sees("# still here", ".cm-content")
    browser.said.clear()  # that nobody answers is what is tried
    browser.open("about:blank")
    browser.said.clear()


def test_a_connection_that_was_lost_comes_back_with_the_text_as_it_is(bike: Program, browser: Browser) -> None:
    kept = (
        "const W = WebSocket; window.WebSocket = class extends W { constructor(at) { super(at); window.line = this } }"
    )
    script = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=kept)["identifier"]
    page = Page(browser, bike.address)
    browser.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    page.go_to("  model = demand")
    browser.js("window.line.close()")
    page.sees("Your text is still here", ".notice")
    page.type("x")
    page.sees("1 error", ".found")
    page.wait("document.querySelector('.notice').hidden", "it is not told any more")
