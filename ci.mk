# What CI and a release run; the workflows and the Jenkinsfile call nothing else, so a person can do each step by hand.

##@ Release and deploy
# REPORT=check also writes reports/check.xml in JUnit's form.
REPORT ?=
# The reporter for the reader; test-engines has one of its own.
READER ?= --reporter=default
test-engines test-cluster: READER :=
ifneq ($(REPORT),)
override VITEST_FLAGS += $(READER) --reporter=junit --outputFile.junit=reports/$(REPORT).xml
endif

# The version of everything in this tree; a release's tag is this with a v before it.
VERSION ?= $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
IMAGES := user event search booking payment operator
# Where images and charts are published: ghcr.io/somebody, without the last slash.
REGISTRY ?= localhost
# Further words for "docker buildx build", such as --load or --platform linux/arm64 --output ...
IMAGE_FLAGS ?= --load
# Empty for an image that is pushed by its digest: BuildKit refuses a tag there.
IMAGE_TAG ?= :$(VERSION)
HELM ?= helm
RELEASE ?= evently
NAMESPACE ?= evently
DEPLOY_TIMEOUT ?= 10m
# Said before a recipe begins, instead of "not found" in its middle.
need_helm = @command -v $(HELM) >/dev/null || { \
  echo "$(HELM) was not found. Install Helm 4 (https://helm.sh/docs/intro/install), or name it: HELM=/path/to/helm." >&2; exit 1; }
need_docker = @docker buildx version >/dev/null 2>&1 || { \
  echo "\"docker buildx\" does not answer. Install Docker with its plugin buildx (https://docs.docker.com/get-docker)." >&2; exit 1; }
# Values of the environment, besides the chart's own: DEPLOY_FLAGS="-f charts/evently/values-production.yaml".
DEPLOY_FLAGS ?=

coverage: install ## all tests of "make test" with the coverage of their lines: coverage/lcov.info and a summary
	$(VITEST) run --project tidy --project unit --project database --coverage $(VITEST_FLAGS)

audit: install ## known vulnerabilities of what is installed, and whether the registry signed it
	npm audit --audit-level=high
	npm audit signatures

image: ## build one image with Docker: make image SERVICE=booking
	@case " $(IMAGES) " in *" $(SERVICE) "*) ;; *) echo "Say which: make image SERVICE=... with one of $(IMAGES)." >&2; exit 1;; esac
	$(need_docker)
	docker buildx build --file Dockerfile --target runtime --build-arg SERVICE=$(SERVICE) --build-arg VERSION=$(VERSION) \
	  --tag $(REGISTRY)/evently/$(SERVICE)$(IMAGE_TAG) $(IMAGE_FLAGS) .

# In a copy: Helm leaves the dependencies it packs beside the charts.
chart: ## package every chart into dist/charts, its dependencies inside
	$(need_helm)
	@rm -rf dist/charts dist/parts && mkdir -p dist/charts && cp -R charts dist/parts
	@for chart in $(IMAGES) evently; do \
	  $(HELM) dependency build dist/parts/$$chart >/dev/null && \
	  $(HELM) package dist/parts/$$chart --destination dist/charts || exit 1; done

chart-push: chart ## publish the packaged charts as OCI artifacts: make chart-push REGISTRY=ghcr.io/somebody
	@for package in dist/charts/*.tgz; do $(HELM) push $$package oci://$(REGISTRY)/evently/charts || exit 1; done

# Undone by Helm itself when the new pods do not become ready.
deploy: ## install or upgrade a release: make deploy CHART=oci://... VERSION=... NAMESPACE=... DEPLOY_FLAGS="-f values.yaml"
	$(need_helm)
	$(HELM) upgrade --install $(RELEASE) $(or $(CHART),charts/evently --dependency-update) --namespace $(NAMESPACE) --version $(VERSION) \
	  --rollback-on-failure --wait --wait-for-jobs --timeout $(DEPLOY_TIMEOUT) --history-max 10 $(DEPLOY_FLAGS)

rollback: install ## go back to the release that ran before; the database keeps its newer schema, which that one can use
	$(need_helm)
	@revision="$$($(HELM) history $(RELEASE) --namespace $(NAMESPACE) --output json | $(NODE) release/revision-before.ts)" && \
	$(HELM) rollback $(RELEASE) "$$revision" --namespace $(NAMESPACE) --wait --timeout $(DEPLOY_TIMEOUT)

# For a platform that is installed without a part: SMOKE_FLAGS="--without search".
SMOKE_FLAGS ?=
smoke: install ## ask a running platform what every visitor asks: make smoke URL=http://127.0.0.1:8080
	$(NODE) release/smoke.ts $(URL) $(SMOKE_FLAGS)

conversation: install ## keep what this version says to booking's database, for the schemas of later versions
	EVENTLY_CONVERSATION=write $(VITEST) run --project database services/booking/test/versions.db.test.ts -t 'what this version says'

release-check: install ## whether this tree may become the release VERSION: versions agree, the SQL of this version is kept
	$(NODE) release/check.ts $(VERSION)
	EVENTLY_CONVERSATION=check $(VITEST) run --project database services/booking/test/versions.db.test.ts $(VITEST_FLAGS)

release-notes: install ## the notes of VERSION, from the commits since the tag before it
	@$(NODE) release/notes.ts $(VERSION)
.PHONY: coverage audit image chart chart-push deploy rollback smoke conversation release-check release-notes
