# Everything a contributor runs. `make help` lists the targets.

SHELL := /usr/bin/env bash -o pipefail
.SHELLFLAGS := -ec

# Tools are pinned in go.tools.mod and built by Go itself.
TOOL := go tool -modfile=go.tools.mod

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
IMG     ?= plumbline:latest
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.DEFAULT_GOAL := build

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z_0-9-]+:.*##/ {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Build and run

.PHONY: build
build: ## Build bin/plumbline.
	$(BUILD) -o bin/plumbline .

.PHONY: run
run: ## Run the operator against the current kubeconfig, in which make install has installed the CRDs.
	go run . manager --metrics-bind-address=0

.PHONY: install
install: ## Install the CRDs into the cluster of the current kubeconfig.
	kubectl apply --server-side -f config/crd/bases

.PHONY: uninstall
uninstall: ## Remove the CRDs, and with them all baselines and reports, from the current cluster.
	kubectl delete --ignore-not-found -f config/crd/bases

.PHONY: deploy
deploy: ## Install the operator (config/default) into the cluster of the current kubeconfig.
	kubectl apply --server-side -k config/default

.PHONY: undeploy
undeploy: ## Remove the operator, its CRDs and all reports from the current cluster.
	kubectl delete --ignore-not-found -k config/default

.PHONY: docker-build
docker-build: ## Build the container image IMG.
	docker build --build-arg VERSION=$(VERSION) -t $(IMG) .

##@ See it work

.PHONY: controlplane
controlplane: ## Build a real control plane (etcd, kube-apiserver, ...) from Go modules into bin/k8s, once.
	@go run ./hack/controlplane/build

.PHONY: demo
demo: controlplane build ## Watch drift being found on a real API server. KEEP=1 leaves it running.
	@go run ./hack/demo $(if $(KEEP),-keep)

##@ Change it

.PHONY: check
check: ## Begin a new check: make check ID=host-pid
	@go run ./hack/newcheck -id "$(ID)"

.PHONY: generate
generate: ## Regenerate all that is generated: deepcopy code, CRDs, RBAC, docs.
	$(TOOL) controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...
	$(TOOL) controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=plumbline-manager paths=./controllers/... output:rbac:dir=config/rbac
	go run ./hack/builtinroles
	go run ./hack/docs

.PHONY: fmt
fmt: ## Format the code.
	$(TOOL) golangci-lint fmt ./...

.PHONY: lint
lint: ## Lint: style, import rules, complexity, the budgets of files and functions.
	$(TOOL) golangci-lint run ./...

##@ Test

.PHONY: test
test: controlplane ## Run all tests: unit, API, and the operator on a real API server; what runs side by side with the race detector.
	go test -race -timeout 20m ./controllers ./internal/...
	go test -timeout 20m . ./api/... ./hack/... ./internal/checks ./internal/rbac ./test/...

.PHONY: test-unit
test-unit: ## Run the tests that need no API server.
	go test ./internal/...

.PHONY: conformance
conformance: ## Hold the Pod Security Standards as they are judged here against Pod Security admission: every fixture, 100,000 pods.
	go test ./test/conformance -count=1 -timeout 30m -v -run Judge -args -whole

.PHONY: verify
verify: ## Regenerate, tidy and lint, and fail if that makes a difference to what is committed.
	@git add --intent-to-add . && git diff --quiet || { echo "verify: commit or stash your changes first, then it can tell what it changes:"; git diff --stat; exit 1; }
	$(MAKE) --no-print-directory generate
	go mod tidy
	$(MAKE) --no-print-directory lint
	@git diff --exit-code || { echo "verify: generated files are not up to date: run make generate and go mod tidy, and commit"; exit 1; }

.PHONY: bench-pod
bench-pod: ## Measure what judging one pod costs, beside Pod Security admission.
	@go run ./test/bench -only pod

.PHONY: bench-scan
bench-scan: build ## Measure plumbline scan beside kube-score on the same files.
	@go run ./test/bench/scan

.PHONY: bench
bench: controlplane build ## Measure speed, memory and writes beside a floor; writes test/bench/results/latest.json.
	@go run ./test/bench $(if $(N),-n $(N))
