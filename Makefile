# SPDX-License-Identifier: Apache-2.0
# One command a task, the same for people and for CI. Set-up is done once and remembered in .make/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint format bench sim soak sim-planted mutants press-score judge bundle lock clean

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

# pyvenv.cfg is a file with a date of its own; bin/python is a link to an older one.
$(VENV)/pyvenv.cfg:
	@scripts/setup-venv.sh '$(PYTHON)' $(VENV)

.make/run: $(VENV)/pyvenv.cfg requirements-build.txt requirements.txt pyproject.toml
	@echo 'Setting up $(VENV) (once; takes a minute) …'
	@mkdir -p .make
	@$(PIP) install --require-hashes -r requirements-build.txt
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.make/dev: .make/run requirements-dev.txt
	@echo 'Setting up what the tests need (once) …'
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

# A missing browser or Go makes its tests skip, with the reason; it does not stop the others.
SYSTEM = [ .make/system -nt scripts/setup-test.sh ] || { scripts/setup-test.sh && touch .make/system; } || true

setup: .make/run  ## the environment for running Detente, nothing else

demo: .make/run  ## the main job, console left running (ONCE=1: end by itself; PAGES='a.txt b.txt'; DIR=…)
	@$(BIN)/detente demo $(if $(ONCE),--once) $(if $(DIR),--dir '$(DIR)') $(if $(PAGES),--pages $(PAGES))

test: .make/dev  ## everything: lint, types, house rules and all tests
	@$(SYSTEM)
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n $(JOBS) --dist loadfile $(ARGS)

test-fast: .make/dev  ## the tests that take seconds (ARGS='-k name' narrows)
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile -m 'not slow and not browser' $(ARGS)

lint: .make/dev  ## ruff, mypy --strict, the order of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python scripts/make_kinds_doc.py --check
	$(BIN)/python scripts/make_states_doc.py --check

format: .make/dev  ## rewrite the layout, mend what ruff can mend, make docs/kinds.md and state-machines.md anew
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python scripts/make_kinds_doc.py
	$(BIN)/python scripts/make_states_doc.py

bench: .make/dev  ## the measurements, each beside its peer (ARGS goes to the benchmark)
	$(BIN)/python bench/run.py $(ARGS)

soak: .make/dev  ## two nodes under load, killed and cut at random (MINUTES=60 RATE=50; ARGS='--out FILE')
	$(BIN)/python bench/soak.py --minutes $(or $(MINUTES),60) --rate $(or $(RATE),50) $(ARGS)

mutants: .make/dev  ## would a test notice? small changes in seal, log and line (ONLY=log/merkle.py; takes over an hour)
	$(BIN)/python -m tests.mutation --jobs $(JOBS) $(if $(ONLY),--only '$(ONLY)') $(ARGS)

press-score: .make/dev  ## findings against gold, a field and a language at a time (DIR=folder; ARGS='--misses --lang be')
	@$(BIN)/python -m tests.press.score $(DIR) $(ARGS)

fuzz: .make/dev  ## every decoder with changed inputs (SECONDS=60 for each; ONLY='leaf,note'; KEEP=1 grows the corpus)
	$(BIN)/python -m tests.fuzz.run --seconds $(if $(filter command line,$(origin SECONDS)),$(SECONDS),60) \
		$(if $(ONLY),--only '$(ONLY)') $(if $(KEEP),--keep)

sim-planted: .make/dev  ## breaks the program one way at a time: the simulation or a named test must find each (ONLY=name)
	$(BIN)/python -m tests.sim.planted_run --jobs $(JOBS) $(if $(ONLY),--only '$(ONLY)') $(ARGS)

sim: .make/dev  ## simulated days (DAYS=1000 or YEARS=, SEED=, PARTIES=, JOBS=2; WRITE=1: counts into docs/reliability.md)
	$(BIN)/python -m tests.sim.run --jobs $(JOBS) $(if $(YEARS),--years $(YEARS)) $(if $(DAYS),--days $(DAYS)) \
		$(if $(SEED),--seed $(SEED)) $(if $(PARTIES),--parties $(PARTIES)) $(if $(WRITE),--write) $(ARGS)

judge: .make/dev  ## logs checked by Go's sumdb/note and tlog, which share no code with Detente
	@$(SYSTEM)
	$(BIN)/pytest tests/judge $(ARGS)

bundle: .make/dev  ## dist/detente-VERSION-offline.tar.gz, to install with no network (PYTHONS='3.11' for one only)
	@scripts/bundle.sh

lock: .make/run  ## the exact versions with hashes, from pyproject.toml and requirements-*.in
	@$(BIN)/python -c 'import uv' 2>/dev/null || $(PIP) install uv
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) requirements-build.in -o requirements-build.txt
	$(COMPILE) requirements-press.in -o requirements-press.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	@if grep -nE 'https?:[/][/]' requirements*.txt; then echo 'a lock names a download address'; exit 1; fi

clean:  ## remove what was built and set up
	rm -rf $(VENV) .make build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
