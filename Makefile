# The words of this project. `make help` lists them; CONTRIBUTING.md and docs/install.md explain them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Debian's Python where it is new enough: its headers and its venv module come from packages.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done; \
	echo /usr/bin/python3)
# `make setup EXTRAS=dev,example` goes without systemd-python, which needs a C compiler.
EXTRAS ?= systemd,dev,example
PREFIX ?= /opt/app-supervisor
DESTDIR ?=
PURGE ?=
export PYTHON EXTRAS PREFIX DESTDIR PURGE

VENV := .venv
STAMP := $(VENV)/.setup
# Set up anew when the environment was made elsewhere, with other extras, or for a Python that is gone.
SETUP_FOR := $(CURDIR) $(EXTRAS)
ifneq ($(shell test -x $(VENV)/bin/python && cat $(STAMP) 2>/dev/null),$(SETUP_FOR))
$(STAMP): FORCE
endif

# The tests under a real systemd install from wheels, since they have no network; without root they do not run.
WHEELS := dist/wheels/.complete
FOR_BOX := $(if $(filter 0,$(shell id -u)),$(WHEELS))

.PHONY: help setup run test check bench wheels install uninstall clean FORCE

help: ## list these words
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1 \2/p' $(firstword $(MAKEFILE_LIST)) | \
		while read -r word text; do printf '  make %-10s %s\n' "$$word" "$$text"; done

setup: $(STAMP) ## make the environment in .venv, system packages included
	@:

run: setup ## start the example, show its status, stop it with Ctrl-C
	@scripts/system-packages run
	@$(VENV)/bin/python scripts/run_example.py

test: setup $(FOR_BOX) ## run every test; says at the end what was skipped and why
	@scripts/system-packages --optional test
	@$(VENV)/bin/python -m pytest $(ARGS)

check: setup ## ruff, mypy strict, and the layers with import-linter
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: setup ## measure, beside supervisord and circus
	@scripts/system-packages bench
	@$(VENV)/bin/python bench/run.py $(ARGS)

wheels: ## collect in dist/wheels all that `make install` needs, for a host without network
	@scripts/system-packages python systemd
	@scripts/wheels
	@touch $(WHEELS)

install: ## install below PREFIX (/opt/app-supervisor); DESTDIR=... for packagers
	@scripts/install

uninstall: ## take the installation away; PURGE=1 takes configuration, state and logs too
	@scripts/install --uninstall

clean: ## remove everything that make has made here
	rm -rf $(VENV) dist build .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(STAMP): pyproject.toml scripts/setup scripts/system-packages
	@scripts/setup
	@echo '$(SETUP_FOR)' >$@

$(WHEELS): pyproject.toml scripts/wheels
	@scripts/wheels && touch $@ || echo 'Going on without; the tests under systemd cannot install.'
