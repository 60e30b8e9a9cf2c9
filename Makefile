# Everything that a checkout needs: `make` lists it. The only tools are Go and git, and
# for the race detector a C compiler; the linter is fetched and built on first use.

# What `tracktik-sync version` prints. A build without git says `make build VERSION=v1.2.3`.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# Packages that are tested at one time. Their simulators and the race detector
# want a core and some hundred MB each, so more than this gains nothing on a small machine.
JOBS ?= 2
# For one package of tests; the slowest needs a few minutes under the race detector.
TIMEOUT ?= 20m
# -race, where it can be built: that takes a C compiler. CI is not to do without.
RACE = $(eval RACE := $(if $(CI)$(shell CGO_ENABLED=1 go build -race runtime/cgo 2>/dev/null && echo can),-race))$(RACE)
RACE_TEST = CGO_ENABLED=$(if $(RACE),1,0) go test $(RACE)
SAY_RACE = @$(if $(RACE),:,echo "without the race detector, since go build -race finds no C compiler: install gcc (and libc6-dev) for it")
# Narrows tests and benchmarks: make test PKG=./state TESTFLAGS='-run Commit -v'
PKG ?= ./...
TESTFLAGS ?=
# Which benchmarks, and how long each: make bench BENCH=Cycle BENCHTIME=5x
BENCH ?= .
BENCHTIME ?= 1s

GOLANGCI_VERSION := v2.15.0
GOLANGCI := .cache/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint
export GOLANGCI_LINT_CACHE := $(CURDIR)/.cache/golangci-lint

# What proves and makes packages: built through the module proxy on first use, kept in .cache.
HELM_VERSION := v4.3.1
HELM := .cache/helm-$(HELM_VERSION)/helm
KUBETEST := configs/helm/internal/kubetest
# Helm asks the server for its version, which Kubernetes' own build puts there.
KUBERNETES_STAMP = $(foreach part,gitVersion=v$(KUBERNETES_VERSION) gitMajor=$(word 1,$(subst ., ,$(KUBERNETES_VERSION))) \
	gitMinor=$(word 2,$(subst ., ,$(KUBERNETES_VERSION))),-X k8s.io/component-base/version.$(part))
KUBERNETES_VERSION = $(shell sed -n 's/^require k8s.io\/kubernetes v//p' $(KUBETEST)/go.mod)

NFPM_VERSION := v2.43.4
NFPM := .cache/nfpm-$(NFPM_VERSION)/nfpm
CYCLONEDX_VERSION := v1.10.0
CYCLONEDX := .cache/cyclonedx-gomod-$(CYCLONEDX_VERSION)/cyclonedx-gomod
# What holds the workflows, and what signs a release in theirs.
ACTIONLINT_VERSION := v1.7.12
ACTIONLINT := .cache/actionlint-$(ACTIONLINT_VERSION)/actionlint
COSIGN_VERSION := v3.1.3
COSIGN := .cache/cosign-$(COSIGN_VERSION)/cosign
# A small Debian, in which packages are installed by tests.
DEBIAN_ROOT := .cache/debian-root
DEBIAN_MIRROR ?= http://deb.debian.org/debian

# The image, and what builds it: make image BUILD_IMAGE='docker build'. GO_IMAGE is for
# the builder's flags: make image GO_IMAGE='--build-arg GO_IMAGE=registry.acme.example/golang:1.26'
IMAGE ?= tracktik-sync:$(VERSION)
BUILD_IMAGE ?= buildah $(CONTAINER_STORAGE) build --isolation chroot --timestamp $(SOURCE_DATE_EPOCH)
# The time of all files in images and packages: that of the sources.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)
# Tests have a store of their own, and a runtime that works inside of containers too.
TEST_STORAGE := --root $(CURDIR)/.cache/containers/root --runroot $(CURDIR)/.cache/containers/run --storage-driver vfs
TEST_PODMAN ?= podman $(TEST_STORAGE) --runtime runc --cgroup-manager cgroupfs

# The version is given, so that Go need not ask git, which refuses where the
# checkout belongs to another user, as it does in containers.
BUILDFLAGS := -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
SOURCES := cmd configs okta state sync tracktik

