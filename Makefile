# `make` alone lists the verbs. Two of them are the README's: run and test.
SHELL := /bin/sh
.DEFAULT_GOAL := help
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_DOWNLOADS := never
# Own code is compiled at set-up as well: without it every start pays seconds for parsing.
export PYTHONDONTWRITEBYTECODE :=
STAMP := .venv/.vallum-stamp
PY := .venv/bin/python
# Each test process has a database server of its own and waits for it: two more than there are processors, from three to six.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); n=$$((n + 2)); echo $$((n < 3 ? 3 : n > 6 ? 6 : n)))

help: ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## prepare .venv from the lock (the other verbs do it by themselves)

$(STAMP): requirements.lock engine/pyproject.toml guard/pyproject.toml client/pyproject.toml web/pyproject.toml dev/setup.sh
	@sh dev/setup.sh
	@touch $@

run: $(STAMP) ## the platform with demo data, on an embedded database, and stand-ins of Stripe, Razorpay and Resend
	@exec $(PY) -m dev.fakes.demo .venv/bin/vallum-web up --demo

test: $(STAMP) ## the whole test suite; T=path for a part of it
	@$(PY) -m pytest -n $(JOBS) --dist worksteal --durations=40 --durations-min=5 $(T)

fast: $(STAMP) ## the tests that are neither slow nor in a browser
	@$(PY) -m pytest -n $(JOBS) --dist worksteal -m "not slow and not browser" $(T)

fuzz: $(STAMP) ## the long runs of hostile input against the API: N=600 examples an operation
	@VALLUM_FUZZ=$${N:-600} $(PY) -m pytest -n 0 -s web/tests/fuzz

faults: $(STAMP) ## a long run of faults: F=mail N=10000 mails, with workers killed at random
	@VALLUM_FAULTS=$${N:-10000} $(PY) -m pytest -n 0 -s web/tests/faults/test_$(F).py

live-smoke: $(STAMP) ## the client code of payments and mail against the providers, with your own test keys (docs/billing.md)
	@VALLUM_TESTS_OUT=1 $(PY) -m pytest -n 0 -rs -k real web/tests/live

check: $(STAMP) ## format, lint, types, contracts, own rules: what CI runs
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m dev.lint

new: $(STAMP) ## scaffold: KIND=secret ID=npm-access-token
	@$(PY) -m dev.new $(KIND) $(ID)

shots: $(STAMP) ## screenshots of every page, light and dark, into shots/
	@$(PY) -m dev.shots

bench: $(STAMP) ## one measured claim beside a peer: B=secrets
	@sh bench/run.sh $(B)

lock: $(STAMP) ## write requirements.lock anew from the four pyproject.toml
	@UV=.vallum/tools/bin/uv sh dev/lock.sh

.PHONY: help setup run test fast fuzz faults live-smoke check new shots bench lock
