# Every target below is documented by `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run install worker test soak bench lint types format docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: $(INSTALLED) ## Install what is missing, then start everything; Ctrl-C stops all of it
	@exec $(BIN)/python -m dashboard run

install: $(INSTALLED) ## Make .venv, install the product, bring the database to the newest version
	$(BIN)/python -m dashboard migrate

worker: $(INSTALLED) ## Start one worker for both queues (another machine with the same DATABASE_URL and REDIS_URL)
	@exec $(BIN)/python -m celery -A tasks.celery_app worker -Q train,quick -n "worker-$$$$@%h"

test: $(INSTALLED_DEV) ## Install what is missing, then run the whole suite in two processes; choose with ARGS="-k word"
	@$(BIN)/python -m pytest -n 2 $(ARGS)

soak: $(INSTALLED_DEV) ## Repeat the faults that `make test` tries once: kill trainings at random, 20 times
	@$(BIN)/python -m pytest -m soak $(ARGS)

bench: $(INSTALLED_DEV) ## Run the benchmarks and print what holds; choose with B="row row"
	@$(BIN)/python -m benchmarks $(B)

lint: $(INSTALLED_DEV) ## Check style, formatting and import rules; print the sizes of functions and modules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.contract.sizes

types: $(INSTALLED_DEV) ## Check types (mypy, strict on the inner layers)
	$(BIN)/mypy

format: $(INSTALLED_DEV) ## Put the code into the project's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(INSTALLED) ## Write services/SERVICE_CATALOG.md, services/API.md and .env.example anew
	$(BIN)/python -m dashboard.docs_generator

lock: $(INSTALLED_DEV) ## Resolve the requirements anew into constraints.txt
	$(BIN)/uv pip compile --quiet --universal --no-config --python-version 3.11 --no-emit-index-url \
		--no-annotate --no-header requirements-dev.txt -o constraints.txt

clean: ## Remove caches and leftovers of tests (keeps .venv and the data in var/)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.txt constraints.txt | $(BIN)/python
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
