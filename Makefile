# `make demo` and `make test` each do all their own set-up; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
LINT := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
ARGS ?=

# The tests read real files: Closet's photos are fetched when no copy is found, the others are the user's.
SHARED := $(abspath ../shared)
OWN_CLOSET := $(CURDIR)/data/closet
CLOSET_DIR ?= $(if $(wildcard $(SHARED)/closet/images),$(SHARED)/closet,$(OWN_CLOSET))
FASHIONIQ_DIR ?= $(SHARED)/fashioniq
CIRR_DIR ?= $(SHARED)/cirr

.PHONY: help demo test nightly lint space closet photos model clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo "  PYTHON=python3.12 chooses the Python to set up with; ARGS=\"--port 8000\" goes to the app or to pytest"

demo: $(VENV)/app ## set up, then open the page (ARGS="--model RUN --index INDEX" for your own)
	@CLOSET_DIR="$(CLOSET_DIR)" $(BIN)/python app.py $(ARGS)

test: $(VENV)/tests photos ## set up, check style and types, run the tests (ARGS="-k index" for some)
	@test -d "$(FASHIONIQ_DIR)" && test -d "$(CIRR_DIR)" || echo "make test: FASHIONIQ_DIR and CIRR_DIR name no" \
		"folders of FashionIQ's and CIRR's annotations; the tests of those will fail (docs/data.md)" >&2
	@CHROMIUM=$$(tests/chromium.sh) && export CHROMIUM && { $(LINT); lint=$$?; OMP_NUM_THREADS=1 \
		CLOSET_DIR="$(CLOSET_DIR)" FASHIONIQ_DIR="$(FASHIONIQ_DIR)" CIRR_DIR="$(CIRR_DIR)" \
		$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS) && exit $$lint; }

# What takes too long for every run of the tests; the results go to data/nightly.
NIGHTLY := attack full_disk save_kills judgement_kills refine_kills

nightly: $(VENV)/tests photos ## attack it, fill its disk, kill it: every hostile input and fault (10 minutes, as root)
	@CHROMIUM=$$(tests/chromium.sh) && export CHROMIUM OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 \
		CLOSET_DIR="$(CLOSET_DIR)" && mkdir -p data/nightly && failed= && for name in $(NIGHTLY); do \
		echo "make nightly: $$name" >&2; $(BIN)/python -m tests.bench.$$name --json data/nightly/$$name.json \
		|| failed="$$failed $$name"; done && { test -z "$$failed" || { echo "make nightly: failed:$$failed" >&2; \
		exit 1; }; }

lint: $(VENV)/tests ## set up, check style, format and types
	@$(LINT)

space: ## start the committed files as a Space does, in an environment of their own; prints the seconds it takes
	@tests/fresh_environment.sh "$(PYTHON)"

closet: $(VENV)/app ## fetch Closet's 3,140 photos (87 MB) and index them: the page then offers them as a catalogue
	@$(BIN)/python -m core.datasets.closet fetch --out "$(OWN_CLOSET)"
	@$(BIN)/python -m core.catalogue add --index data/catalogues/Closet/index --model assets/model \
		"$(OWN_CLOSET)/garments.jsonl"

# What ships. Each step is kept in data/ and runs/ and not done twice; a training that was stopped goes on.
RUN := $(BIN)/python -m
CATALOGUE := assets/wardrobe
TRAIN_ON := --data "$(CLOSET_DIR)" data/wardrobe-train
STAGE2 := train.stage2 $(TRAIN_ON) --temperature 0.04

model: photos runs/model/hemline.json runs/clip-stage2/hemline.json data/wardrobe-shop ## make what ships: model, CLIP, catalogue (hours)
	@$(RUN) core.backbones.ship --model runs/model --out assets/model
	@$(RUN) core.backbones.ship --model runs/clip-stage2 --out assets/clip
	@rm -rf $(CATALOGUE) && cp -r data/wardrobe-shop $(CATALOGUE)
	@$(RUN) core.catalogue build --model assets/model --images $(CATALOGUE)/images --out $(CATALOGUE)/index
	@$(RUN) core.catalogue build --model assets/clip --images $(CATALOGUE)/images --out $(CATALOGUE)/index-clip
	@$(RUN) core.atlas --index $(CATALOGUE)/index
	@$(RUN) core.atlas --index $(CATALOGUE)/index-clip
	@$(RUN) core.catalogue compact --index $(CATALOGUE)/index
	@$(RUN) core.catalogue compact --index $(CATALOGUE)/index-clip

data/wardrobe-val: | $(VENV)/app
	@$(RUN) train.wardrobe --out $@ --split val --lines 200 --queries 2000

data/wardrobe-train: | data/wardrobe-val
	@$(RUN) train.wardrobe --out $@ --split train --lines 1600 --queries 12000 --without data/wardrobe-val

# No design of what is trained on or measured on: what people judge in the shop may be trained on.
data/wardrobe-shop: | data/wardrobe-val data/wardrobe-train
	@$(RUN) train.wardrobe --out $@ --split shop --lines 200 --queries 2000 --cover \
		--without data/wardrobe-val data/wardrobe-train

runs/model/hemline.json: | data/wardrobe-train
	@test -d runs/model-built || $(RUN) core.backbones.build $(TRAIN_ON) --out runs/model-built \
		--grid 7 --image-grid 3 --layers 3 --vocab 3000
	@$(RUN) train.stage1 $(TRAIN_ON) --init runs/model-built --out runs/model-stage1 --steps 400
	@$(RUN) $(STAGE2) --init runs/model-stage1 --out runs/model-stage2 --steps 1600 --bank-steps 100 --asked 0 \
		--caption 0.3
	@$(RUN) $(STAGE2) --init runs/model-stage2 --out runs/model-asked --steps 550 --lr 6e-4 --bank-steps 0 \
		--asked 0.5 --caption 0.3
	@$(RUN) train.average --models runs/model-stage2 runs/model-asked --out runs/model-mean
	@$(RUN) $(STAGE2) --init runs/model-mean --out runs/model --steps 1500 --lr 8e-4 --bank-steps 0 \
		--asked 0.5 --caption 0.2

runs/clip-stage2/hemline.json: | data/wardrobe-train
	@test -d runs/clip-built || $(RUN) core.backbones.build $(TRAIN_ON) --out runs/clip-built \
		--kind clip --combiner combiner --grid 7 --layers 3 --vocab 3000
	@$(RUN) $(STAGE2) --init runs/clip-built --out runs/clip-stage2 --steps 800 --bank-steps 100 --asked 0

clean: ## remove the environment and the tools' caches; data and runs stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Brings only what is not there yet, and nothing where CLOSET_DIR names a copy.
photos: | $(VENV)/app
	@test "$(CLOSET_DIR)" != "$(OWN_CLOSET)" || $(BIN)/python -m core.datasets.closet fetch --out "$(OWN_CLOSET)"

# The stamps say what the environment holds; they are older than the pins when those change.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Hemline needs Python" \
		"3.11 or newer as $(PYTHON); name another with PYTHON=python3.11" >&2; exit 2; }
	@echo "make: setting up $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/app: requirements.txt constraints.txt | $(VENV)/made
	@echo "make: installing the pinned packages (once, some minutes)" >&2
	@$(PIP) --requirement requirements.txt && touch $@

$(VENV)/tests: tests/requirements.txt constraints.txt | $(VENV)/app
	@$(PIP) --requirement tests/requirements.txt && touch $@
