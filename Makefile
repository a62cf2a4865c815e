# Two commands do everything: `make demo` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PROJECT_VENV := build/project-venv
SCHEMAS := build/schemas
DEMO := build/demo
# Packages are kept here, so that whoever set up once needs no network to set up again.
WHEELS ?= $(HOME)/.cache/roadworthy/wheels
PIP := -m pip -q --disable-pip-version-check
# An empty HOME has no git identity; the demo's developer is a sample person, and is said to be so.
DEMO_PERSON := GIT_AUTHOR_NAME="Dana Developer" GIT_AUTHOR_EMAIL=dana@loans.example \
	GIT_COMMITTER_NAME="Dana Developer" GIT_COMMITTER_EMAIL=dana@loans.example

.PHONY: help demo test lint unit coverage generate release lock clean

help:
	@echo "make demo      make a project from real data and live its whole governed life (sets itself up)"
	@echo "make test      lint, types, import contracts and every test (sets itself up)"
	@echo "make coverage  the same tests, traced: what no test reaches (takes longer)"
	@echo "make generate  rewrite what is generated: copier.yml blocks, reference pages"
	@echo "make release VERSION=x.y.z   freeze template and policy as a release"
	@echo "make lock      rebuild the hash-locked requirements (needs uv)"

demo: $(VENV)/.ready
	rm -rf $(DEMO)
	@mkdir -p build
	$(DEMO_PERSON) $(BIN)/roadworthy new $(DEMO) --defaults --data name=credit-decision
	@PATH="$(BIN):$$PATH" $(MAKE) --no-print-directory -C $(DEMO) life
	@echo
	@echo "The project is in $(DEMO); its rehearsed life, with every record, in $(DEMO)/var/life."

test: lint unit

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin src
	$(BIN)/lint-imports

unit: $(VENV)/.ready $(PROJECT_VENV)/.ready $(SCHEMAS)/.ready
	PATH="$(BIN):$$PATH" $(BIN)/pytest -n 2 --dist loadfile $(TRACE)

# Nothing is refused over coverage, so the gate does not pay for the tracing.
coverage:
	@$(MAKE) --no-print-directory unit TRACE="--cov --cov-report=term:skip-covered"

generate: $(VENV)/.ready
	$(BIN)/python tools/generate.py
	$(BIN)/roadworthy policy docs docs/reference

release: $(VENV)/.ready
	$(BIN)/python tools/release.py $(VERSION)
	$(BIN)/python tools/generate.py

lock:
	tools/lock.sh

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*

# The locks are whole: nothing is resolved, so a release made tomorrow cannot get in the way; `check` tells of a gap.
kept = --no-index --find-links "$(WHEELS)" --no-deps --require-hashes
install = mkdir -p "$(WHEELS)" && { $(1) $(PIP) install $(kept) $(2) 2>/dev/null || { \
	$(1) $(PIP) download -d "$(WHEELS)" --no-deps --require-hashes $(2) && $(1) $(PIP) install $(kept) $(2); }; \
	} && $(1) $(PIP) check

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "roadworthy needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@echo "setting up $(VENV) (about half a minute, once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(call install,$(BIN)/python,-r requirements/dev.txt)
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The environment of a generated project, shared by all tests that run one.
$(PROJECT_VENV)/.ready: template/requirements/dev.txt
	@echo "setting up $(PROJECT_VENV) (about half a minute, once)"
	@$(PYTHON) -m venv --clear $(PROJECT_VENV)
	@$(call install,$(PROJECT_VENV)/bin/python,-r template/requirements/dev.txt -r template/requirements/sample.txt)
	@touch $@

# Sources, not wheels, where the schemas are among the tests of a package. Their build tools are in the lock.
sources = -d "$(WHEELS)/sources" --no-deps --no-binary :all: --only-binary cyclonedx-python-lib --no-build-isolation --require-hashes -r requirements/schemas.txt
$(SCHEMAS)/.ready: requirements/schemas.txt tools/schemas.py $(VENV)/.ready
	@echo "unpacking $(SCHEMAS) (some seconds, once)"
	@mkdir -p "$(WHEELS)/sources"
	@$(BIN)/python $(PIP) download --no-index --find-links "$(WHEELS)/sources" $(sources) 2>/dev/null || \
		$(BIN)/python $(PIP) download $(sources)
	@$(BIN)/python tools/schemas.py "$(WHEELS)/sources" $(SCHEMAS)
	@touch $@
