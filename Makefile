# Everything Tally can be asked to do. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run check test bench compile lock

PYTHON ?= python3
UV := .venv/bin/uv
export TALLY_HOME ?= $(CURDIR)/var
export AIRFLOW_HOME ?= $(TALLY_HOME)/airflow
export UV_COMPILE_BYTECODE := 1
export DO_NOT_TRACK := 1

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.stamp ## install what requirements.lock names into .venv (instant the second time)

.venv/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	    || { echo "Tally needs Python 3.11; name it with: make setup PYTHON=/path/to/python3.11"; exit 1; }
	@echo "1/3  Making .venv"
	@test -x .venv/bin/pip || $(PYTHON) -m venv .venv \
	    || { echo "python3 -m venv does not work here; on Debian: apt install python3-venv"; exit 1; }
	@.venv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
	@echo "2/3  Installing the $$(grep -c '==' requirements.lock) locked packages (1 GB, half a minute or more)"
	@$(UV) pip sync --quiet requirements.lock
	@echo "3/3  Installing Tally itself, editable"
	@$(UV) pip install --quiet --no-deps --editable .
	@touch $@
	@echo "Done. The commands are in .venv/bin; try: make run"

run: setup ## the whole way through Airflow on one simulated province (INBOX=dir your own files, KEEP=1 leaves Airflow up)
	@.venv/bin/python scripts/local_airflow.py $(if $(INBOX),--inbox "$(INBOX)") $(if $(KEEP),--keep)

check: setup ## style, types, floors, SQL, and that no compiled file is stale
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy src
	.venv/bin/lint-imports
	.venv/bin/sqlfluff lint dbt_project
	.venv/bin/tally compile --check

test: setup ## every test (ARGS="tests/spec -k blank" for some)
	.venv/bin/pytest -n 2 $(ARGS)

bench: setup ## the whole country, and ten periods of it, beside a floor: docs/reference/benchmark.md (half an hour)
	@.venv/bin/python scripts/bench.py

compile: setup ## contracts → suites, seeds, blank workbooks, data dictionary
	.venv/bin/tally compile

lock: setup ## resolve pyproject.toml again into requirements.lock
	$(UV) pip compile pyproject.toml --group dev --generate-hashes --no-header --quiet -o requirements.lock
