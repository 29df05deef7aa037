# Evently. `make start` and `make test` are all a new machine needs; `make help` lists the rest.
NODE := node_modules/.bin/node
# Why each of them: docs/decisions/0019-flags-of-v8.md.
SERVER_FLAGS := --max-semi-space-size=32 --min-semi-space-size=32 --heap-growing-percent=30 --no-allocation-site-pretenuring
VITEST := $(NODE) node_modules/vitest/vitest.mjs
PRETTIER := $(NODE) node_modules/prettier/bin/prettier.cjs
# Further words for vitest, such as a reporter or the folder of the tests to run.
VITEST_FLAGS ?=
# Further words for bench/main.ts.
BENCH_FLAGS ?=

.PHONY: help install check types lint format format-check tidy unit test test-engines bench bench-all bench-smoke bench-floor
# A line that begins with ##@ is the heading of what follows it.
help: ## what can be made
	@awk '/^##@ / { print "\n" substr($$0, 5) } \
	  /^[a-z][a-z-]*:[^=].*## / { name = $$0; sub(/:.*/, "", name); sub(/^.*## /, ""); printf "  %-16s %s\n", name, $$0 }' $(MAKEFILE_LIST)

##@ Check
install: node_modules/.installed ## install what package-lock.json names
node_modules/.installed: package-lock.json
	@command -v npm >/dev/null && command -v node >/dev/null || { \
	  echo "Node.js with npm was not found. Install Node 20 or later (https://nodejs.org), then run this again." >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { \
	  echo "Node $$(node -v) is too old to install Evently. Install Node 20 or later (https://nodejs.org), then run this again." >&2; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@$(NODE) -e '' || { \
	  echo "The Node that Evently runs on was not installed: its install script did not run. Look at the messages of npm above, and whether ignore-scripts is set; then run this again." >&2; exit 1; }
	@touch $@

check: types lint format-check ## types, lint, format, tidy and unit tests: under a minute, nothing but Node and npm
	$(VITEST) run --project tidy --project unit $(VITEST_FLAGS)

types: install ## check the types
	$(NODE) node_modules/typescript/bin/tsc -p .

lint: install ## check the rules of .oxlintrc.json, those that need types included
	$(NODE) node_modules/oxlint/bin/oxlint

format: install ## lay all files out
	$(PRETTIER) --write --log-level warn .

format-check: install ## check the layout of all files
	$(PRETTIER) --check --log-level warn .

tidy: install ## check what a machine can keep of the house rules
	$(VITEST) run --project tidy $(VITEST_FLAGS)

unit: install ## tests that need no database
	$(VITEST) run --project unit $(VITEST_FLAGS)

test: install ## all tests that need nothing but Node and npm
	$(VITEST) run --project tidy --project unit --project database $(VITEST_FLAGS)

# The first run makes k6 with Go, in .engines. What is missing is named, and its tests are skipped; with CI set they fail.
# ENGINE_PROJECTS="engines kubernetes" leaves out what needs a real node.
test-engines: ENGINE_PROJECTS ?= engines kubernetes cluster
test-engines: install ## tests against other engines: the load scripts on a real k6, Redis, Kubernetes
	$(VITEST) run $(addprefix --project ,$(ENGINE_PROJECTS)) --reporter=verbose $(VITEST_FLAGS)

# It takes Linux, root, a few of Debian's packages and the scripts that EVENTLY_KUBE_TOOLS names; what is missing is said.
test-cluster: install ## the platform on a real node of Kubernetes: installed, sold out, killed, rotated, upgraded, removed
	$(VITEST) run --project cluster --reporter=verbose $(VITEST_FLAGS)
.PHONY: test-cluster

# KUBE_TOOLS="etcd kwok" builds only those. EVENTLY_KUBE_TOOLS names a folder whose kube-bin prints where others lie.
kube-tools: install ## build Kubernetes' control plane, etcd and kwok with Go, once, in .engines: some 25 minutes
	$(NODE) packages/testkit/src/engines/build-kube-tools.ts $(KUBE_TOOLS)
.PHONY: kube-tools

helm-tools: install ## build Helm, its tools and promtool with Go, once, in .engines: some minutes
	$(NODE) packages/testkit/src/engines/build-helm-tools.ts
.PHONY: helm-tools

skaffold: install ## build Skaffold with Go, once, in .engines, to check and render skaffold.yaml: some 15 minutes
	$(NODE) packages/testkit/src/engines/build-skaffold.ts
.PHONY: skaffold

##@ Measure
bench: install ## reserve at 5,000 arrivals a second on one event, three runs: some three minutes
	$(NODE) bench/main.ts --profiles reserve --runs 3 $(BENCH_FLAGS)

bench-all: install ## all profiles of the benchmark, five runs each: hours; BENCH_FLAGS="--profiles herd --runs 1" for less
	$(NODE) bench/main.ts $(BENCH_FLAGS)

bench-smoke: install ## a small run of every profile in under two minutes: checks correctness, not speed
	$(NODE) bench/main.ts --smoke --runs 1 $(BENCH_FLAGS)

bench-search: install ## search 100,000 events on both engines, 200 a second: some six minutes; BENCH_FLAGS=--publish writes docs/search.md
	$(NODE) bench/search/main.ts $(BENCH_FLAGS)

search-relevance: export EVENTLY_WRITE_RELEVANCE := 1
search-relevance: install ## judge the answers of both engines once more, into docs/search.md: a minute
	$(VITEST) run --project engines services/search/test/relevance.engine.test.ts $(VITEST_FLAGS)
.PHONY: bench-search search-relevance

bench-floor: install ## simulate the operator's floor against other ways to scale, into docs/: seconds, always the same
	$(NODE) bench/floor/main.ts

##@ Make again what is generated
crd: install ## make the CRD and the reference page of EventSale again, from operator/src/api
	$(NODE) operator/src/api/write-crd.ts
.PHONY: crd

settings: install ## make the page of all settings again, from where each is declared
	$(NODE) tests/reference/write-settings.ts
.PHONY: settings

metrics-reference: install ## make the page of all metrics again, from where each is defined
	$(NODE) tests/reference/write-metrics.ts
.PHONY: metrics-reference

charts: install ## make values, schemas, READMEs and goldens of the charts again, from charts/build
	$(NODE) charts/build/write-charts.ts
.PHONY: charts

monitoring: install ## make dashboards, alerts and recording rules again, from monitoring/; then make charts
	$(NODE) monitoring/write-monitoring.ts
.PHONY: monitoring

##@ Run on this machine
# A platform that only this machine reaches: drills may make their own buyers. EVENTLY_LOAD_TEST=0 forbids it.
start: export EVENTLY_LOAD_TEST := $(or $(EVENTLY_LOAD_TEST),1)
start: install ## run the platform in this terminal; goes on where it was
	@$(NODE) $(SERVER_FLAGS) standalone/src/main.ts start

# Installs nothing: that would take the packages away from under the running platform.
stop: ## end the platform from another terminal
	@test -x $(NODE) || { echo "Nothing is installed here, so nothing runs."; exit 0; }; $(NODE) standalone/src/main.ts stop

reset: install ## remove the platform's data; the next start begins anew
	@$(NODE) standalone/src/main.ts reset
.PHONY: start stop reset

drill: install ## let herds of buyers at the running platform and see that the house fills
	@$(NODE) cli/bin/evently.js drill $(DRILL_FLAGS)
.PHONY: drill

##@ Run on Kubernetes (docs/kubernetes.md)
# PROFILE=minimal is one pod of each service and nothing that watches. WITH="opensearch mailpit" adds what is left out.
up: install ## a kind cluster with PostgreSQL, Valkey, monitoring and the platform; names what this machine lacks
	@$(NODE) cli/bin/evently.js cluster up $(if $(PROFILE),--profile $(PROFILE)) $(if $(WITH),--with $(WITH))

down: install ## remove that cluster, with all data in it
	@$(NODE) cli/bin/evently.js cluster down
.PHONY: up down

##@ Look into a platform: the one of this machine when it runs, else a cluster's; ON=cluster, NAMESPACE=, CONTEXT=
PLACE = $(if $(ON),--on $(ON)) $(if $(NAMESPACE),--namespace $(NAMESPACE)) $(if $(CONTEXT),--context $(CONTEXT))
psql: install ## a prompt on a service's database: SERVICE=booking
	@$(NODE) cli/bin/evently.js psql --service $(or $(SERVICE),booking) $(PLACE)

redis-cli: install ## a prompt on a cluster's Redis
	@$(NODE) cli/bin/evently.js redis-cli $(PLACE)

logs: install ## what the services write, from now on: SERVICE=booking for one, FOLLOW=0 to end, LINES=1000 for more
	@$(NODE) cli/bin/evently.js logs $(if $(SERVICE),--service $(SERVICE)) $(if $(LINES),--lines $(LINES)) $(if $(filter 0,$(FOLLOW)),--no-follow) $(PLACE)
.PHONY: psql redis-cli logs

include ci.mk
