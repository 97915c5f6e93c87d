# The one door: what people type, CI runs too. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin

.PHONY: help setup setup-dev setup-clients demo sim test test-clients check format bench lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv with spentkey and spentkey-sim (quick the second time)
	@scripts/setup

setup-dev:
	@scripts/setup dev

setup-clients:
	@scripts/setup clients

demo: setup ## start the simulator and watch spent credentials of two tenants being removed
	@$(BIN)/spentkey demo

sim: setup ## start the simulator alone; it writes .sim/spentkey.toml, which points at it
	@mkdir -p .sim && $(BIN)/spentkey-sim serve --calm --config-out .sim/spentkey.toml

test: check ## run every check and every test
	@$(BIN)/python -m pytest

test-clients: setup-clients ## run clients of other makers against the simulator (350 MB installed)
	@.venv-clients/bin/python -m pytest tests/clients

check: setup-dev ## lint, format, types and import rules
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --config .importlinter --no-cache

format: setup-dev ## put the code into the house format
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

bench: setup-dev ## compare what a removal costs with other ways (minutes; BENCH="--quick" for less)
	@$(BIN)/python -m bench $(BENCH)

lock: setup ## renew uv.lock after a change of dependencies
	@UV_PYTHON_DOWNLOADS=never .uv/bin/uv lock
