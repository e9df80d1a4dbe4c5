# The front door: `make study` and `make test` do all the set-up they need, once. What is set up is not touched again
# (and the network not asked) until pyproject.toml changes.

PYTHON ?= python3
STUDY ?= depth_vs_width
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOWEST := .venv-lowest
LOWEST_INSTALLED := $(LOWEST)/.installed
PEERS := .venv-peers
PEERS_INSTALLED := $(PEERS)/.installed
BENCH := .venv-bench
BENCH_INSTALLED := $(BENCH)/.installed
# PyTorch's wheels for Linux have CUDA in them; JAX's are asked for by name.
BENCH_EXTRA = $(if $(shell nvidia-smi -L 2>/dev/null),bench-gpu,bench)
GARDEN := .venv-garden
GARDEN_INSTALLED := $(GARDEN)/.installed
# Two files of tests at a time: many wait for workers to start, hang or die.
# A process a core, and a thread each: more would wait for one another.
SIDE_BY_SIDE := -n 2 --dist loadfile
DATA := $(VENV)/.data-fashion_mnist

STUDY_FILE = $(firstword $(wildcard $(STUDY) studies/$(STUDY).yaml))
RESULTS = results/$(if $(filter %.yaml %.yml,$(STUDY)),$(basename $(notdir $(STUDY))),$(STUDY))
# Only a study of Fashion-MNIST has to have it.
STUDY_DATA = $(if $(and $(STUDY_FILE),$(shell grep -s fashion_mnist $(STUDY_FILE))),$(DATA))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SECONDEXPANSION:
.PHONY: help setup data study plot test test-quick lint format test-lowest test-peers bench calibration reference notebooks site clean

help:  ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## Make .venv with this package and all that it needs; PYTHON=python3.12 picks an interpreter

data: $(DATA)  ## Bring Fashion-MNIST to this machine, unless it is here or SCALING_DATA_DIR has it

study: $(INSTALLED) $$(STUDY_DATA)  ## Plan, run, plot and report a study: STUDY=depth_vs_width, ARGS="--workers 1" for the run
	$(BIN)/scaling plan $(STUDY)
	@# Exit code 1 means that some trials failed: they show in the figures, so draw before saying so.
	$(BIN)/scaling run $(STUDY) $(ARGS); status=$$?; \
	if [ $$status -gt 1 ]; then exit $$status; fi; \
	$(BIN)/scaling plot $(RESULTS) && $(BIN)/scaling report $(RESULTS) && exit $$status

plot: $(INSTALLED)  ## Draw what a study has so far: STUDY=depth_vs_width
	$(BIN)/scaling plot $(RESULTS) $(ARGS)