.DEFAULT_GOAL := help
.PHONY: help build demo test chaos lint fmt bench bench-large cover clean docs chart test-chart test-k8s image shell-image test-image release test-release

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build both programs into bin/
	CGO_ENABLED=0 go build $(BUILDFLAGS) -o bin/ ./cmd/tracktik-sync ./cmd/tracktik-sandbox

demo: build ## see it work against a simulated Okta org and TrackTik portal
	bin/tracktik-sandbox demo --sync bin/tracktik-sync

test: ## run all tests, under the race detector where there is a C compiler
	$(RACE_TEST) -p $(JOBS) -timeout $(TIMEOUT) $(TESTFLAGS) $(PKG)
	$(SAY_RACE)

# CHAOS disturbed runs, and a third as many kills. A failing life prints its seed:
# make chaos CHAOSFLAGS=-chaos.seed=123
CHAOS ?= 1000
CHAOSFLAGS ?=

chaos: ## a thousand disturbed runs, and hundreds of kills of the real program
	$(RACE_TEST) -count=1 -timeout 60m -run Chaos ./sync ./cmd/tracktik-sync -chaos=$(CHAOS) $(CHAOSFLAGS)
	$(SAY_RACE)

lint: $(GOLANGCI) $(ACTIONLINT) ## gofmt, go vet, the linters of .golangci.yml, and the workflows
	@unformatted=$$(gofmt -l $(SOURCES)) && test -z "$$unformatted" || { echo "gofmt these (make fmt): $$unformatted" >&2; exit 1; }
	go vet ./...
	GOOS=windows CGO_ENABLED=0 go vet ./cmd/tracktik-sync ./configs ./okta/... ./state/... ./sync/... ./tracktik/...
	$(GOLANGCI) run ./...
	$(ACTIONLINT) .github/workflows/*.yml

fmt: $(GOLANGCI) ## format the code as lint wants it
	$(GOLANGCI) fmt $(SOURCES)

bench: ## run the benchmarks, one package at a time
	go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem -p 1 -timeout 60m $(TESTFLAGS) $(PKG)

PEOPLE ?= 1000000

bench-large: ## a run about a million people (PEOPLE): ten minutes, 8 GB of memory
	go test -run '^$$' -bench Large -benchtime $(BENCHTIME) -timeout 60m $(TESTFLAGS) ./cmd/tracktik-sync -large $(PEOPLE)

cover: ## run all tests and show what each package's own cover
	go test -p $(JOBS) -timeout $(TIMEOUT) -coverprofile coverage.out $(TESTFLAGS) $(PKG)
	go tool cover -func coverage.out | tail -n 1
	@echo "details: go tool cover -html coverage.out"

docs: ## write the reference of configuration and commands anew
	go run ./cmd/tracktik-sync docs reference configs/docs/reference

chart: $(HELM) ## write the chart's schema, README and golden files anew
	HELM=$(CURDIR)/$(HELM) go test ./configs/helm -update

test-chart: $(HELM) ## lint and render the chart
	HELM=$(CURDIR)/$(HELM) go test -count 1 $(TESTFLAGS) ./configs/helm

test-k8s: $(HELM) .cache/kubetest/etcd .cache/kubetest/kube-apiserver ## hold the chart to a real API server (the first time takes ten minutes)
	cd $(KUBETEST) && GOFLAGS= HELM=$(CURDIR)/$(HELM) ETCD=$(CURDIR)/.cache/kubetest/etcd \
		KUBE_APISERVER=$(CURDIR)/.cache/kubetest/kube-apiserver go test -count 1 $(TESTFLAGS) .

image: ## build the container image (buildah, or BUILD_IMAGE='docker build')
	$(BUILD_IMAGE) $(GO_IMAGE) --tag $(IMAGE) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null || echo unknown) --file configs/docker/Dockerfile .

# Tests reach no registry: in the place of golang's image is one with a shell, into which
# the machine's own Go is mounted, with what it has downloaded and built.
SHELL_FILE := FROM scratch\nCOPY . /\nENV PATH=/GOROOT/bin:/bin GOMODCACHE=/GOMODCACHE GOCACHE=/GOCACHE\n
shell-image:
	mkdir -p .cache/shell/bin .cache/shell/tmp && cp -f "$$(command -v busybox)" .cache/shell/bin/
	for name in sh mkdir chmod; do ln -sf busybox .cache/shell/bin/$$name; done
	printf '$(SHELL_FILE)' | buildah $(TEST_STORAGE) build --isolation chroot --tag localhost/shell --file - .cache/shell

test-image: CONTAINER_STORAGE := $(TEST_STORAGE)
test-image: GO_IMAGE = --build-arg GO_IMAGE=localhost/shell \
	$(foreach dir,GOROOT GOMODCACHE GOCACHE,--volume $(shell go env $(dir)):/$(dir))
test-image: $(HELM) shell-image image ## build the image and run it as a cluster would (podman and runc, as root)
	PODMAN='$(TEST_PODMAN)' IMAGE='$(IMAGE)' VERSION='$(VERSION)' HELM=$(CURDIR)/$(HELM) go test -count 1 $(TESTFLAGS) ./configs/docker

release: $(NFPM) $(CYCLONEDX) ## make archives, packages, chart and checksums in dist/ (make release VERSION=v1.2.3)
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) go run ./configs/release -version '$(VERSION)' -out dist \
		-nfpm $(CURDIR)/$(NFPM) -cyclonedx $(CURDIR)/$(CYCLONEDX)

test-release: TIMEOUT = 40m
test-release: $(NFPM) $(CYCLONEDX) $(DEBIAN_ROOT) ## make releases twice, install, upgrade, run and remove their packages (as root)
	NFPM=$(CURDIR)/$(NFPM) CYCLONEDX=$(CURDIR)/$(CYCLONEDX) DEBIAN_ROOT=$(CURDIR)/$(DEBIAN_ROOT) PODMAN='$(TEST_PODMAN)' \
		go test -count 1 -timeout $(TIMEOUT) $(TESTFLAGS) ./configs/release

clean: ## remove what was built (.cache keeps the linter)
	rm -rf bin dist coverage.out

# GOFLAGS of the machine are for this module, not for the linter's.
$(GOLANGCI):
	@echo "building golangci-lint $(GOLANGCI_VERSION); this takes some minutes, once" >&2
	GOFLAGS= CGO_ENABLED=0 GOBIN=$(CURDIR)/$(dir $@) go install -trimpath -ldflags '-s -w' \
		github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(HELM):
	@echo "building helm $(HELM_VERSION); this takes some minutes, once" >&2
	GOFLAGS= CGO_ENABLED=0 GOBIN=$(CURDIR)/$(dir $@) go install -trimpath -ldflags '-s -w' helm.sh/helm/v4/cmd/helm@$(HELM_VERSION)

# Built from a module of its own, since Kubernetes is no dependency of the program.
.cache/kubetest/kube-apiserver: $(KUBETEST)/go.mod
	@echo "building kube-apiserver $(KUBERNETES_VERSION); this takes ten minutes, once" >&2
	cd $(KUBETEST) && GOFLAGS= nice go build -p $(JOBS) -trimpath -o $(CURDIR)/$@ -ldflags '-s -w $(KUBERNETES_STAMP)' k8s.io/kubernetes/cmd/kube-apiserver

.cache/kubetest/etcd: $(KUBETEST)/go.mod
	cd $(KUBETEST) && GOFLAGS= nice go build -p $(JOBS) -trimpath -o $(CURDIR)/$@ -ldflags '-s -w' go.etcd.io/etcd/server/v3

$(NFPM):
	GOFLAGS= CGO_ENABLED=0 GOBIN=$(CURDIR)/$(dir $@) go install -trimpath -ldflags '-s -w' github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)

$(CYCLONEDX):
	GOFLAGS= CGO_ENABLED=0 GOBIN=$(CURDIR)/$(dir $@) go install -trimpath -ldflags '-s -w' \
		github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)

$(ACTIONLINT):
	GOFLAGS= CGO_ENABLED=0 GOBIN=$(CURDIR)/$(dir $@) go install -trimpath -ldflags '-s -w' github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)

$(COSIGN):
	GOFLAGS= CGO_ENABLED=0 GOBIN=$(CURDIR)/$(dir $@) go install -trimpath -ldflags '-s -w' github.com/sigstore/cosign/v3/cmd/cosign@$(COSIGN_VERSION)

$(DEBIAN_ROOT):
	rm -rf $@.new
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus stable $@.new $(DEBIAN_MIRROR) && mv $@.new $@
