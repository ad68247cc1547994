# SPDX-License-Identifier: GPL-2.0-or-later
# kdyno. `make demo` shows the whole path on this computer, `make test` runs what CI runs.

BIN := .venv/bin
PYTHON_CODE := server provisioning tests benchmarks migrations ansible
C_PARTS := agent bench-c provisioning/imager
C_FILES = $(shell git ls-files '*.c' '*.h')
SHELL_FILES = $(shell git ls-files | xargs grep -lIE '^\#!/.*\b(ba)?sh\b' --)

.PHONY: help demo test setup lint types unit test-unit c-test integration browser e2e fmt clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## install what is missing, start a lab, send it an example patch; stays up until Ctrl-C
	@begin=$$(date +%s); setup/ensure run build || exit; \
	exec $(BIN)/kdyno demo --setup-seconds $$(($$(date +%s) - begin)) $(ARGS)

test: ## everything: set-up, lint, types, unit, C, integration, browser, end to end; prints the time of each
	@setup/run-stages setup lint types unit c-test integration browser e2e

setup: ## install what is missing for working on kdyno
	@setup/ensure run build test

lint: ## style and structure; `make fmt` mends most of it
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/ruff format --check $(PYTHON_CODE) || { echo "run 'make fmt' and commit the result"; exit 1; }
	$(BIN)/lint-imports --no-logo
	@shellcheck $(SHELL_FILES)
	cd ansible && ANSIBLE_HOME=../.venv/ansible PATH="$(CURDIR)/$(BIN):$$PATH" ansible-lint --offline -q
	@clang-format --dry-run --Werror $(C_FILES) || { echo "run 'make fmt' and commit the result"; exit 1; }
	$(MAKE) --no-print-directory -j2 -C bench-c tidy cppcheck

types: ## mypy --strict
	$(BIN)/mypy

unit: ## fast tests without other processes
	$(BIN)/pytest -q tests/unit

test-unit: unit

c-test: ## unit tests of the C programs, with address and undefined-behaviour sanitizers
	@for part in $(C_PARTS); do $(MAKE) --no-print-directory -j2 --output-sync=target -C $$part test || exit; done

integration: ## on a real PostgreSQL and a real broker
	$(BIN)/pytest -q tests/integration tests/chaos

browser: ## the pages in headless Chromium
	$(BIN)/pytest -q tests/browser

e2e: ## real patches, real builds, real boots
	$(BIN)/pytest -q -s tests/e2e

fmt: ## put all code into shape
	$(BIN)/ruff check --fix-only -q $(PYTHON_CODE)
	$(BIN)/ruff format -q $(PYTHON_CODE)
	clang-format -i $(C_FILES)

clean: ## remove what was built here; the lab's data directory is left alone
	@for part in $(C_PARTS); do $(MAKE) --no-print-directory -C $$part clean; done
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf server/kdyno/web/static/vendor server/kdyno/web/frontend/node_modules
