# What one types here. `make refresh` on a fresh machine (Python 3.11 to 3.13, git, make) is all it takes to begin.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# uv is pinned like everything else; it is only installed by pip first because something has to install it.
UV_VERSION := $(shell awk '/^name = "uv"$$/ { getline; gsub(/"/, ""); print $$3 }' uv.lock)
# Whole refreshes take most of the time; side by side they take less. A file stays on one worker with its own refresh.
# In the order of the folders: by numbers of tests the longest files would come last, when the other worker has nothing.
WORKERS ?= --numprocesses auto --maxprocesses 2 --dist loadscope --no-loadscope-reorder

.PHONY: help
help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The environment is made anew whenever what it is made from has changed.
.venv/.installed: pyproject.toml uv.lock
	@echo "Installing the environment into .venv (a few minutes the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/uv --version 2>/dev/null | grep -qF "uv $(UV_VERSION)" \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@# Compiled once: where Python may not keep what it compiles (many images), every command would compile it again.
	@$(BIN)/uv sync --frozen --quiet --compile-bytecode
	@touch $@

.PHONY: install
install: .venv/.installed ## Make the environment in .venv from uv.lock.

.PHONY: refresh
refresh: install ## Run the nightly job on $WEIR_PORTFOLIO, else on the bundled example.
	@$(BIN)/weir refresh

.PHONY: ui
ui: install ## Open Dagster's web UI on the same portfolio (port 3000).
	@$(BIN)/weir ui

.PHONY: docs
docs: install ## Build dbt's pages on the models into .weir/dbt-docs of the portfolio, readable offline.
	@$(BIN)/weir docs

.PHONY: chromium
chromium: install
	@for name in chromium chromium-browser google-chrome; do command -v $$name > /dev/null && exit 0; done; \
	echo "Installing Chromium for the browser tests …"; \
	if [[ -f /etc/debian_version ]] && command -v apt-get > /dev/null && [[ $$(id -u) == 0 ]]; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium > /dev/null; \
	elif [[ -f /etc/debian_version ]] && command -v apt-get > /dev/null && sudo -n true 2> /dev/null; then \
		sudo apt-get update -qq && sudo apt-get install -y -qq --no-install-recommends chromium > /dev/null; \
	else \
		$(BIN)/playwright install chromium; \
	fi

.PHONY: test
test: chromium ## Install what the tests need and run them.
	@$(BIN)/pytest $(WORKERS) -m "not slow"

.PHONY: test-all
test-all: chromium ## Run the slow tests too (an hour: kills in every phase, large examples, a hundred simulated portfolios).
	@$(BIN)/pytest $(WORKERS)

.PHONY: benchmark
benchmark: install ## Measure on 10,000 to 1,000,000 issues and write its part of tests/benchmarks/RESULTS.md (an hour).
	@$(BIN)/python -m tests.benchmarks --spill 1000000

.PHONY: accuracy
accuracy: install ## Measure how often findings are right and write its part of tests/benchmarks/RESULTS.md (half an hour).
	@WEIR_WRITE_RESULTS=1 $(BIN)/pytest tests/accuracy/test_hundred_portfolios.py

.PHONY: lint
lint: lint-python lint-types lint-imports lint-sql lint-layout ## Check style, types, imports, SQL and layout.

.PHONY: lint-python
lint-python: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: lint-types
lint-types: install
	@$(BIN)/mypy

.PHONY: lint-imports
lint-imports: install
	@$(BIN)/lint-imports

.PHONY: lint-sql
lint-sql: install
	@$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests

.PHONY: lint-layout
lint-layout: install
	@$(BIN)/pytest -q tests/architecture

.PHONY: format
format: install ## Format Python and repair what can be repaired.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
