# The one door: what people type, CI runs too. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin

.PHONY: help setup setup-dev setup-clients setup-ansible demo picture sim test test-long test-all test-clients test-ansible check format bench campaign-files campaign-kill campaign-open campaign-scan lock campaign-property campaign-classes campaign-matrix campaign-requests campaign-hostile campaign-tampering campaign-sabotage campaign-takeover licences sbom test-audit

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv with spentkey and spentkey-sim (quick the second time)
	@scripts/setup

setup-dev:
	@scripts/setup dev

setup-clients:
	@scripts/setup clients

setup-ansible: setup-dev
	@scripts/setup ansible

demo: setup ## watch Spentkey work on 32 tasks against a simulator; needs no configuration
	@$(BIN)/spentkey demo

picture: setup ## record `spentkey demo` on a terminal, as docs/pictures/demo.svg
	@$(BIN)/python scripts/picture.py

sim: setup ## start the simulator alone, to play with; it writes the configuration .sim/spentkey.toml
	@mkdir -p .sim && $(BIN)/spentkey-sim serve --calm --config-out .sim/spentkey.toml

test: setup-dev ## run every check and every test but the long ones (about 11 minutes on two cores)
	@$(BIN)/python scripts/run_tests.py

test-long: setup-dev ## run the long tests, which repeat at length what others show (minutes)
	@$(BIN)/python scripts/run_tests.py --long

test-all: setup-dev ## run every gate: test, test-long, test-clients, test-ansible (most of an hour)
	@$(BIN)/python scripts/gates.py --all

test-clients: setup-clients ## run clients of other makers against the simulator (350 MB installed)
	@.venv-clients/bin/python -m pytest tests/clients

test-ansible: setup-ansible ## judge the Ansible collections and run their playbooks (GATES="lint sanity" for some of it)
	@scripts/ansible $(GATES)

check: setup-dev ## lint, format, types and import rules
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --config .importlinter --no-cache --no-logo

format: setup-dev ## put the code into the house format
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

campaign-property: setup-dev ## any story in any world, many times (CASES=2000 SEED=1; a printed seed replays its case; STORE=postgres, for the next three too)
	@$(BIN)/python tests/property/campaign_property.py

campaign-classes: setup-dev ## what scan calls each credential of any tenant, held against what a run does with it (CASES=500 SEED=1)
	@$(BIN)/python tests/property/campaign_classes.py

campaign-files: setup-dev ## the same with folders as desk and vault (CASES=2000 SEED=1), then its kills (KILL="--help" for less)
	@$(BIN)/python tests/property/campaign_files.py
	@PYTHONPATH=tests/support:tests/crash $(BIN)/python -m campaign_kill_files $(KILL)

campaign-matrix: setup-dev ## every outside call meets every fault, alone and in pairs (PAIRS=200 SEED=1)
	@$(BIN)/python tests/property/campaign_matrix.py

campaign-requests: setup-dev ## any request parameters, from harmless to hostile (CASES=1500 SEED=1)
	@$(BIN)/python tests/property/campaign_requests.py

campaign-hostile: setup-dev ## hostile files, rows, objects, requesters, peers and clocks beside other tasks (CASES=60 SEED=1; TIMED=0)
	@$(BIN)/python tests/hostile/campaign_hostile.py

campaign-scan: setup-dev ## scan tenants while pages of their lists go wrong; what is called whole is whole (CASES=400 SEED=1)
	@$(BIN)/python tests/scan/campaign_scan.py

campaign-tampering: setup-dev ## spoil copies of real evidence, its exports and tickets, and see all of it found (CASES=2000 SEED=1; STORE=postgres)
	@$(BIN)/python tests/tampering/campaign_tampering.py

campaign-sabotage: setup-dev ## take each protection out of a copy and see who notices (MOST=400; SABOTAGE="G3, the name")
	@$(BIN)/python tests/property/campaign_sabotage.py

campaign-takeover: setup-dev ## three workers on one PostgreSQL, killed, cut off and restarted (CASES=60 SEED=1)
	@$(BIN)/python tests/takeover/campaign_takeover.py

bench: setup-dev ## compare what a removal costs with other ways (minutes; BENCH="--quick", "--service")
	@PYTHONPATH=tests/support $(BIN)/python -m bench $(BENCH)

campaign-kill: setup-dev ## kill the process at every moment of every story, and run it again (long; KILL="--help" for less; STORE=postgres)
	@PYTHONPATH=tests/support:tests/crash $(BIN)/python -m campaign_kill $(KILL)

campaign-open: setup-dev ## open requests under deaths and lost replies, and kill real processes (CASES=10000 SEED=1 KILLS=100)
	@PYTHONPATH=tests/support:tests/crash $(BIN)/python -m campaign_open

licences: setup-dev ## renew deploy/licences.toml after a change of the lock, and judge it
	@$(BIN)/python scripts/licences.py --write

sbom: setup-dev ## write the bill of materials and the notices of third parties into dist/
	@$(BIN)/python scripts/supply_chain.py dist

test-audit: setup-dev ## ask for known vulnerabilities of the locked packages (needs the advisories of pypi.org)
	@scripts/audit

lock: setup ## renew uv.lock after a change of dependencies
	@UV_PYTHON_DOWNLOADS=never UV_CACHE_DIR=$${UV_CACHE_DIR:-.uv/cache} .uv/bin/uv lock
