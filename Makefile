# Two commands do everything on a fresh machine: `make up` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help

STACK ?= dev
CONTEXT ?=
CACHE := $(or $(AIRFLOW_PLATFORM_CACHE),$(HOME)/.cache/airflow-platform)
UV_VERSION := 0.13.9
UV := $(CACHE)/uv-$(UV_VERSION)/bin/uv

# An Output that is treated as text must fail, not end up in a manifest.
export PULUMI_ERROR_OUTPUT_STRING := true
# Bytecode beside the sources, so that the second command starts quickly.
export PYTHONDONTWRITEBYTECODE :=

RUN := $(UV) run --frozen
LOCAL := $(RUN) python -m local
IN_POLICIES := UV_PROJECT_ENVIRONMENT=$(CACHE)/venvs/policies $(UV) run --frozen --project policies
IN_AIRFLOW := UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=$(CACHE)/venvs/airflow $(UV) run --frozen --project images/airflow
OF_DRILL := AIRFLOW_PLATFORM_STACKS=tests/drills/ha/stacks
OF_EXECUTORS := AIRFLOW_PLATFORM_STACKS=tests/drills/executors/stacks
OF_SCALING := AIRFLOW_PLATFORM_STACKS=tests/drills/scaling/stacks
OF_BENCH := AIRFLOW_PLATFORM_STACKS=tests/bench/stacks
STACK_OPTIONS := --stack $(STACK) $(if $(CONTEXT),--context $(CONTEXT))
REPORT_OPTIONS := $(if $(JSON),--json) $(if $(SARIF),--sarif $(SARIF)) $(if $(PAGES),--pages $(PAGES))

.PHONY: help up down stop status ui preview render policy audit outputs destroy smoke drill-restore simulate plan images \
	test test-program test-policies test-dags unsafe bench bench-throughput bench-parsing bench-items referees lint format docs golden e2e drills drills-ha drills-rotation drills-versions drills-bundles drills-logs drills-recovery drills-scaling drills-airflow drills-executors reliability

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'
	@echo "  STACK=dev|staging|prod (default dev), CONTEXT=<kube context> to use a cluster of your own"

$(UV):
	@python3 -m venv $(CACHE)/uv-$(UV_VERSION) || { echo "python3 with its venv module is needed (Debian: apt-get install python3-venv)" >&2; exit 2; }
	@$(CACHE)/uv-$(UV_VERSION)/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

up: $(UV) ## Cluster, images, platform and a DAG run that finishes
	@$(LOCAL) up $(STACK_OPTIONS)

down: $(UV) ## Remove the local cluster and everything that `make up` made, keep the caches
	@$(LOCAL) down

stop: $(UV) ## Stop the local cluster, keep its data
	@$(LOCAL) stop

status: $(UV) ## What runs, what it uses
	@$(LOCAL) status $(STACK_OPTIONS)

ui: $(UV) ## Serve the user interface on https://localhost:8443 until Ctrl-C
	@$(LOCAL) ui $(STACK_OPTIONS)

preview: $(UV) ## What `make up` would change
	@$(LOCAL) preview $(STACK_OPTIONS)

render: $(UV) ## One YAML file per object to build/render/<stack>/, without a cluster
	@$(LOCAL) render --stack $(STACK)

policy: $(UV) ## Judge a stack by the policy pack, without a cluster
	@$(LOCAL) policy --stack $(STACK) $(if $(PROGRAM),--program $(PROGRAM)) $(REPORT_OPTIONS)

audit: $(UV) ## Judge a deployed stack by the policy pack, each object as its cluster has it
	@$(LOCAL) audit --stack $(STACK) $(REPORT_OPTIONS)

outputs: $(UV) ## Outputs of a deployed stack (SHOW_SECRETS=1 shows the secret ones)
	@$(LOCAL) outputs --stack $(STACK) $(if $(SHOW_SECRETS),--show-secrets)

destroy: $(UV) ## Delete everything of a stack from its cluster
	@$(LOCAL) destroy $(STACK_OPTIONS)