notebooks: $(INSTALLED)  ## Run the notebooks again, in place
	@# Without times and versions, and what was printed in one piece: what differs afterwards is what the notebooks say.
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter nbconvert --to notebook --execute --inplace \
		--ExecutePreprocessor.record_timing=False --ClearMetadataPreprocessor.enabled=True \
		--ClearMetadataPreprocessor.preserve_nb_metadata_mask=kernelspec \
		--NotebookExporter.preprocessors=nbconvert.preprocessors.CoalesceStreamsPreprocessor notebooks/*.ipynb

site: $(INSTALLED)  ## Build the documentation into site/, to be read from disk: site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

test: $(INSTALLED)  ## Run all tests, the quick ones first
	@$(MAKE) --no-print-directory data || echo "No Fashion-MNIST on this machine: tests that read it are skipped."
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-quick: $(INSTALLED)  ## Run the tests that train nothing
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE) $(ARGS)

lint: $(INSTALLED)  ## Check style, format, types and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)  ## Format the code, and mend what can be mended
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .

test-lowest: $(LOWEST_INSTALLED)  ## Run the quick tests with the oldest versions that pyproject.toml allows
	@# Old releases may warn about newer neighbours; what we use of them must not be on its way out today (`make test`).
	$(LOWEST)/bin/python -m pytest -m "not slow" -W ignore::DeprecationWarning $(ARGS)

test-peers: $(PEERS_INSTALLED)  ## Compare our networks with timm's, in an environment with PyTorch (gigabytes)
	$(PEERS)/bin/python -m pytest -s tests/peers $(ARGS)

bench: $(BENCH_INSTALLED) $(GARDEN_INSTALLED) $(DATA)  ## Measure ours against others, into benchmarks/results.md: ARGS="study plan" for some, --resume to go on
	BENCH_GARDEN_PYTHON=$(GARDEN)/bin/python $(BENCH)/bin/python -m benchmarks $(ARGS)

calibration: $(INSTALLED)  ## Simulate how often verdicts are false, into docs/calibration.md (half an hour; ARGS="--parts price pairing" for some)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.analysis.calibration $(ARGS)

reference: $(INSTALLED)  ## Write docs/study-file.md and the JSON schema of study files anew
	$(BIN)/python -m tests.generator.reference

clean:  ## Delete what setup and the tools made; never results/
	rm -rf $(VENV) $(LOWEST) $(PEERS) $(BENCH) $(GARDEN) build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find scaling tests -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call make_venv,FOLDER): Debian keeps what `python3 -m venv` needs in a package of its own.
define make_venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or newer is needed; $(PYTHON) is not. Choose one: make PYTHON=python3.12" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing python3-venv ..." && \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null && \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; } || \
	{ echo "$(PYTHON) cannot make virtual environments. On Debian: sudo apt-get install python3-venv" >&2; exit 1; }
$(PYTHON) -m venv --clear $(1)
endef

$(VENV)/.made:
	$(call make_venv,$(VENV))
	@touch $@

$(INSTALLED): pyproject.toml $(VENV)/.made
	@echo "Installing into $(VENV): some minutes the first time, most of it TensorFlow ..."
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@

# Made anew each time: pip leaves alone what is installed and allowed.
$(LOWEST_INSTALLED): pyproject.toml
	$(call make_venv,$(LOWEST))
	sed -nE 's/^ *"([A-Za-z0-9-]+)>=([0-9.]+)",$$/\1==\2/p' pyproject.toml | sort -u > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/constraints.txt \
		--editable ".[test,cluster,jax,notebooks,tfds]"
	@touch $@

$(PEERS_INSTALLED): pyproject.toml
	$(call make_venv,$(PEERS))
	@echo "Installing into $(PEERS): PyTorch, torchvision and timm beside TensorFlow ..."
	$(PEERS)/bin/python -m pip install --quiet --editable ".[test,peers]"
	@touch $@

$(BENCH_INSTALLED): pyproject.toml
	$(call make_venv,$(BENCH))
	@echo "Installing into $(BENCH): PyTorch, timm, moocore and paretoset beside TensorFlow ..."
	$(BENCH)/bin/python -m pip install --quiet --editable ".[$(BENCH_EXTRA)]"
	@touch $@

# The Model Garden holds TensorFlow at a version older than ours: it is run by an interpreter of its own.
$(GARDEN_INSTALLED): pyproject.toml
	$(call make_venv,$(GARDEN))
	$(GARDEN)/bin/python -m pip install --quiet "tf-models-official>=2.20"
	@touch $@

# Debian packages the files; where it cannot, Keras' downloader is tried, and the error names each other way.
$(DATA): | $(INSTALLED)
	@if [ -z "$$SCALING_DATA_DIR" ] && [ ! -d /usr/share/datasets/fashion-mnist ] && \
	   [ ! -d "$${KERAS_HOME:-$$HOME/.keras}/datasets/fashion-mnist" ] && \
	   [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's dataset-fashion-mnist ..."; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y dataset-fashion-mnist; } \
			>/dev/null 2>&1 || true; \
	fi
	$(BIN)/scaling data fetch fashion_mnist
	@touch $@
