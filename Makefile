# `make demo` and `make test` work from a fresh clone; see `make help`.

VENV ?= .venv
PYTHON ?= python3
# Any requirement for pip, with options if necessary: make TORCH='torch==2.4.1'. By default the newest
# tested version for this Python; an installed torch is kept.
TORCH ?= 'torch>=1.13,<=2.13.0'

# Test processes; each imports the libraries, which takes 0.6 GB and a few seconds.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.mmeatrack-installed

.DEFAULT_GOAL := help
.PHONY: help install demo ablation ablation-temporal benchmark test test-fast coverage check \
	format docs clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "with VENV=$(VENV) PYTHON=$(PYTHON) TORCH=$(TORCH) WORKERS=$(WORKERS)"

install: $(STAMP)  ## create the environment in VENV, or update it to changed requirements

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
	@echo '[6/6] check'
	@$(BIN)/python tools/install/verify.py
	@touch $@

demo: install  ## distil, test and show; table, curves and video in work_dirs/demo
	$(BIN)/python tools/demo.py

ablation: install  ## compare the distillation losses, three seeds; continues from the demo
	$(BIN)/python tools/ablation.py

ablation-temporal: install  ## compare with and without the Target Store, by attribute, three seeds
	$(BIN)/python tools/ablation_temporal.py \
		--stores 0.8-every-5 0.8-every-15 0.95-every-5 0.95-every-15

benchmark: install  ## measure the costs of distillation and temporal adaptation against bounds
	@status=0; for part in train temporal store-memory; do \
		$(BIN)/python tools/benchmark.py $$part --out work_dirs/benchmark/$$part.md || status=$$?; \
	done; exit $$status

test: install  ## run all tests
	$(PYTEST)

test-fast: install  ## run the tests not marked slow: under a minute on 2 cores
	$(PYTEST) -m 'not slow'

coverage: install  ## run all tests and list the lines that none of them covers
	$(PYTEST) --cov=mmeatrack --cov-report=term-missing:skip-covered

check: install  ## check lint, format, spelling, floors and types, like .ci/run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python -m pytest -q --no-header tests/test_install/test_floors.py
	$(BIN)/mypy mmeatrack

format: install  ## fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install  ## build the documentation in work_dirs/site
	@$(BIN)/python -c 'import mkdocs, material, mkdocstrings' 2>/dev/null || \
		$(PIP) install -r requirements/docs.txt
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:  ## remove the environment in VENV, but not the cached mmcv wheel
	@test ! -e $(VENV) || test -f $(STAMP) -o -f $(VENV)/pyvenv.cfg || \
		{ echo 'make: $(VENV) is not a virtual environment and is not removed' >&2; exit 1; }
	rm -rf $(VENV)
