# Everything a person or CI runs; each target does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run setup train-setup test soak unit coverage lint format settings bench docs model-card pictures clean

# Two processes, each with one thread: models this small are slower on two. `pytest` alone is one process.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
PARALLEL := -n 2 --dist worksteal

# What needs no other process, browser or server.
UNIT := tests/bot tests/corpus tests/generation tests/nn tests/prosody \
	--ignore=tests/bot/poets --ignore=tests/bot/worker -k 'not postgresql'

# What runs between a reader's message and the answer.
SERVING := bot/*,poetcore/generation/*,poetcore/prosody/*,poetcore/package.py,poetcore/script.py
BESIDE := bot/bench/*,bot/simulation/*,bot/worker/*,poetcore/generation/usage.py,poetcore/prosody/derive.py,poetcore/prosody/measure.py

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.serving ## Start the bot: on Telegram with a token, else a chat page on this machine
	@$(BIN)/poetbot run

setup: $(VENV)/.developing ## Install everything: serving, training, tests, linters

train-setup: $(VENV)/.training ## Install what training needs (torch)

test: $(VENV)/.developing lint ## Lint, then run every test
	$(PYTEST) $(PARALLEL)

unit: $(VENV)/.developing ## Run the unit tests alone, in less than a minute
	$(PYTEST) $(PARALLEL) $(UNIT)

coverage: $(VENV)/.developing ## Run every test and show which lines none reaches
	$(PYTEST) $(PARALLEL) --cov --cov-report=term:skip-covered
	@echo 'The serving path:'
	$(BIN)/coverage report --include='$(SERVING)' --omit='$(BESIDE)' --skip-covered --fail-under=97

soak: $(VENV)/.developing ## The long runs, many minutes of faults and odd input, which `test` leaves out
	$(PYTEST) -m soak

lint: $(VENV)/.developing ## Check style, types, the arrows between rooms, and deploy/
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/hadolint deploy/Dockerfile.*
	$(BIN)/yamllint --strict .pre-commit-config.yaml deploy
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec deploy/compose.yaml

format: $(VENV)/.developing ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

settings: $(VENV)/.serving ## Write deploy/.env.example anew, after a setting was added or changed
	@$(BIN)/python -m deploy.environment

bench: $(VENV)/.training ## Run every benchmark (DATA=a prepared corpus) and rewrite docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(if $(DATA),--data $(DATA))

docs: $(VENV)/.developing ## Build the documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo 'open build/site/index.html'

model-card: $(VENV)/.serving ## Write the figures and poems of docs/model-card.md anew, after another poet ships
	@$(BIN)/python -m docs.model_card

pictures: $(VENV)/.developing ## Take the README's pictures anew, of the bot in headless Chromium
	@$(BIN)/python -m docs.pictures

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache

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