smoke: $(UV) ## Run the smoke DAG on the deployed stack
	@$(LOCAL) smoke $(STACK_OPTIONS)

drill-restore: $(UV) ## Restore the newest backup into a throwaway instance and look at what came back
	@$(LOCAL) drill-restore $(STACK_OPTIONS)

simulate: $(UV) ## The stack's scaling rule against the official chart's, on arrivals of a day (PNG in build/reports)
	@$(RUN) python -m capacity simulate --stack $(STACK) --plots build/reports/simulation

plan: $(UV) ## Sizes for the work to be done, with their arithmetic (python -m capacity plan --help for the questions)
	@$(RUN) python -m capacity plan

images: $(UV) ## Build every image and write images/lock.yaml
	@$(LOCAL) images

test: $(UV) ## The fast suite: no cluster, under five minutes
	@$(LOCAL) tools --for-tests
	@$(MAKE) --no-print-directory test-program test-policies test-dags

test-program: $(UV)
	@$(RUN) pytest -n 2 --dist loadfile

test-policies: $(UV)
	@$(IN_POLICIES) pytest tests/policies

unsafe: $(UV) ## The policy pack refuses each of the prepared unsafe stacks
	@$(RUN) pytest -n 2 -m unsafe tests/policies/unsafe

bench: $(UV) ## What the policy pack costs: its start, and what it adds to a preview
	@$(RUN) python -m scripts.bench_policies

# $(call on_bench,WHAT): run a measurement of tests/bench on the stack `bench`; KEEP=1 leaves it there.
define on_bench
	@$(OF_BENCH) $(LOCAL) deploy --stack bench
	@code=0; $(OF_BENCH) $(RUN) python -m tests.bench.$(strip $(1)) || code=$$?; \
		$(if $(KEEP),,$(OF_BENCH) $(LOCAL) destroy --stack bench || code=$$?;) exit $$code
endef

bench-throughput: $(UV) ## Tasks a second of what is shipped beside Airflow's defaults, on a stack of its own (TASKS=1000 PAIRS=5 JSON=1 KEEP=1)
	$(call on_bench,throughput $(if $(TASKS),--tasks $(TASKS)) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(JSON),--json))

bench-parsing: $(UV) ## How long 500 new DAG files take, on the same stack (FILES=500 DEFAULTS=1 KEEP=1)
	$(call on_bench,parsing $(if $(FILES),--files $(FILES)) $(if $(DEFAULTS),--defaults))

bench-items: $(UV) ## Items that come minute by minute for an hour through the DAG platform_items, and what they cost, on the same stack (ITEMS=20000 MINUTES=60 KEEP=1)
	$(call on_bench,items $(if $(ITEMS),--items $(ITEMS)) $(if $(MINUTES),--minutes $(MINUTES)))

referees: $(UV) ## Other judges of the same objects, and docs/policies/coverage.md
	@UV_PROJECT_ENVIRONMENT=$(CACHE)/venvs/referees $(UV) sync --quiet --frozen --project policies/referees
	@PYTHONPATH=policies $(RUN) python -m tests.policies.referees $(if $(WRITE),--write)

test-dags: $(UV)
	@$(IN_AIRFLOW) pytest tests/dags

lint: $(UV) ## Style, types, imports, generated files
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) pyright
	@$(IN_POLICIES) pyright --project policies
	@$(RUN) lint-imports
	@$(RUN) python -m scripts.configuration_reference --check

format: $(UV) ## Format the code and apply safe mends
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

docs: $(UV) ## Write the generated references
	@$(RUN) python -m scripts.configuration_reference

golden: $(UV) ## Write the golden inventories of the three stacks and the table of docs/operations/changes.md anew
	@$(RUN) python -m tests.stacks.golden
	@$(RUN) python -m tests.stacks.restarts

e2e: $(UV) ## Tests against the running dev stack
	@$(RUN) pytest -m e2e tests/e2e

