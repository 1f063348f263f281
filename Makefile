# Everything a person or CI runs; each target does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run setup train-setup test lint format bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.serving ## Start the bot: on Telegram with a token, else a chat page on this machine
	@$(BIN)/poetbot run

setup: $(VENV)/.developing ## Install everything: serving, training, tests, linters

train-setup: $(VENV)/.training ## Install what training needs (torch)

test: $(VENV)/.developing lint ## Lint, then run every test
	$(BIN)/python -m pytest

lint: $(VENV)/.developing ## Check style and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: $(VENV)/.developing ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/.training ## Run every benchmark (DATA=a prepared corpus) and rewrite docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(if $(DATA),--data $(DATA))

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A stamp is as new as the last install, so that a second `make run` starts at once.
$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.serving: $(VENV)/.venv pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once, about half a minute)"
	@$(PIP) -e .
	@touch $@

# torch goes first and alone: a range in another package's needs must not choose its build.
$(VENV)/.training: $(VENV)/.serving
	@$(PIP) torch
	@$(PIP) -e '.[train]'
	@touch $@

$(VENV)/.developing: $(VENV)/.training
	@$(PIP) -e '.[train,dev]'
	@touch $@
