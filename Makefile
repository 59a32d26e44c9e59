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
# fuzz, for each target
SECONDS ?= 60
# chaos
JOBS ?= 2000
WORKERS ?= 3
KILLS ?= 12
SEED ?= 1
# soak
MINUTES ?= 30
# Further arguments of simulate, chaos, soak, bench and profile, passed through unchanged.
ARGS ?=

FUZZ_FLAGS = --scratch-path .build-fuzz $(SWIFT_FLAGS)
COVERAGE_FLAGS = --scratch-path .build-coverage $(SWIFT_FLAGS)

.DEFAULT_GOAL := help
.PHONY: help setup build release test demo bench profile bench-stores simulate chaos soak endure fuzz sanitize-address sanitize-thread coverage nightly lint format check-schemas check-api check-dashboard check-terminal check-deploy check-librdkafka bench-download check-download docs documents pictures install clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install librdkafka and pkg-config if missing (apt, brew).
	@.ci/setup

# SwiftPM reuses the plan of `swift run` (make demo), which contains other packages' programs too: protoc is 400 files of C++.
build: setup ## Build everything, tests included, for debugging.
	@! grep -qs '^  "test":.*<protoc-' .build/debug.yaml || rm .build/debug.yaml
	$(SWIFT) build --build-tests $(SWIFT_FLAGS)

release: setup ## Build the optimized payout-worker; print where it is.
	$(SWIFT) build -c release --product payout-worker $(SWIFT_FLAGS)
	@echo "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker"

install: release ## Install the optimized payout-worker into PREFIX/bin.
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" "$(DESTDIR)$(PREFIX)/bin/"

# KAFKA_BOOTSTRAP_SERVERS names a real broker.
test: build $(VENV)/ready ## Run all tests; on a real broker too if it is named.
	@.ci/setup --optional kcat jq curl
	$(SWIFT) test --skip-build $(SWIFT_FLAGS) $(TEST_FLAGS)

demo: setup ## Run broker, API and worker in one process, with 20 jobs.
	@[ -e .build/debug/payout-worker ] || echo "The first build takes about 8 minutes on two cores."
	$(SWIFT) run $(SWIFT_FLAGS) payout-worker demo

# Throughput, CPU, instructions, memory, latency, restore and scale: a table, and plots in report/.
# ARGS="--only whole,latency --strict".
bench: release $(VENV)/ready ## Measure the worker, beside one in Go and in Python.
	@.ci/setup --go
	@.ci/setup --optional valgrind
	$(SWIFT) build -c release --product bench $(SWIFT_FLAGS)
	@$(PYTHON_TOOLS) Tests/Benchmarks/bench.py --bin "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))" $(ARGS)

# ARGS="--functions 15".
profile: release $(VENV)/ready ## Print the worker's processor time by part, by perf.
	@.ci/setup --go
	@.ci/setup --optional perf:linux-perf
	@$(PYTHON_TOOLS) Tests/Benchmarks/profile_worker.py --bin "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))" $(ARGS)

# Needs 5 GiB in TMPDIR.
bench-download: release ## Measure a download of 2 GiB, compared with curl.
	@$(PYTHON) Tests/Benchmarks/download.py \
		--worker "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" $(ARGS)

bench-stores: setup $(VENV)/ready ## Measure uploads of 2 GiB, compared with aws s3 cp.
	$(SWIFT) build -c release --product bench-stores $(SWIFT_FLAGS)
	@$(PYTHON_TOOLS) Tests/StoreBenchmarks/stores.py \
		--bin "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))" $(ARGS)

# A failing seed prints how to replay it. Continues the run in report/.
simulate: setup ## Simulate SEEDS= fleets through 24 hours of faults.
	$(SWIFT) run -c release $(SWIFT_FLAGS) simulate --seeds $(SEEDS) \
		--report report --revision "$$(git describe --always --dirty 2>/dev/null)" $(ARGS)

# The sandbox fails a fifth of the calls; its journal is compared.
endure: setup ## Make CALLS= calls of the API client to a faulty sandbox.
	$(SWIFT) run -c release $(SWIFT_FLAGS) endure --calls $(CALLS) $(ARGS)

# The report is in report/fuzz. ARGS="--only jobs".
fuzz: setup ## Run the parsers with libFuzzer, SECONDS= for each.
	FUZZING=1 $(SWIFT) build -c release --product fuzz $(FUZZ_FLAGS)
	@$(PYTHON) Tests/Fuzzing/fuzz.py --seconds $(SECONDS) \
		--program "$$(FUZZING=1 $(SWIFT) build -c release --show-bin-path $(FUZZ_FLAGS))/fuzz" $(ARGS)

