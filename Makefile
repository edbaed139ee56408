# Two commands are enough: `make evolve` and `make test`. Both set everything up in .venv and stay in this folder,
# but for the weights of the embedded model, which go to ~/.cache/ahe.
# The tests of real models come alone: a busy processor starves them.
PYTHON ?= python3
AHE := .venv/bin/ahe
ITERATIONS ?= 2

.PHONY: evolve test lint clean
.DELETE_ON_ERROR:

evolve: .venv/ready-local
	$(AHE) models pull
	$(AHE) init
	$(AHE) evolve --quick --strategy playbook --iterations $(ITERATIONS)
	$(AHE) log

test: .venv/ready-dev
	$(AHE) models pull tiny
	.venv/bin/python -m pytest -n auto -m "not model"
	.venv/bin/python -m pytest -m model

lint: .venv/ready-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.12 …")'
	$(PYTHON) -m venv .venv || { echo "the venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }

.venv/ready-local: .venv/bin/python pyproject.toml
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[local]'
	touch $@

.venv/ready-dev: .venv/bin/python pyproject.toml
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[local,dev]'
	touch $@ .venv/ready-local

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
