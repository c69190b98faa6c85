# `make demo` and `make test` work from a bare clone; see `make help`.

VENV ?= .venv
PYTHON ?= python3
# Any requirement that pip understands, with pip's options if need be: make TORCH='torch==2.4.1'.
# By default the newest tested one that this Python has; a torch that is there already is kept.
TORCH ?= 'torch>=1.13,<=2.13.0'

# Processes that share the tests; each imports the libraries, which takes 0.6 GB and seconds.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.mmeatrack-installed

.DEFAULT_GOAL := help
.PHONY: help install demo ablation ablation-temporal benchmark test test-fast coverage check \
	format docs clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "with VENV=$(VENV) PYTHON=$(PYTHON) TORCH=$(TORCH) WORKERS=$(WORKERS)"

install: $(STAMP)  ## the environment in VENV, where it is not there or requirements changed

$(STAMP): setup.py $(wildcard requirements/*.txt) $(wildcard tools/install/*.py)
	@command -v $(PYTHON) >/dev/null || { echo 'make: there is no $(PYTHON):' \
		'apt-get install python3, or make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) tools/install/preflight.py
	@echo '[1/6] $(VENV)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo '[2/6] torch'
	@$(BIN)/python -c 'import torch' 2>/dev/null || \
		$(PIP) install $(TORCH) -r requirements/build.txt
	@echo '[3/6] libraries'
	$(PIP) install -r requirements/build.txt -r requirements/runtime.txt -r requirements/tests.txt
	$(PIP) install --quiet --no-deps -r requirements/openmmlab.txt
	@echo '[4/6] mmcv'
	@$(BIN)/python tools/install/build_mmcv.py
	@echo '[5/6] mmeatrack'
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@echo '[6/6] does it work together?'
	@$(BIN)/python tools/install/verify.py
	@touch $@

demo: install  ## distil, test and show: the table, curves and video in work_dirs/demo
	$(BIN)/python tools/demo.py

ablation: install  ## each distillation loss alone, three seeds; goes on from the demo
	$(BIN)/python tools/ablation.py

ablation-temporal: install  ## with the Target Store and without, by attribute, three seeds
	$(BIN)/python tools/ablation_temporal.py \
		--stores 0.8-every-5 0.8-every-15 0.95-every-5 0.95-every-15

benchmark: install  ## what distillation and temporal adaptation cost, against their bounds
	@status=0; for part in train temporal store-memory; do \
		$(BIN)/python tools/benchmark.py $$part --out work_dirs/benchmark/$$part.md || status=$$?; \
	done; exit $$status

test: install  ## the tests
	$(PYTEST)

test-fast: install  ## the tests without those marked slow: under a minute on 2 cores
	$(PYTEST) -m 'not slow'

coverage: install  ## the tests, and the lines of the package that none of them runs
	$(PYTEST) --cov=mmeatrack --cov-report=term-missing:skip-covered

check: install  ## lint, format, spelling, types and floors, as .ci/run does
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python -m pytest -q --no-header tests/test_install/test_floors.py
	$(BIN)/mypy mmeatrack

format: install  ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install  ## these pages with the API reference, in work_dirs/site
	@$(BIN)/python -c 'import mkdocs, material, mkdocstrings' 2>/dev/null || \
		$(PIP) install -r requirements/docs.txt
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:  ## remove the environment in VENV; the cached mmcv wheel stays
	@test ! -e $(VENV) || test -f $(STAMP) -o -f $(VENV)/pyvenv.cfg || \
		{ echo 'make: $(VENV) is no virtual environment, so it is left alone' >&2; exit 1; }
	rm -rf $(VENV)