# ARGS="--filter JobDecoder".
sanitize-address: setup $(VENV)/ready ## Run all tests with address sanitizer.
	@SWIFT="$(SWIFT)" SWIFT_FLAGS="$(SWIFT_FLAGS)" .ci/sanitize address $(ARGS)

sanitize-thread: setup $(VENV)/ready ## Run tests with thread sanitizer.
	@SWIFT="$(SWIFT)" SWIFT_FLAGS="$(SWIFT_FLAGS)" .ci/sanitize thread $(ARGS)

# Sanitizers, coverage, long simulation, fuzzing, chaos, soak, budgets. Continues where it was stopped.
nightly: ## Run what does not fit into CI.
	@.ci/nightly $(ARGS)

coverage: setup $(VENV)/ready ## Print executed lines by folder, least covered files.
	$(SWIFT) test --enable-code-coverage $(COVERAGE_FLAGS) $(TEST_FLAGS)
	@.ci/coverage "$$($(SWIFT) test --show-codecov-path $(COVERAGE_FLAGS))" report/coverage.json

# JOBS= WORKERS= KILLS= SEED=; KAFKA_BOOTSTRAP_SERVERS names a real broker.
chaos: release $(VENV)/ready ## Kill and freeze real workers, with faults of the broker.
	$(PYTHON_TOOLS) Tests/Chaos/rounds.py \
		--binary "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		--jobs $(JOBS) --workers $(WORKERS) --kills $(KILLS) --seed $(SEED) $(ARGS)

# Fails when memory or handles grow.
soak: release $(VENV)/ready ## Run steady load and rolling restarts for MINUTES=.
	$(PYTHON_TOOLS) Tests/Chaos/soak.py \
		--binary "$$($(SWIFT) build -c release --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		--minutes $(MINUTES) $(ARGS)

lint: $(VENV)/ready ## Check format, terms, links, unused names and manifests.
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

check-schemas: $(VENV)/ready ## Check the schemas against the golden samples.
	$(PYTHON_TOOLS) schemas/check.py

check-api: build $(VENV)/ready ## Check the sandbox against the API's OpenAPI description.
	@.ci/check-api "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" $(PYTHON_TOOLS)

# Screenshots go to .build/screenshots.
check-dashboard: build $(VENV)/ready ## Check the dashboard in a headless Chromium.
	@.ci/setup --optional chromium
	@$(PYTHON_TOOLS) Tests/Dashboard/dashboard.py \
		--binary "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" $(ARGS) || [ $$? -eq 77 ]

check-terminal: build $(VENV)/ready ## Run each command in 80 columns; compare the guides' output.
	@$(PYTHON_TOOLS) Tests/Terminal/terminal.py \
		--binary "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" $(ARGS)

check-deploy: build $(VENV)/ready ## Check image, chart, unit, alerts and guides.
	@.ci/check-deploy $(PYTHON_TOOLS) "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker"

check-download: build ## Check that a large download takes little memory.
	@$(PYTHON) Tests/Benchmarks/download.py --memory-only --size 256 --rounds 1 \
		--worker "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker"

check-librdkafka: build $(VENV)/ready ## Run the tests that use Kafka with the newest librdkafka.
	@SWIFT="$(SWIFT)" .ci/check-librdkafka $(PYTHON_TOOLS) \
		"$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-export-workerPackageTests.xctest" $(SWIFT_FLAGS) $(TEST_FLAGS)

# Settings, commands, fields, metrics, log events.
documents: build ## Write the generated documents again.
	UPDATE_DOCUMENTS=1 $(SWIFT) test --skip-build $(SWIFT_FLAGS) \
		--filter 'ConfigurationPageTests|CommandsPageTests|RecordsPageTests|FilesPageTests|MetricsDocumentTests|LogEventsTests'

# Of the demo, and of the dashboard in a headless Chromium.
pictures: build $(VENV)/ready ## Take the README's pictures again.
	@.ci/setup --optional chromium
	@$(PYTHON_TOOLS) Tests/Dashboard/picture.py \
		--binary "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		Sources/payout-worker/payout-worker.docc/Resources/dashboard.png
	@$(PYTHON_TOOLS) Tests/Dashboard/recording.py \
		--binary "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/payout-worker" \
		Sources/payout-worker/payout-worker.docc/Resources/demo.svg

# The guides and the libraries' and the engine's pages; fails on a broken link.
docs: build ## Build the documentation as a site into .build/docs.
	@.ci/check-docs "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))" .build/docs

clean: ## Remove all build products.
	rm -rf .build .build-*

# The Python packages of the checks and examples, in a folder of their own. Without Python or PyPI the
# tests that need them are skipped, by name.
$(VENV)/ready: .ci/requirements.txt
	@.ci/setup --venv $(VENV) $(PYTHON)
