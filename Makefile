# `make` alone explains. Everything lives in .venv; programs fetch nothing once `make setup` is done.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := contracts libs/kit libs/verify services/ingest services/detect services/plates services/tickets services/access deploy/local
# What mypy reads besides the members' sources.
TYPED := tests
# Training needs torch, which this environment lacks: what derives from it has no types here.
TRAINING := services/*/training
# Packages come from the index only as pins/packages.lock has them, members never.
PINNED := --no-sources --excludes pins/members.txt
PINNED_BUILD := --no-sources --require-build-hashes --build-constraints pins/packages.lock \
	--preview-features build-dependency-hashes
COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform x86_64-unknown-linux-gnu \
	--generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make pins" $(if $(UPGRADE),--upgrade)
# Most tests wait for other processes: three at a time keep two cores busy.
PROCESSES ?= 3
ENGINE_TESTS ?= tests/e2e tests/integration tests/deploy
ONCE ?=
SHORT ?=
SEED ?= 1
OUT ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format types lint bench easyocr verapdf test-engines generate pins clean

help: ## explain these commands
	@echo "Payesh: cameras in, citations that stand up out."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv: pins/installer.lock
	@command -v $(PYTHON) >/dev/null || { echo "Payesh needs Python 3.11: install it, or name it with PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r pins/installer.lock
	@touch $@

$(VENV)/.ready: $(BIN)/uv pins/packages.lock pins/members.txt pyproject.toml $(MEMBERS:%=%/pyproject.toml)
	@echo "setting up .venv: about 1.5 GB"
	@$(BIN)/uv pip install --python $(BIN)/python $(PINNED) --require-hashes -c pins/packages.lock \
		--group dev $(MEMBERS:%=-r %/pyproject.toml)
	@$(BIN)/uv pip install --python $(BIN)/python $(PINNED_BUILD) --no-deps $(MEMBERS:%=-e ./%)
	@touch $@

setup: $(VENV)/.ready ## make the environment in .venv (Python 3.11 and the package index are enough)

demo: setup ## a street and a junction, from live cameras to the officer's queue (ONCE=1 ends by itself, SHORT=1 short films, SEED=n other traffic, OUT=folder keeps evidence)
	@$(BIN)/payesh-local demo $(if $(ONCE),--once) $(if $(SHORT),--short) --seed $(SEED) $(if $(OUT),--out $(OUT))

test: setup ## every test that needs nothing but this environment and the package index
	@$(BIN)/python -m pytest --numprocesses $(PROCESSES) --no-loadscope-reorder

check: lint ## before each commit: lint, types, unit and contract tests, in a minute
	@$(BIN)/python -m pytest --quiet --numprocesses 2 --no-loadscope-reorder -m "not slow" \
		tests/unit tests/contract

format: setup ## let ruff sort imports, fix what it can and format every file
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: setup ## mypy --strict
	@$(BIN)/mypy $(MEMBERS:%=%/src) $(TYPED)
	@$(BIN)/mypy --cache-dir .mypy_cache/training --allow-subclassing-any --allow-untyped-decorators \
		--disable-error-code no-any-return $(TRAINING)

lint: types ## ruff, mypy --strict and the checks of generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m tests.support.generated --check

generate: setup ## write the generated files again (OpenAPI, topics, settings reference)
	@$(BIN)/python -m tests.support.generated

bench: setup ## measure; prints one JSON object
	@$(BIN)/python -m tests.load.bench

easyocr: setup ## add EasyOCR, the second reader of plates, whose tests are skipped without it (6 GB)
	@$(BIN)/uv pip install --python $(BIN)/python $(PINNED) --require-hashes -c pins/packages.lock \
		-r services/plates/pyproject.toml --extra easyocr

verapdf: ## fetch the validator of PDF/A and PDF/UA, whose tests are skipped without it (needs Java and Maven)
	@mvn -q -f tests/support/verapdf/pom.xml dependency:copy-dependencies \
		-DoutputDirectory=$(HOME)/.cache/payesh/verapdf

test-engines: setup ## the integration and fault suite against Apache Kafka and MinIO (needs Java, Maven and Go)
	-@$(BIN)/payesh-local build-engines
	@PAYESH_TEST_ENGINES=production $(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder \
		$(ENGINE_TESTS)

pins: $(BIN)/uv ## write pins/*.lock for what each pyproject.toml asks for (UPGRADE=1 takes newer versions)
	@echo uv | $(COMPILE) - --output-file pins/installer.lock
	@$(COMPILE) $(PINNED) --all-extras --group dev --group build $(MEMBERS:%=%/pyproject.toml) \
		--output-file pins/packages.lock

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
