# Each command does all the set-up it needs: Python 3.11 or newer and pip are enough. Another Python: make test PYTHON=python3.13
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --constraint constraints.txt

# The constraints say which pyright it is; that a newer one exists is no news here.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help compare test check format benchmarks clean

help:
	@echo "make compare     find the best way to train on real data (set-up aside: under two minutes)"
	@echo "make test        everything that must hold: style, types, imports, tests (about fourteen minutes)"
	@echo "make check       the part of it that takes seconds: style, types, imports"
	@echo "make format      put the code in shape"
	@echo "make benchmarks  every claim of speed, measured here"
	@echo "make clean       remove the environment and all caches"

compare: $(VENV)/ready
	@$(BIN)/ravine compare digits

test: check
	$(BIN)/pytest -q --numprocesses 2 --dist worksteal
	@$(BIN)/python tools/line_count.py

check: $(VENV)/ready-test
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo

format: $(VENV)/ready-test
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

benchmarks: $(VENV)/ready-benchmarks
	@set -e; for file in benchmarks/*.py; do echo "$$file"; $(BIN)/python "$$file"; done

# A stamp is as new as the last set-up, so that the next command starts at once, until a version or a need changes.
# PyTorch goes first and alone: asked for by exact version, it can't be replaced by the needs of a later package.
$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Ravine needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo missing)." \
	    "Name another one: make PYTHON=python3.11" >&2; exit 1; }
	@echo "Setting up $(VENV), once: PyTorch and a few packages, a minute or more."
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/ready-%: $(VENV)/ready
	@echo "Adding what the $* command needs, once."
	@$(PIP) --editable '.[$*]'
	@touch $@

.PRECIOUS: $(VENV)/ready-%

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +
