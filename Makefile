# make demo: three masters in step, on this machine, in one command
# make test: lint and the everyday tests
# make soak: all tests at full size, and the long ones; takes hours; BOND_HISTORIES=2000 random ones
# Nothing but make and Python 3.11 or later is needed; another interpreter: make PYTHON=python3.12 ...

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
ARGS ?=
# Most tests wait for servers most of the time.
WORKERS ?= 6

.PHONY: help demo test check soak lint format clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.demo-installed
	$(BIN)/bondreplicate demo $(ARGS)

test: lint check

check: $(VENV)/.dev-installed
	$(PYTEST) -m "not soak and not alone" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)
	$(PYTEST) -m "not soak and alone" $(ARGS)

soak: $(VENV)/.dev-installed
	BOND_SOAK=1 $(PYTEST) $(ARGS)

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(VENV)/.dev-installed
	$(BIN)/ruff check --fix-only --quiet src tests
	$(BIN)/ruff format src tests

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made in full or not at all: the stamp is the last thing written.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON) is missing or older than Python 3.11" >&2; \
	  echo "hint: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: $(PYTHON) cannot make virtual environments" >&2; \
	  echo "hint: on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Editable, so that the stamps depend on what is required and not on every source file.
$(VENV)/.demo-installed: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e '.[demo]'
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.demo-installed
