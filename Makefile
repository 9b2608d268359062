# 元客 Yuanke: two commands do all set-up on a machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
DONE   := $(VENV)/.installed
JOBS   ?= 2

.PHONY: install assets demo serve test nightly check format bench clean

install: $(DONE)

# one editable install with the development tools; assets are built by the build hook when they are not current
$(DONE): pyproject.toml package-lock.json hatch_build.py
	@command -v $(PYTHON) >/dev/null || { echo "需要 Python 3.11 或更新 / Python 3.11+ is needed"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新 / Python 3.11+ is needed"; exit 1; }
	@echo "→ 建立虚拟环境并安装 / creating $(VENV) and installing (1-3 min)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --progress-bar on -e '.[dev]'
	@touch $(DONE)

assets: $(DONE)
	@$(BIN)/python hatch_build.py

demo: assets
	@$(BIN)/yuanke demo --port $(PORT)

serve: assets
	@$(BIN)/yuanke serve --port $(PORT)

test: assets
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m 'not nightly' $(ARGS)

nightly: assets
	$(BIN)/python -m pytest -m nightly $(ARGS)

check: assets
	$(BIN)/ruff format --check platform tests benchmarks plugins wsgi.py hatch_build.py
	$(BIN)/ruff check platform tests benchmarks plugins wsgi.py hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yuanke pack check modules
	$(BIN)/python -m pytest -q tests/architecture

format: install
	$(BIN)/ruff check --fix platform tests benchmarks plugins wsgi.py hatch_build.py
	$(BIN)/ruff format platform tests benchmarks plugins wsgi.py hatch_build.py

bench: assets
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) node_modules platform/yuanke/static/dist .pytest_cache .mypy_cache .ruff_cache
