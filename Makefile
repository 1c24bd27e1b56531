# Each target sets up what is missing first. `make help` lists them.
PYTHON ?= python3
STACK = $(PYTHON) devstack/bootstrap.py
.DEFAULT_GOAL := help

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target what; do \
		printf '%-12s %s\n' "$$target" "$$what"; done

.PHONY: run
run: python ## Start everything and print where it is; Ctrl-C stops it (PORT=8000 SANDBOX_PORT=8100)
	@exec $(STACK) run

.PHONY: test
test: python ## Every test (ARGS="-k name" for some; AT="2027-03-14 07:30:00" or AT=any: without the browser at that instant)
	@exec $(STACK) test $(if $(AT),--at "$(AT)") $(ARGS)

.PHONY: check
check: python ## Lint, format, types, import contracts, migrations, templates
	@exec $(STACK) check

.PHONY: format
format: python ## Put the Python files into the project's format
	@exec $(STACK) format

.PHONY: bench
bench: python ## The benchmarks
	@exec $(STACK) bench $(ARGS)

.PHONY: audit
audit: python ## Known vulnerabilities of what is locked, and the list of it (SBOM) in sbom/
	@exec $(STACK) audit

.PHONY: manage
manage: python ## manage.py of the stack that runs here (ARGS=createsuperuser)
	@exec $(STACK) manage $(ARGS)

.PHONY: setup
setup: python ## Make .venv and node_modules from the locks
	@exec $(STACK) setup

.PHONY: reset
reset: python ## Start over: forget all data of the development stack
	@exec $(STACK) reset

.PHONY: lock
lock: python ## Lock the newest versions that pyproject.toml and package.json allow
	@exec $(STACK) lock

.PHONY: python
python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer, or name one, as in make run PYTHON=/path/to/python3." >&2; exit 1; }
