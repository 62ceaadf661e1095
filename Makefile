# tare: `make` alone shows the targets. Everything that needs Node runs with the one that the set-up chose.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Passed on to tare, e.g. make bench ARGS='--runners native,runc'.
ARGS ?=
# Whether the set-up may upgrade packages that are in use: refuse or allow.
UPGRADES ?= refuse
export TARE_UPGRADES := $(UPGRADES)

SETUP := bench/setup/setup.sh
NODE := bench/setup/with-node node
TARE := $(NODE) bench/main.ts
STAGES := $(NODE) test/helpers/summary/main.ts

# The tests ask for everything: a missing runner is a failure there, not a warning.
test test-integration test-browser test-slow test-kvm test-kvm-full: export TARE_REQUIRE_ALL := 1

.PHONY: agree agree-density agree-throughput scale help setup bench image doctor down clean test test-unit test-integration test-browser test-slow test-kvm test-kvm-full test-stats stats-tables lint types format format-check

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	  || sed -nE 's/^([a-z-]+):.*## (.*)/  make \1: \2/p' $(MAKEFILE_LIST)
	@echo
	@echo 'Examples, as root:'
	@echo '  make bench                                  set up, measure, show the table'
	@echo "  make bench ARGS='--runners native,runc'     only these"
	@echo "  make bench ARGS='--profile standard'        the last --profile wins"
	@echo '  make down                                   stop what the set-up started'

setup: ## everything that this machine needs: packages, Node, docker and libvirt running (root)
	@$(SETUP) run

bench: setup ## set up, build the image once, then measure with the profile quick (root)
	@$(TARE) image build
	@$(TARE) run --profile quick $(ARGS)

image: setup ## set up and build the image (root)
	@$(TARE) image build $(ARGS)

doctor: ## what this machine can run, and what to do about the rest
	@$(SETUP) node
	@$(TARE) doctor $(ARGS)

down: ## stop the services that the set-up started, and no other (root)
	@bench/setup/down.sh

clean: ## remove what dead runs left on this machine (root)
	@$(SETUP) node
	@$(TARE) clean $(ARGS)

test: ## set up, then every check and every test (root)
	@$(SETUP) test
	@$(STAGES) image kvm lint types format unit stats browser integration

test-unit: ## the tests that start nothing
	@$(SETUP) node
	@$(STAGES) unit

test-integration: ## the tests on real software (root)
	@$(SETUP) test
	@$(STAGES) image integration

test-slow: ## the tests of whole systems in full: minutes for each where they are emulated (root)
	@$(SETUP) test
	@$(STAGES) image slow

test-kvm: ## KVM and cgroup v2 for real, in an emulated host with systemd: 10 to 30 minutes by the machine (root)
	@$(SETUP) test
	@$(STAGES) image kvm

test-kvm-full: ## the same with whole systems and every runner: from half an hour to hours (root)
	@$(SETUP) test
	@$(STAGES) image kvm-full

test-stats: ## what the statistics are worth, by simulation, and docs/statistics.md against it: minutes
	@$(SETUP) node
	@$(STAGES) stats-full

stats-tables: ## make the tables of docs/statistics.md anew: minutes
	@$(SETUP) node
	@$(NODE) test/stats/write.ts

test-browser: ## the tests of the report in a browser (root)
	@$(SETUP) test
	@$(STAGES) browser

agree: ## hyperfine on the launch commands of runc and docker, in turns with tare (root)
	@$(SETUP) test
	@$(TARE) image build
	@$(NODE) test/agreement/startup.ts $(ARGS)

agree-density: ## free before and after a shell loop of docker run, in turns with tare's ramps (root)
	@$(SETUP) test
	@$(TARE) image build
	@$(NODE) test/agreement/density.ts $(ARGS)

scale: ## one large ramp for real, e.g. ARGS='runc 1100': minutes, and most of the memory (root)
	@$(SETUP) test
	@$(TARE) image build
	@$(NODE) test/scale/density.ts $(ARGS)

agree-throughput: ## the programs of throughput by hand under docker, in turns with tare (root)
	@$(SETUP) test
	@$(TARE) image build
	@$(NODE) test/agreement/throughput.ts $(ARGS)

lint: ## oxlint with the import rules, and shellcheck
	@$(SETUP) node
	@$(STAGES) lint

types: ## the type checker
	@$(SETUP) node
	@$(STAGES) types

format: ## format every file
	@$(SETUP) node
	@bench/setup/with-node biome format --write

format-check: ## whether every file is formatted
	@$(SETUP) node
	@$(STAGES) format
