# Everything runs from .venv in this folder; paths stay relative so that a space in the folder's name does no harm.
PYTHON ?= python3
RUN := .venv/bin/python
# It looks for no newer version of itself and keeps what it has parsed in the environment.
DENO := DENO_NO_UPDATE_CHECK=1 DENO_DIR=.venv/.deno .venv/bin/deno
SCRIPTS := labs/pages/js book/_static/*.mjs book/_static/*.js tests/*.mjs
# Of what the reader has set for Python in general, nothing reaches ours.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONWARNINGS PYTHONINSPECT
unexport PYTHONEXECUTABLE PYTHONPLATLIBDIR
.DEFAULT_GOAL := help
.PHONY: help lab test test-containers test-all check book readme serve zip pdf site up down record bench promises env env-dev lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: env ## start three brokers and JupyterLab on loopback; Ctrl-C stops everything it started
	@$(RUN) -m labs lab

test: env-dev ## set up what is needed and run the tests: every lab and every broker once
	@$(RUN) -m tests

test-containers: env-dev ## run what .ci/run adds to `make test`: the brokers in containers, and a notebook of each chapter
	@$(RUN) -m tests --containers

test-all: env-dev ## run every test: what `make test` runs first, then containers, notebooks and what takes long
	@$(RUN) -m tests --all

check: env-dev ## the fast checks: ruff, mypy --strict on labs/; for JavaScript and CSS deno's format, lint and types
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(DENO) fmt --check
	$(DENO) lint
	$(DENO) check --quiet $(SCRIPTS)

book: env ## build the site into _build/html, warnings as errors; TEACH=1 builds another one with answers and slides
	@LABS_TEACH="$(TEACH)" $(RUN) -m labs.pages.build

readme: env ## write the findings and the picture of README.md anew, from book/runs
	@$(RUN) -m labs.pages.readme

serve: book ## build the site and serve it on loopback; TEACH=1 serves the one with answers and slides
	@$(RUN) -m http.server --bind 127.0.0.1 --directory $(if $(filter 1 yes true,$(TEACH)),_build/teach/)_build/html $${PORT:-8000}

zip: book ## build the site and pack it into _build/redis-kafka-rabbitmq.zip, to be read without a network
	@$(RUN) -m labs.pages.site.archive

pdf: env-dev book ## build the site and print all of it into _build/redis-kafka-rabbitmq.pdf (needs Chromium)
	@$(RUN) -m labs.pages.site.paper

site: env-dev ## what is published: the site with its archive and its PDF; LABS_SITE_URL and LABS_REPOSITORY_URL say where
	@LABS_OFFLINE=1 $(RUN) -m labs.pages.build
	@$(RUN) -m labs.pages.site.paper --inside
	@$(RUN) -m labs.pages.site.archive --inside

up: env ## start the three brokers; they stay until `make down`
	@$(RUN) -m labs up

down: env ## stop what `make up` started
	@$(RUN) -m labs down

record: env ## record what is missing or out of date in book/runs/; Ctrl-C stops it, the next call goes on
	@$(RUN) -m labs record

bench: env ## hold our generator against each vendor's own tool; the table goes to book/runs/bench.json (an hour; goes on where it was stopped)
	@$(RUN) -m labs bench --lift --out book/runs/bench.json

promises: env ## attack every promise in the table on real brokers, each beside its control
	@$(RUN) -m labs promises

lock: ## write the hash-pinned requirements and package sets from the .in files (needs uv)
	for f in requirements requirements-dev $(basename $(wildcard labs/stack/packages/*.in)); do uv pip compile $$f.in --generate-hashes --python-version 3.11 --universal --no-header --no-annotate -q -o $$f.txt; done

clean: ## remove what was built here (not the brokers' data: that is `labs down --reset`)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache

env: ## make .venv, or put right what changed: moved folder, other Python, other requirements
	@$(PYTHON) -I labs/cli/environment.py

env-dev:
	@$(PYTHON) -I labs/cli/environment.py --dev
