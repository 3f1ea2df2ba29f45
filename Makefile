# `make run` and `make test` are all the set-up there is: each makes .venv and finds what is missing.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
READY := .venv/.requirements-installed

.PHONY: run test check bench pictures requirements clean help

run: $(READY)  ## Open the window (ARGS="train --epochs 1" and the like: without one)
	@$(BIN)/python packaging/system_libraries.py window
	@$(BIN)/python main.py $(ARGS)

# Three processes: one where Qt can't be imported, one without a screen, one with real windows.
# Two tests at a time: threads of torch that spin while they wait would take the other's core.
test: export OMP_WAIT_POLICY = passive
test: check  ## Lint, types, import rules and all tests
	@$(BIN)/python packaging/system_libraries.py tests
	$(BIN)/pytest -n 2 -p no:pytest-qt tests/engine
	$(BIN)/pytest -n 2 --ignore=tests/engine
	$(BIN)/pytest tests/journeys

check: $(READY)  ## Lint, types and import rules only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(READY)  ## Measure speed against a bare PyTorch loop; prints one table
	@$(BIN)/python packaging/system_libraries.py tests
	@$(BIN)/python -m tests.benchmarks $(ARGS)

pictures: $(READY)  ## Make the README's pictures anew
	@$(BIN)/python packaging/system_libraries.py window
	QT_QPA_PLATFORM=offscreen $(BIN)/python main.py tour --out resources/pictures

$(READY): requirements.txt
	@$(PYTHON) packaging/system_libraries.py venv
	@echo "Installing what requirements.txt names into .venv: once, several GB with torch."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

# What pyproject.toml asks for, for every system; the same pins without Qt and without the tests.
pin = { echo "\# Made by 'make requirements' from the ranges in pyproject.toml; edit those instead."; \
	build/uv/bin/uv pip compile pyproject.toml $(1) --universal --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet; }

requirements:  ## Pin the newest releases that pyproject.toml allows
	@$(PYTHON) -m venv build/uv
	@build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(call pin,--all-extras) > build/requirements.txt
	@$(call pin,--constraint build/requirements.txt) > build/requirements-headless.txt
	@mv build/requirements.txt build/requirements-headless.txt .

clean:  ## Remove .venv and everything made from the sources
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## Show this list
	@awk -F ':.*## +' '/^[a-z]+:.*## / { printf "  make %-15s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
