# Needs Python 3.11 or newer, git and make; everything else is fetched into .venv.
# Stamp files keep the second run quick.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
PORT   ?= 3000
BIN    := $(VENV)/bin
export PORT
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test bench docs lint clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(VENV)/stamp-run ## check, plan, apply, seed and serve the account application on SQLite (PORT=3000)
	@cd environments && PATH="$(abspath $(BIN)):$$PATH" && \
	lbconf validate && echo && lbconf plan && echo && lbconf apply --auto-approve && echo && lbconf seed && echo && \
	exec lbconf serve --port $(PORT)

test: $(VENV)/stamp-dev $(VENV)/stamp-servers ## run every test against real servers; what is skipped is listed with its reason
	$(BIN)/pytest -n 2 -ra $(PYTEST)

bench: $(VENV)/stamp-dev ## measure, print the table and write it into docs/performance.md
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m tests.benchmarks

docs: $(VENV)/stamp-dev ## write the generated parts of the documentation
	$(BIN)/python -m tests.documentation

lint: $(VENV)/stamp-dev ## ruff, mypy, import rule, generated files, pyproject
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/lbconf schemas --check
	$(BIN)/validate-pyproject pyproject.toml

clean: ## remove the environment, the demo's database and every cache
	rm -rf $(VENV) account.db account.db-wal account.db-shm build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	find lbconf tests examples -name __pycache__ -type d -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lbconf needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/stamp-run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/stamp-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group dev
	@touch $@ $(VENV)/stamp-run

$(VENV)/stamp-servers: tests/install-servers.sh | $(BIN)/python
	@sh tests/install-servers.sh
	@touch $@
