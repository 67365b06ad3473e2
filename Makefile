# Only Python 3.11 and make are assumed. Everything else goes into .tools/ (uv) and .venv/ (the packages of
# requirements/*.lock, each checked against its hash); nothing is done twice. `make help` lists the targets.

PYTHON ?= python3.11
UV := .tools/uv/bin/uv
BIN := .venv/bin
PY := $(BIN)/python
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-header --no-annotate --no-emit-index-url

# Only `rasa test` and bench/plot.py draw: matplotlib and what nothing else needs are a developer's.
DRAWING := matplotlib contourpy cycler kiwisolver

# uv brings its own certificates and Pythons; here it shall use the machine's.
export UV_SYSTEM_CERTS ?= 1
export UV_PYTHON_DOWNLOADS := never
# Lotse is many processes: each would compile all of Rasa again if nothing were kept.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env run chat train evaluate review test soak bench distributed lint format lock tensorflow clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

run: .venv/.runtime ## Start everything: environment, model, database, demo data, all processes
	@exec $(PY) -m bot.engine.supervisor

# make has an AS of its own, the assembler.
chat: .venv/.runtime ## Chat in the terminal with a running Lotse (AS=customer or AS=seller)
	@exec $(PY) -m bot.chat_cli $(if $(filter default,$(origin AS)),,--as $(AS))

train: .venv/.runtime ## Train the model if anything it is made from has changed
	@$(PY) -m bot.engine.model

evaluate: .venv/.dev ## Say how well the held-out sentences are understood (ARGS=--without-additions)
	@$(PY) -W ignore -m bot.nlu.evaluate $(ARGS)

bench: .venv/.dev ## Measure Lotse beside plain Rasa, into docs/performance.md (ARGS=--fresh, --short)
	@$(PY) -W ignore -m bench $(ARGS)

review: .venv/.runtime ## List what was misunderstood in operation (ARGS="--export FILE", then ARGS="--accept FILE")
	@$(PY) -W ignore -m bot.nlu.review $(ARGS)

env: .venv/.dev ## Everything a developer needs, into .venv

test: lint ## Style and types, then train if needed and run every test (ARGS="..." goes to pytest)
	@$(PY) -m bot.engine.model
	$(BIN)/pytest -n 3 $(ARGS)  # on two cores: what waits leaves room for another

soak: .venv/.dev ## Kill each process 20 times under a browser's traffic, then a crowd (takes half an hour)
	LOTSE_TEST_KILLS=20 $(BIN)/pytest tests/widget/test_kills.py $(ARGS)
	LOTSE_TEST_IDLE=2000 LOTSE_TEST_ACTIVE=200 LOTSE_TEST_ROUNDS=10 $(BIN)/pytest -s tests/gateway/test_many.py

distributed: .venv/.dev ## Two of each process, PostgreSQL, Valkey, a balancer; the conversation tests against it (ARGS goes to pytest)
	@$(PY) -m deploy.distributed --check $(ARGS)

lint: .venv/.dev ## Style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy & types=$$!; $(BIN)/lint-imports; imports=$$?; wait $$types && exit $$imports

format: .venv/.dev ## Put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .tools/.ready ## Renew requirements/*.lock from pyproject.toml
	$(LOCK) --upgrade --group dev --output-file requirements/dev.lock
	for group in runtime gateway actions; do \
	    $(LOCK) --group $$group --constraints requirements/dev.lock $(DRAWING:%=--no-emit-package %) --output-file requirements/$$group.lock || exit 1; done
	$(LOCK) --no-config --constraints requirements/dev.lock requirements/tensorflow.in \
	        --output-file requirements/tensorflow.lock

tensorflow: .venv/.runtime ## Bring back the real TensorFlow, for pipelines with DIET or TED
	VIRTUAL_ENV=.venv $(UV) pip install --no-config --require-hashes --requirements requirements/tensorflow.lock

clean: ## Remove what make made, but not the data in var/
	rm -rf .tools .venv models .rasa results .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.tools/.ready: requirements/bootstrap.lock
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	    { echo "Python 3.11 is needed and '$(PYTHON)' is not it: install it, or say where: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing uv into .tools/"
	@$(PYTHON) -m venv --clear .tools/uv || \
	    { echo "This Python cannot make environments: install its venv module (Debian: python3.11-venv)"; exit 1; }
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

.venv/bin/python: | .tools/.ready
	@echo "Making .venv/"
	@$(UV) venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv

# A developer's environment holds all that running needs; it is not taken down to the smaller one.
.venv/.runtime: requirements/runtime.lock | .tools/.ready .venv/bin/python
	@if [ -e .venv/.dev ]; then $(MAKE) --no-print-directory .venv/.dev; else \
	    echo "Installing the packages of requirements/runtime.lock into .venv/"; \
	    VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes requirements/runtime.lock; fi
	@$(PY) -m bot.engine.absent
	@touch $@

.venv/.dev: requirements/dev.lock | .tools/.ready .venv/bin/python
	@echo "Installing the packages of requirements/dev.lock into .venv/"
	@VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes requirements/dev.lock
	@$(PY) -m bot.engine.absent
	@touch .venv/.runtime $@
