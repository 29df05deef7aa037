# Evently. `make start` and `make test` are all a new machine needs; `make help` lists the rest.
NODE := node_modules/.bin/node
VITEST := $(NODE) node_modules/vitest/vitest.mjs

.PHONY: help install types test bench
help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: node_modules/.installed ## install what package-lock.json names
node_modules/.installed: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

types: install ## check the types
	$(NODE) node_modules/typescript/bin/tsc -p .

test: install ## all tests that need nothing but Node and npm
	$(VITEST) run

bench: install ## reserve at 5,000 arrivals per second on one event, with a platform of its own
	$(NODE) bench/reserve.ts
