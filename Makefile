# The tasks of this repository. `make help` lists them.

SWIFT ?= swift
# Flags of every build, so that all steps share one build. CI adds its checks here.
SWIFT_FLAGS ?=
# Further flags of `make test`.
TEST_FLAGS ?=
PYTHON ?= python3

VENV := .build/venv
PYTHON_TOOLS := $(VENV)/bin/python3
SOURCES := find Sources Tests Package.swift -name '*.swift' ! -name '*.pb.swift'

# The tests that run at the same time. More of them would wait for each other on a slow machine until clients give up.
# Toolchains that do not know the variable ignore it.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 12

# install
PREFIX ?= /usr/local
DESTDIR ?=
# simulate
SEEDS ?= 1000
# endure
CALLS ?= 100000
# fuzz
SECONDS ?= 600
# chaos
JOBS ?= 2000
WORKERS ?= 3
KILLS ?= 12
SEED ?= 1
# soak
MINUTES ?= 30
# Further arguments of simulate, chaos, soak, bench and profile, passed through unchanged.
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup build release test demo bench profile bench-stores simulate chaos soak endure fuzz lint format check-schemas check-api check-dashboard check-deploy check-librdkafka bench-download check-download docs documents pictures install clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install librdkafka and pkg-config where they are missing (apt or Homebrew).
	@.ci/setup

build: setup ## Build everything, tests included, for debugging.
	$(SWIFT) build --build-tests $(SWIFT_FLAGS)

release: setup ## Build the optimized payout-worker; prints where it is.
	$(SWIFT) build -c release --product payout-worker $(SWIFT_FLAGS)
	@echo "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker"

install: release ## Build the optimized payout-worker and install it into PREFIX/bin.
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" "$(DESTDIR)$(PREFIX)/bin/"

test: build $(VENV)/ready ## Run all tests. Set KAFKA_BOOTSTRAP_SERVERS to run those that need a real broker too.
	@.ci/setup --optional kcat
	$(SWIFT) test --skip-build $(SWIFT_FLAGS) $(TEST_FLAGS)

demo: setup ## Run broker, API and worker in one process; nothing else is needed.
	$(SWIFT) run $(SWIFT_FLAGS) payout-worker demo

bench: release $(VENV)/ready ## Measure throughput, CPU, instructions, memory, latency, restore and scale, beside a Go and a Python worker; a table, and plots in report/. ARGS="--only whole,latency --strict".
	@.ci/setup --go
	@.ci/setup --optional valgrind
	$(SWIFT) build -c release --product bench $(SWIFT_FLAGS)
	@$(PYTHON_TOOLS) Tests/Benchmarks/bench.py --bin "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))" $(ARGS)

profile: release $(VENV)/ready ## Sample the whole worker with perf; prints its processor time by part. ARGS="--functions 15".
	@.ci/setup --go
	@.ci/setup --optional perf:linux-perf
	@$(PYTHON_TOOLS) Tests/Benchmarks/profile_worker.py --bin "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))" $(ARGS)

bench-download: release ## Measure throughput and memory of a 2 GiB download, compared with curl. Needs 5 GiB in TMPDIR.
	@$(PYTHON) Tests/Benchmarks/download.py \
		--worker "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" $(ARGS)

bench-stores: setup $(VENV)/ready ## Upload 2 GiB to each file store, compared with aws s3 cp; prints a table.
	$(SWIFT) build -c release --product bench-stores $(SWIFT_FLAGS)
	@$(PYTHON_TOOLS) Tests/StoreBenchmarks/stores.py \
		--bin "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))" $(ARGS)

simulate: setup ## Simulate SEEDS fleets through 24 hours of faults; a failing seed prints how to replay it.
	$(SWIFT) run -c release $(SWIFT_FLAGS) simulate --seeds $(SEEDS) $(ARGS)

endure: setup ## Make CALLS calls of the API client against a sandbox that fails a fifth of them; compare with its journal.
	$(SWIFT) run -c release $(SWIFT_FLAGS) endure --calls $(CALLS) $(ARGS)

fuzz: build ## Parse generated filters, responses, URLs and tokens, SECONDS= for each; prints what it found.
	FUZZ_SECONDS=$(SECONDS) $(SWIFT) test --skip-build $(SWIFT_FLAGS) --filter 'PayoutAPITests.FuzzTests/mutatedInputsCauseNoProblem'

