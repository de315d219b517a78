# What people and CI type. `make run` and `make test` need Python 3.11 or newer, and nothing else.
VENV   ?= .venv
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
BIN     = $(VENV)/bin
ARGS   ?=

.PHONY: run demo test test-slow lint bench eval eval-train messages lock clean help

run: $(VENV)/.ready            ## start on http://127.0.0.1:8080 with ./feeds.yaml
	@$(BIN)/aggregator run $(ARGS)

demo: $(VENV)/.ready           ## the whole product on a bundled sample week, offline
	@$(BIN)/aggregator demo $(ARGS)

test: $(VENV)/.test            ## the tests, in under three minutes
	$(BIN)/pytest -n auto --dist worksteal $(ARGS)

test-slow: $(VENV)/.test       ## the tests that take longer
	$(BIN)/pytest -m slow -n auto --dist loadfile $(ARGS)

lint: $(VENV)/.test            ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test           ## speed and memory, as ratios within one run
	$(BIN)/python -m tests.bench.run $(ARGS)
	$(BIN)/python -m tests.bench.cold
	$(BIN)/python -m tests.bench.scale
	$(BIN)/python -m tests.bench.stories
	$(BIN)/python -m tests.bench.search
	$(BIN)/python -m tests.bench.site
	$(BIN)/python -m tests.bench.web
	$(BIN)/python -m tests.bench.mail

eval: $(VENV)/.test            ## editorial quality on labelled articles, where they are at hand
	@$(BIN)/python -m tests.eval.run $(ARGS)

eval-train: $(VENV)/.test      ## learn what makes two articles one event; relevance on unseen rows
	@$(BIN)/python -m tests.eval.train
	@$(BIN)/python -m tests.eval.unseen $(ARGS)

messages: $(VENV)/.test        ## bring aggregator/locale/*.po up to date with templates and code
	@$(BIN)/python -m tests.messages

lock: $(VENV)/.test            ## write both lock files anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --extra test --extra postgres pyproject.toml -o requirements-test.lock

clean:                         ## remove the environment and what tools left behind
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: install it, or name it with make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make environments here. On Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }

$(VENV)/.ready: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Installing into $(VENV) (only once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/python -m compileall -q aggregator
	@touch $@

$(VENV)/.test: $(VENV)/.ready requirements-test.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@
