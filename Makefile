# Everything a fresh machine needs is Python 3.11 or newer, git and make: each target sets up .venv by itself.
PYTHON ?= python3
BIN    := .venv/bin
MADE   := .venv/.made
READY  := .venv/.ready

.PHONY: help demo test integration lint types floors alibi promtool checkov stubs act workflows editors vscode playground bench simulate docs clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

define FIT
import sys
here = "`$(PYTHON)` is Python " + sys.version.split()[0]
if sys.version_info < (3, 11):
    sys.exit(here + ", and mlopsc needs 3.11 or newer; name one with: make PYTHON=python3.12 ...")
from importlib.util import find_spec
if not (find_spec("venv") and find_spec("ensurepip")):
    sys.exit(here + " without venv; install it (on Debian and Ubuntu: apt install python3-venv), "
             "or name another Python with: make PYTHON=python3.12 ...")
endef
export FIT

AGAIN = { echo "this did not finish; mend what is said above, then run the same again" >&2; exit 1; }

# Both marks are written when their step has succeeded, so a step that was interrupted is done again. The pip that
# Python 3.11 comes with finds no solution for [dev] where there is one, and a newer one warns of folder names that do
# no harm.
$(MADE):
	@command -v $(PYTHON) >/dev/null || \
	  { echo "there is no \`$(PYTHON)\`; mlopsc needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c "$$FIT"
	@echo "setting up .venv (once, some minutes)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24.1' || $(AGAIN)
	@touch $(MADE)

$(READY): $(MADE) pyproject.toml
	@echo "installing what pyproject.toml lists"
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || $(AGAIN)
	@touch $(READY)

demo: $(READY) ## run the bike-sharing example on real data, and rehearse eight weeks of its production
	@$(BIN)/python examples/demo.py

test: $(READY) ## run the whole suite
	@$(BIN)/python -m pytest -n 2 --dist worksteal

integration: $(READY) ## run what takes large programs of others: a provider of Terraform, workflows
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m integration

lint: $(READY) ## style, with ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY) ## types, with mypy --strict
	@$(BIN)/mypy

floors: $(READY) ## run the example with the lowest versions that pyproject.toml admits
	@$(BIN)/python tests/packaging/floors.py

alibi: $(READY) ## run alibi-detect's detectors, in an environment of their own
	@$(BIN)/python tests/packaging/alibi.py

promtool: $(READY) ## fetch Prometheus' checker, by which the tests judge alert rules
	@$(BIN)/python tests/targets/promtool.py

checkov: $(READY) ## install what looks for weak settings in Terraform, in an environment of its own
	@$(BIN)/python tests/targets/terraform/fetch_checkov.py

stubs: $(READY) ## fetch what plays a provider of Terraform in the tests
	@$(BIN)/python tests/targets/terraform/stubs.py

act: $(READY) ## install what runs workflows on this machine, in a folder of its own
	@$(BIN)/python tests/targets/github/fetch_act.py

workflows: $(READY) ## install what judges workflows of GitHub, in an environment of its own
	@$(BIN)/python tests/targets/github/workflow_checkers.py
	@$(BIN)/python tests/targets/github/mermaid_parser.py

editors: $(READY) ## install what builds and judges the editor packages
	@$(BIN)/python tests/editors/editor_tools.py

vscode: $(READY) ## build the extension for VS Code, build/mlops-VERSION.vsix
	@$(BIN)/python tests/editors/vscode_package.py

playground: $(READY) ## build the page of `mlopsc playground`
	@$(BIN)/python tests/playground/page_bundle.py

bench: $(READY) ## measure, as ratios against peers and floors
	@$(BIN)/python tests/bench/bench.py

simulate: $(READY) ## reproduce the error rates of the statistics by simulation
	@$(BIN)/python tests/statistics/simulations.py

docs: $(READY) ## write the generated pages again, and the words of the editor packages
	@$(BIN)/python -m mlopsc.compiler.render.reference
	@$(BIN)/python -m mlopsc.compiler.render.editors

clean: ## remove what was made
	rm -rf .venv build dist compiler/playground/bundle *.egg-info .mypy_cache .ruff_cache .pytest_cache
