# Needs Python 3.11 or later and make; everything else is set up here, in $(VENV).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
FACTORY ?= factories/dgx-h100-superpod.yaml
ENV ?= dev
ENVIRONMENTS := dev staging prod
PIP_INSTALL := PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --disable-pip-version-check --quiet --retries 2 -c constraints.txt
OFFLINE := 'groundplan: could not install what pyproject.toml asks for. The first run needs a package index: check the network, or point' \
	'pip at a mirror (PIP_INDEX_URL) or at a folder of wheels (PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER), and run make again.'

.DEFAULT_GOAL := help
.PHONY: help plan plans preview test check bench golden docs engine referees clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' Makefile

plan: $(VENV)/.core ## set up the core and print the report of FACTORY
	@$(BIN)/groundplan plan $(FACTORY)

plans: $(VENV)/.core ## plan the environments anew (plans/*.json); review the difference before committing it
	@for each in $(ENVIRONMENTS); do $(BIN)/groundplan plan factories/$$each.yaml -o plans/$$each.json --quiet || exit 1; done

preview: $(VENV)/.all ## render what `pulumi up -s ENV` would make, without the Pulumi CLI or an account: make preview ENV=dev
	@$(BIN)/python -m stacks.preview $(ENV)

test: $(VENV)/.all ## set up everything and run the whole suite
	$(BIN)/python -m pytest

check: $(VENV)/.all ## ruff, mypy, import contracts, freshness of generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

bench: $(VENV)/.all ## run the benchmarks (not tests: they print, nothing fails)
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

golden: $(VENV)/.all ## write the golden reports and expansions anew; review the difference before committing it
	$(BIN)/python -m pytest -q tests/test_golden.py tests/stacks/test_preview.py --update-golden

docs: $(VENV)/.core ## write the generated documents anew
	$(BIN)/python docs/generate.py

engine: $(VENV)/.all ## let the real Pulumi engine run the stacks against a provider double; needs Go
	$(BIN)/python tests/engine/tools.py
	$(BIN)/python -m pytest -m engine --require-engine

referees: $(VENV)/.all ## let outside programs judge; what they need must be installed (see .ci/run)
	$(BIN)/python -m pytest -m referee --require-referees

clean: ## remove the environment
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "groundplan: $(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "groundplan: $(PYTHON) cannot make a virtual environment (on Debian: install python3-venv)" >&2; exit 1; }

# Not prerequisites on $(BIN)/python by time: an environment is made once.
$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	@test -e $(VENV)/.all || echo "groundplan: installing the core into $(VENV) (once, about half a minute)"
	@test -e $(VENV)/.all || $(PIP_INSTALL) -e . || { printf '%s\n' $(OFFLINE) >&2; exit 1; }
	@test ! -e $(VENV)/.all || $(MAKE) --no-print-directory $(VENV)/.all
	@touch $@

$(VENV)/.all: pyproject.toml constraints.txt | $(BIN)/python
	@echo "groundplan: installing everything into $(VENV) (once, a few minutes)"
	@$(PIP_INSTALL) -e '.[stacks,cluster,notebooks,xlsx,dev]' || { printf '%s\n' $(OFFLINE) >&2; exit 1; }
	@touch $@ $(VENV)/.core
