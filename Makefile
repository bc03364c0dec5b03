# Every command a developer needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_AUDIT := pip-audit==2.10.1
AUDITOR := .local/$(subst ==,-,$(PIP_AUDIT))
AUDITED := requirements-prod.lock requirements.lock
STAMP := $(VENV)/.installed
UV_LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet

# A third of a test's time is waiting, for servers that are away on purpose: three processes keep two cores busy.
TEST_PROCESSES ?= 3

# The demonstration and the tests start hundreds of processes; without bytecode each would compile all of our code.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo up test lint format docs pictures screenshots bench faults audit lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install everything into .venv (Python >= 3.11 is all it needs)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock names into $(VENV); this takes about a minute."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: setup ## Send 315 messages through the whole pipeline, against the simulator
	$(BIN)/messaging-pipeline demo

up: setup ## Run the whole pipeline on this machine until Ctrl-C
	$(BIN)/messaging-pipeline up

test: setup ## Run every suite; starts its own Postgres and Valkey
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup

lint: setup ## Check style, complexity and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## Put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## Make the documentation a site in .local/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open .local/site/index.html, or see it at http://127.0.0.1:8000 with: $(BIN)/python -m mkdocs serve"

pictures: setup ## Draw the pictures of the documentation, from the code
	$(BIN)/python -m tests.pictures

screenshots: setup ## Take the pictures of the command line, from a running pipeline
	$(BIN)/python -m tests.pictures.screenshots

bench: setup ## Measure the pipeline beside the plain baseline, in one run
	$(BIN)/python -m tests.bench

faults: setup ## Prove the promise: 5,000 messages while everything is killed, wiped, cut off
	$(BIN)/python -m tests.faults

audit: $(AUDITOR)/.installed ## Look for known weaknesses in what is locked (asks the package index)
	@$(AUDITOR)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off $(addprefix -r ,$(AUDITED)) || \
		{ echo "make audit: a locked version has a known weakness, or the advisories of the Python Package Index could not" \
			"be had for all of $(AUDITED); the lines above say which. Lock a mended version with: make lock" >&2; exit 1; }

# In a folder of its own: what it needs is no dependency of ours.
$(AUDITOR)/.installed:
	$(PYTHON) -m venv $(AUDITOR)
	@$(AUDITOR)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_AUDIT) || \
		{ echo "make audit: pip-audit could not be installed; it needs a package index that can be reached" >&2; exit 1; }
	@touch $@

lock: ## Resolve the dependencies anew (needs uv)
	$(UV_LOCK) --all-extras --group dev pyproject.toml --output-file requirements.lock
	printf 'aiohttp\naiosmtpd\n' | \
		$(UV_LOCK) --extra s3 --extra push --extra otel --extra media --constraint requirements.lock pyproject.toml - --output-file requirements-prod.lock

clean: ## Remove the environment and all local data
	rm -rf $(VENV) .local