drills: $(UV) ## Break the dev stack and a highly available one (FULL=1: every drill, five times each)
	@$(RUN) pytest -m drill tests/drills/test_machine.py
	@$(MAKE) --no-print-directory drills-ha

drills-ha: $(UV) ## The drills of the highly available stack alone; KEEP=1 leaves it there
	@$(OF_DRILL) $(LOCAL) deploy --stack drill
	@code=0; $(OF_DRILL) $(if $(FULL),DRILL_FULL=1 DRILL_REPETITIONS=5) $(RUN) pytest -m drill tests/drills/ha || code=$$?; \
		$(if $(KEEP),,$(OF_DRILL) $(LOCAL) destroy --stack drill || code=$$?;) exit $$code

drills-rotation: $(UV) ## Rotate the secrets of the running stack in two updates, under clients that log in all the while (STACK=drill: the highly available one)
	@$(if $(filter drill,$(STACK)),$(OF_DRILL)) AIRFLOW_PLATFORM_DRILL_STACK=$(STACK) $(RUN) pytest -m drill tests/drills/rotation

drills-versions: $(UV) ## Another Airflow version and back, on a stack of its own, with a DAG run in flight (FULL=1)
	@AIRFLOW_PLATFORM_STACKS=tests/drills/versions/stacks $(if $(FULL),DRILL_FULL=1) $(RUN) pytest -m drill tests/drills/versions

drills-bundles: $(UV) ## DAGs from a Git server on this machine, on a stack of its own; KEEP=1 leaves it there
	@AIRFLOW_PLATFORM_STACKS=tests/drills/bundles/stacks $(if $(KEEP),DRILL_KEEP=1) $(RUN) pytest -m drill tests/drills/bundles

drills-recovery: $(UV) ## Lose, restore, follow, promote and upgrade a database by the runbooks' commands, on stacks of its own; KEEP=1 leaves them
	@$(if $(KEEP),DRILL_KEEP=1) $(RUN) pytest -m drill --exitfirst tests/drills/recovery

drills-logs: $(UV) ## Task logs outlive their pods, and a store that hangs, on a stack of its own; KEEP=1 leaves it there
	@AIRFLOW_PLATFORM_STACKS=tests/drills/logs/stacks $(if $(KEEP),DRILL_KEEP=1) $(RUN) pytest -m drill tests/drills/logs

drills-scaling: $(UV) ## Twenty workers with running tasks are taken away, on a stack of its own with KEDA; KEEP=1 leaves it there
	@$(OF_SCALING) $(LOCAL) deploy --stack scaling
	@code=0; $(OF_SCALING) $(RUN) pytest -m drill --log-cli-level=INFO tests/drills/scaling || code=$$?; \
		$(if $(KEEP),,$(OF_SCALING) $(LOCAL) destroy --stack scaling || code=$$?;) exit $$code

drills-airflow: $(UV) ## Faults of Airflow itself on the running dev stack: processes killed, hung, away or replaced, bad DAG files, a closed pool
	@$(RUN) pytest -m drill --log-cli-level=INFO tests/drills/airflow

drills-executors: $(UV) ## Tasks in the scheduler's pod, in pods of their own, and in workers beside such pods, on two stacks of their own; KEEP=1 leaves them there
	@code=0; for drill in small:local "pods:pods hybrid"; do stack=$${drill%%:*}; \
		files=$$(for name in $${drill#*:}; do echo tests/drills/executors/test_$$name.py; done); \
		$(OF_EXECUTORS) $(LOCAL) deploy --stack $$stack || exit; \
		$(OF_EXECUTORS) $(RUN) pytest -m drill --log-cli-level=INFO $$files || code=$$?; \
		$(if $(KEEP),,$(OF_EXECUTORS) $(LOCAL) destroy --stack $$stack || code=$$?;) done; exit $$code

reliability: $(UV) ## Write the table of docs/reliability.md from the drills' reports
	@$(RUN) python -m scripts.reliability_table
