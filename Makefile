# The commands of this project; `make` alone lists them. The work is done by the scripts in tools/.

.DEFAULT_GOAL := help
.NOTPARALLEL:
PORT ?= 8000
FUZZ_SECONDS ?= 30

.PHONY: help demo demo-stop build test unit integration lint tsan fuzz bench format clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  make demo PORT=8001     another port        make demo ONCE=1        stop it at the end"

demo: ## Set up, build, index the sample documents, serve them, ask twice
	@tools/demo.sh --port $(PORT) $(if $(filter 1,$(ONCE)),--once)

demo-stop: ## Stop the server that `make demo` left running
	@tools/demo.sh --stop

build: ## Set up and build liquid, liquid-train (build/release/src/cli) and libliquid_tracking
	@tools/setup.sh && tools/setup.sh torch
	@bash -c 'source tools/common.sh && build release liquid liquid_tracking_library'

test: ## Set up, build, run every test (what CI runs)
	@tools/test.sh all

unit: ## Only the unit tests, with AddressSanitizer and UBSan
	@tools/test.sh unit

integration: ## Only the tests against the release program
	@tools/test.sh integration

lint: ## Format, clang-tidy, headers alone, direction of includes, sizes and names
	@tools/lint.sh

format: ## Format every C++ file in place
	@tools/setup.sh
	@.deps/venv/bin/python tools/check_format.py --write

tsan: ## Unit and concurrency tests under ThreadSanitizer
	@tools/test.sh tsan

fuzz: ## Fuzz every target for FUZZ_SECONDS (30) each, with clang
	@tools/fuzz.sh $(FUZZ_SECONDS)

bench: ## Measure against the rivals; figures and method: bench/README.md
	@bench/run.sh

clean: ## Remove what was built (keeps .deps/)
	rm -rf build .liquid
