# SPDX-License-Identifier: BSD-2-Clause
# Short names for what meson does. `make` builds, `make demo` shows, `make check` tests.
PYTHON = /usr/bin/python3
PEERS = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/timecast/peers
SECONDS = 60
SEEDS = 10

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	@tools/install-deps.sh --ask build
	@meson setup build

demo:
	@tools/install-deps.sh build demo
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tests/net/demo.py --build build

# Hosts that find their servers across real routers; one server dies.
demo-manycast:
	@tools/install-deps.sh build demo
	@tools/fetch-peers.sh $(PEERS) smcroute
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tests/net/demo_manycast.py --build build

# Last line: N passed, N failed.
check:
	@tools/install-deps.sh check
	@tools/fetch-peers.sh $(PEERS)
	@$(PYTHON) tools/check.py

# The slow ones, too.
check-full:
	@tools/install-deps.sh check vm
	@tools/fetch-peers.sh $(PEERS)
	@tools/fetch-guest.sh $(dir $(PEERS))
	@$(PYTHON) tools/check.py --full

# A real kernel's clock is steered, in an emulated guest.
check-vm:
	@tools/install-deps.sh build demo vm
	@tools/fetch-guest.sh $(dir $(PEERS))
	@$(PYTHON) tools/check.py --suite vm

# The goals of accuracy, filled in: docs/accuracy-table.md and docs/accuracy.svg.
bench-accuracy: all
	@ninja -C build bench/limit
	@$(PYTHON) bench/accuracy.py --build build --seeds $(SEEDS)

# Speed of the command line, and what work at it costs those who ask for the time.
bench: all
	@ninja -C build bench/cli_bench
	@cd build && bench/cli_bench
	@$(PYTHON) bench/desk_delay.py --build build

# Every published attack, mounted; one line each.
attacks: all
	@ninja -C build tests/net/flood
	@$(PYTHON) tests/net/attacks.py --build build

# Fifteen daemons under attack and churn for as long as one likes: memory, verdicts, error bounds.
soak: all
	@tools/fetch-peers.sh $(PEERS) smcroute
	@ninja -C build tests/net/flood tests/net/badlink
	@$(PYTHON) tests/net/soak.py --build build --seconds $(SECONDS)

# Two hosts on a cable, to type into.
try:
	@tools/install-deps.sh try
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tests/net/tabletop.py --build build

fuzz:
	@tools/install-deps.sh fuzz
	@tools/fuzz.sh $(SECONDS)

clean:
	rm -rf build build-asan build-clang build-fuzz build-fuzz-fast

.PHONY: attacks all demo demo-manycast bench bench-accuracy try check check-vm check-full fuzz soak clean
