# The two commands that a fresh machine needs are `make run` and `make test`; `make help` lists all.

WEB_BUILT := web/widget/dist/widget.js
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

# The programs that tests start, with the features of the whole workspace and its tests. Those of one crate alone, or
# without a test, are others, so that most crates would be compiled once more.
PROGRAMS := cargo build --workspace --bin encke --bin encke-example-bot --bin crash --bin cluster --test wire
# Many tests wait for a time to pass, so twice as many run at once as a small machine has cores.
TESTS_AT_ONCE := RUST_TEST_THREADS=4 INSTA_UPDATE=no

.PHONY: help run dev check build reference wire fuzz api-test test lint bench sim crash-test cluster-test e2e tools clean

help:
	@echo 'make run           build, start with a demo on ./encke-data, print how to sign in'
	@echo 'make dev           the real server, and the web pages at http://localhost:5173: a change shows at once'
	@echo 'make check         what a change must pass before a commit: what changed, in a minute'
	@echo 'make build         the release binary, target/release/encke'
	@echo 'make test          everything that CI runs'
	@echo 'make reference     the pages of docs/reference, out of the source'
	@echo 'make wire          the description of the API and the types of the SDK, out of the source'
	@echo 'make api-test      a real server attacked by its own description, as each role: the long run'
	@echo 'make lint          formatting, clippy, licences, type checks'
	@echo 'make crash-test    the long crash test: 60 kills, and 60 on a late disk that loses its power'
	@echo 'make cluster-test  the long test of several nodes: all that can fail between them, as root'
	@echo 'make sim           simulated clusters, one a seed: SEEDS=5000'
	@echo 'make fuzz          inputs made by chance for all that reads bytes: FUZZ_S=60 for each reader'
	@echo 'make bench         the figures of docs/performance.md'

run: build
	target/release/encke serve --demo

# `scripts/dev --classic=true …` hands options on to the server.
dev: web/node_modules
	@scripts/dev

check: web/node_modules
	@scripts/check

build: $(WEB_BUILT)
	cargo build --release --bin encke

reference:
	cargo run -q --bin encke -- docs --write docs/reference

wire: reference web/node_modules
	cd web && npm run wire

api-test: $(WEB_BUILT)
	@scripts/tools api-test
	$(PROGRAMS)
	scripts/schemathesis --long

tools:
	@scripts/tools build

web/node_modules: web/package.json web/package-lock.json
	@scripts/tools build
	cd web && npm ci --no-progress
	@touch web/node_modules

$(WEB_BUILT): web/node_modules $(WEB_SOURCES)
	cd web && npm run build -w chat -w desk -w widget -w components
	@touch $(WEB_BUILT)

lint: $(WEB_BUILT)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	scripts/licences
	cd web && npm run lint

test: lint
	@scripts/tools test
	$(TESTS_AT_ONCE) cargo test --workspace --no-fail-fast
	$(TESTS_AT_ONCE) ENCKE_TEST_STORE=postgres cargo test --workspace --test wire --no-fail-fast -- --skip cluster
	cd web && npm run test
	@scripts/tools api-test
	$(PROGRAMS)
	cd clients/python && python3 -m unittest -q
	scripts/schemathesis
	$(MAKE) e2e
	$(MAKE) crash-test KILLS=6
	$(MAKE) cluster-test ROUNDS=1 FAULT_S=3 CALM_S=1

e2e: $(WEB_BUILT)
	@scripts/tools test
	$(PROGRAMS)
	cd web && npm run e2e -w e2e

SEEDS ?= 5000
sim:
	cargo run -q --release -p encke-sim -- --seeds $(SEEDS)

FUZZ_S ?= 60
fuzz:
	ENCKE_FUZZ_S=$(FUZZ_S) cargo test -q -p encke-engine -p encke-transport -p encke-gateway -p encke-talk -p encke-desk -p encke-letter --lib -- fuzz_ --test-threads=2

KILLS ?= 60
CRASH := target/debug/crash --server target/debug/encke
LYING := target/debug/lying-disk.log
# The last run has a fault planted, acknowledged messages that are lost, and must end with 3 for that.
crash-test: $(WEB_BUILT)
	$(PROGRAMS)
	cargo build -p encke-late-disk
	$(CRASH) --kills $(KILLS)
	$(CRASH) --kills $(KILLS) --disk late
	$(CRASH) --kills 1 --seed 1 --disk lying --life-ms-min 1000 > $(LYING); \
	test $$? -eq 3 || { cat $(LYING); echo 'a disk that lies was not found'; false; }

ROUNDS ?= 5
FAULT_S ?= 10
CALM_S ?= 4
cluster-test: $(WEB_BUILT)
	@scripts/tools test
	$(PROGRAMS)
	target/debug/cluster --rounds $(ROUNDS) --fault-s $(FAULT_S) --calm-s $(CALM_S) --server target/debug/encke

bench: build
	benches/run
	benches/messages
	benches/desk
	benches/screen

clean:
	cargo clean
	rm -rf web/node_modules web/*/dist
