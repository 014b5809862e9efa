# Development tasks. Each target reports and installs what it needs.

CARGO ?= cargo
# rustup's folder, for shells that have not loaded it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
TASKER := target/debug/tasker
RELEASE := target/release/tasker

.PHONY: help setup aws-tools demo dev test test-aws lint bench bench-curves bench-doors bench-search bench-peers bench-aws cost fuzz clients

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: ## Install what is missing: Rust, its WASM target, a C compiler, PostgreSQL
	@scripts/setup.sh

aws-tools: ## Install an emulator of AWS, SAM's command line and Terraform, for tests
	@scripts/aws-tools.sh

demo: setup ## Run real orders through the order-fulfilment workflow
	@scripts/demo.sh

dev: setup ## Run the order-fulfilment project and rebuild on change
	$(CARGO) build --locked -p tasker-cli --no-default-features
	cd examples/order-fulfillment && ../../$(TASKER) dev

test: setup aws-tools ## Run every test
	@scripts/ruby.sh
	@scripts/promtool.sh
	@scripts/build-functions.sh here
	$(CARGO) test --locked --workspace --no-fail-fast
	cd examples/order-fulfillment && $(CARGO) test --workspace
	cd examples/benchmark-shapes && $(CARGO) test --workspace
	cd examples/csv-import && $(CARGO) test --workspace
	@scripts/test-handlers.sh
	@scripts/test-clients.sh
	@scripts/test-handlers-python.sh
	@scripts/test-handlers-go.sh
	@scripts/test-handlers-ruby.sh
	@scripts/test-polyglot.sh
	@scripts/test-console.sh

clients: ## Generate the clients in clients/ from api/openapi.json
	@scripts/clients.sh

test-aws: setup aws-tools ## Run the tests of the deployment on AWS, on an emulator
	@scripts/build-functions.sh here
	$(CARGO) test --locked -p tasker-aws-tests
	$(CARGO) test --locked -p tasker-transport --all-features

lint: setup aws-tools ## Check formatting, lints, dependencies
	@scripts/lint.sh

bench: setup ## Measure the whole system and the host, in release build
	$(CARGO) build --locked --release -p tasker-cli -p tasker-bench -p tasker-runtime-host --bins --example invoke --example plain
	$(CARGO) build --locked --release -p tasker-merge-modules --example merge
	target/release/tasker-bench $(RELEASE) examples/benchmark-shapes bench-results/latest.json
	@scripts/bench-host.sh

bench-curves: setup ## Measure how that changes with load, size and history: 15 minutes
	$(CARGO) build --locked --release -p tasker-cli -p tasker-bench --bins
	target/release/tasker-bench $(RELEASE) examples/benchmark-shapes bench-results/curves.json curves
	@[ -z "$(UPDATE_DOCS)" ] || target/release/tasker-bench page bench-results/curves.json docs/performance.md

bench-doors: setup ## Measure what authentication and listeners cost: fifteen minutes
	$(CARGO) build --locked --release -p tasker-cli -p tasker-bench --bins
	target/release/tasker-bench $(RELEASE) examples/benchmark-shapes bench-results/doors.json doors

bench-search: setup ## Measure how long tasks take to find among a million: five minutes
	$(CARGO) build --locked --release -p tasker-cli -p tasker-bench --bins
	target/release/tasker-bench $(RELEASE) examples/benchmark-shapes bench-results/search.json search

bench-peers: setup ## Measure Restate, DBOS and Absurd beside Tasker, in release build
	$(CARGO) build --locked --release -p tasker-cli -p tasker-bench --bins
	bench/peers/run.py target/release bench-results

bench-aws: setup ## Measure the Lambda functions against an emulator of AWS
	@scripts/bench-aws.sh

fuzz: setup ## Fuzz every parser that outsiders reach, ten minutes each
	@scripts/fuzz.sh

cost: setup ## Print what a step costs on AWS, and what saturates first
	@$(CARGO) run --quiet --locked --release -p tasker-bench --bin cost
