# The two commands of a newcomer are `make run` and `make test`.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
CODE := api tasks tests benchmarks

# What one process has compiled, the many others that tests start need not compile again.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help run test coverage soak lint types layers bench lock venv
.DEFAULT_GOAL := help

help: ## Show the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: venv ## Run everything here; ARGS="--port 8080 --workers 2", ARGS=--help lists more
	@exec $(BIN)/python tasks/dev.py $(ARGS)

test: lint types layers ## Check style, types and layers, then run all tests; ARGS="-k tick" narrows
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

coverage: ## Do what `make test` does, and measure which code of api/ the tests run: 90 % at least
	@$(MAKE) test ARGS="--cov --cov-report=term $(ARGS)"

soak: venv ## Run long walks, crowds and the like at full size; ARGS="-k walk" narrows
	@SOAK=1 $(BIN)/python -m pytest -m soak -v -o faulthandler_timeout=3600 $(ARGS)

lint: venv
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE)

types: venv
	@$(BIN)/mypy --no-error-summary --exclude '^tasks/dev\.py$$' $(CODE)
	@# Beside the package of the same name, so by itself.
	@$(BIN)/mypy --no-error-summary --cache-dir .mypy_cache/script tasks/dev.py

layers: venv
	@$(BIN)/lint-imports --no-logo

bench: venv ## Measure the server and the sync; ARGS=--help lists more
	@$(BIN)/python -m benchmarks $(ARGS)

lock: ## Refresh both lock files from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(PYTHON) tasks/dev/lock.py $(ARGS)

venv: ## Build .venv from requirements-dev.lock, if it does not fit
	@$(PYTHON) tasks/dev/build_venv.py