chaos: release $(VENV)/ready ## Kill and freeze real workers, inject broker faults: JOBS= WORKERS= KILLS= SEED=, KAFKA_BOOTSTRAP_SERVERS for a real broker.
	$(PYTHON_TOOLS) Tests/Chaos/chaos.py \
		--binary "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		--jobs $(JOBS) --workers $(WORKERS) --kills $(KILLS) --seed $(SEED) $(ARGS)

soak: release $(VENV)/ready ## Run steady load and rolling restarts for MINUTES=; fails when memory or handles grow.
	$(PYTHON_TOOLS) Tests/Chaos/soak.py \
		--binary "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		--minutes $(MINUTES) $(ARGS)

lint: $(VENV)/ready ## Check format and terms, links, unused names in Swift and Python, manifests, and the dashboard's files.
	@$(SOURCES) -print0 | xargs -0 $(SWIFT) format lint --strict --parallel
	@$(PYTHON_TOOLS) -m pyflakes .ci deploy schemas Tests deploy/sbom .ci/check-language .ci/check-unused .ci/check-links .ci/guides-catalog
	@$(PYTHON) .ci/check-unused
	@$(PYTHON) .ci/check-language
	@$(PYTHON) .ci/check-links
	@.ci/check-manifests $(PYTHON)
	@$(PYTHON_TOOLS) Tests/Dashboard/page_files.py
	@$(PYTHON_TOOLS) Tests/Dashboard/page_files_test.py --quiet
	@$(PYTHON_TOOLS) Tests/Benchmarks/attribution_test.py --quiet

format: ## Format all Swift files.
	@$(SOURCES) -print0 | xargs -0 $(SWIFT) format --in-place --parallel

check-schemas: $(VENV)/ready ## Check the schemas against the golden samples of every record version.
	$(PYTHON_TOOLS) schemas/check.py

check-api: build $(VENV)/ready ## Check the sandbox against the API's OpenAPI description.
	@.ci/check-api "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" $(PYTHON_TOOLS)

check-dashboard: build $(VENV)/ready ## Check the dashboard in a headless Chromium; screenshots go to .build/screenshots.
	@.ci/setup --optional chromium
	@$(PYTHON_TOOLS) Tests/Dashboard/dashboard.py \
		--binary "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" $(ARGS) || [ $$? -eq 77 ]

check-deploy: build $(VENV)/ready ## Check image, compose file, chart, unit, alerts and guides with the installed tools.
	@.ci/check-deploy $(PYTHON_TOOLS) "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker"

check-download: build ## Check that a large download takes little memory.
	@$(PYTHON) Tests/Benchmarks/download.py --memory-only --size 256 --rounds 1 \
		--worker "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker"

check-librdkafka: build $(VENV)/ready ## Run the tests that use Kafka with the newest librdkafka instead of the system's.
	@SWIFT="$(SWIFT)" .ci/check-librdkafka $(PYTHON_TOOLS) \
		"$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-export-workerPackageTests.xctest" $(SWIFT_FLAGS) $(TEST_FLAGS)

documents: build ## Write the generated documents again: settings, commands, fields, metrics, log events.
	UPDATE_DOCUMENTS=1 $(SWIFT) test --skip-build $(SWIFT_FLAGS) \
		--filter 'ConfigurationPageTests|CommandsPageTests|RecordsPageTests|FilesPageTests|MetricsDocumentTests|LogEventsTests'

pictures: build $(VENV)/ready ## Take the README's pictures of the demo and, in a headless Chromium, of the dashboard again.
	@.ci/setup --optional chromium
	@$(PYTHON_TOOLS) Tests/Dashboard/picture.py \
		--binary "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		Sources/payout-worker/payout-worker.docc/Resources/dashboard.png
	@$(PYTHON_TOOLS) Tests/Dashboard/recording.py \
		--binary "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		Sources/payout-worker/payout-worker.docc/Resources/demo.svg

docs: build ## Build the guides and the documentation of libraries and engine into .build/docs; fails on a broken link.
	@.ci/check-docs "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))" .build/docs

clean: ## Remove all build products.
	rm -rf .build

# The Python packages of the checks and examples, in a folder of their own. Without Python or PyPI the
# tests that need them are skipped, by name.
$(VENV)/ready: .ci/requirements.txt
	@.ci/setup --venv $(VENV) $(PYTHON)
