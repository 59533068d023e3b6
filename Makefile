# Everything a contributor runs; CI runs the same. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN := .venv/bin
READY := .venv/.ready
PYTHON ?= python3.13 python3.12 python3.11 python3
T ?= tests
N ?= 200
COOLDOWN ?= $(shell date -u -d '7 days ago' +%Y-%m-%d)
SEED ?= 1
ARGS ?=

.PHONY: help setup lock fmt lint test test-fast conformance sim bench demo migrate up down logs

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' Makefile

##@ Getting ready

setup: $(READY) ## Make .venv with everything in it, quick when it is there already (PYTHON=its interpreter)
	@:

$(READY): pyproject.toml requirements/dev.txt
	@if [ ! -x $(BIN)/python ]; then \
	  for python in $(PYTHON); do \
	    $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
	    echo "making .venv with $$($$python --version)"; $$python -m venv .venv && break; \
	  done; \
	fi; \
	[ -x $(BIN)/python ] || { echo "Python 3.11, 3.12 or 3.13 with its venv module is needed (Debian: apt-get install python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock: setup ## Resolve the requirements again, from what is at least COOLDOWN old (default: a week)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --exclude-newer $(COOLDOWN) --python-version 3.11 pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --exclude-newer $(COOLDOWN) --python-version 3.11 pyproject.toml --group dev -o requirements/dev.txt

##@ Writing

fmt: setup ## Format, and mend what can be mended
	$(BIN)/ruff check -q --fix-only .
	$(BIN)/ruff format .

lint: setup ## Style, types, import contracts and the rules of tests/architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

##@ Testing

test: setup ## Every test, on a real Kafka and PostgreSQL (T=path, ARGS=pytest options)
	$(BIN)/pytest $(T) $(ARGS)

test-fast: setup ## Every test that needs neither
	$(BIN)/pytest -m "not kafka and not postgres and not slow" $(T) $(ARGS)

conformance: setup ## Every driver through the suite all of them share
	$(BIN)/pytest tests/conformance $(ARGS)

sim: setup ## The services under injected crashes (SEED=first seed, N=how many)
	$(BIN)/python -m tests.simulation --seed $(SEED) --seeds $(N) $(ARGS)

bench: setup ## Measured rates on this machine (ARGS=)
	$(BIN)/python -m tests.bench $(ARGS)

##@ Running

demo: setup ## The whole product embedded, with sample journeys (ARGS=--exit stops after them)
	$(BIN)/python -m tests.demo $(ARGS)

migrate: setup ## Bring schemas and topics up to date (THROUGHLINE_DATABASE, THROUGHLINE_KAFKA)
	$(BIN)/throughline migrate $(ARGS)

up: ## Build the image and start Kafka, PostgreSQL and the services in containers (.env: their keys)
	@deploy/compose/make-env.sh .env
	docker compose up -d --build --wait --wait-timeout 300 $(ARGS)

down: ## End them again; their data stays (ARGS=-v forgets it)
	docker compose down $(ARGS)

logs: ## What they say, on and on (ARGS=service)
	docker compose logs -f --tail 100 $(ARGS)
