# Everything a fresh machine needs is Python 3.11 or newer, git and make: each target sets up .venv by itself.
PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready

.PHONY: help demo test lint types bench simulate docs clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mlopsc needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: $(READY) ## check, build and run the bike-sharing example on real data, twice
	@$(BIN)/python examples/demo.py

test: $(READY) ## run the whole suite
	@$(BIN)/python -m pytest -n 2

lint: $(READY) ## style, with ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY) ## types, with mypy --strict
	@$(BIN)/mypy

bench: $(READY) ## measure, as ratios against peers and floors
	@$(BIN)/python tests/bench/bench.py

simulate: $(READY) ## reproduce the error rates of the statistics by simulation
	@$(BIN)/python tests/statistics/simulations.py

docs: $(READY) ## write the generated pages again
	@$(BIN)/python -m mlopsc.compiler.render.reference

clean: ## remove what was made
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
