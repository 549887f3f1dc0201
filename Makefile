# The two commands of every day are `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test bench demo-reset lint types contracts unit clean

run: $(VENV)/.ready
	@exec $(BIN)/python -m workers.launcher

demo-reset: $(VENV)/.ready
	@$(BIN)/flask demo reset --yes

$(VENV)/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.ready-tests: $(VENV)/.ready tests/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

lint: $(VENV)/.ready-tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.ready-tests
	@$(BIN)/mypy opinion_service workers

contracts: $(VENV)/.ready-tests
	@$(BIN)/lint-imports --no-cache

test: lint types contracts
	@$(BIN)/pytest -n auto

bench: $(VENV)/.ready-tests
	@$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
