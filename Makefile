# Two commands matter: `make demo` (the running map, from nothing) and `make test` (all tests, from nothing).
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8000
DEMO_HOME := .terrakin/demo
DEMO_PERIOD := 2024-06-01/2024-08-31
TERRAKIN := .venv/bin/terrakin

.PHONY: help demo stop evaluate test bench-load bench-page bench-search bench-tiles fuzz lint screenshot test-qgis test-slow-page

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## from a clone to the running map on http://127.0.0.1:8000 (PORT=... for another port)
	@scripts/setup.sh demo
	@scripts/build_frontend.sh
	@$(TERRAKIN) db start
	@$(TERRAKIN) db migrate
	@$(TERRAKIN) etl demo
	@$(TERRAKIN) etl run --stac $(DEMO_HOME)/catalog.json --cities $(DEMO_HOME)/cities.geojson --period $(DEMO_PERIOD)
	@$(TERRAKIN) web start --port $(PORT)

stop: ## stop the map and the private database cluster
	@$(TERRAKIN) web stop
	@$(TERRAKIN) db stop

evaluate: ## how good the vectors are, after `make demo`: .terrakin/reports/evaluation.html (EVALUATE_ARGS="--limit 50")
	@$(TERRAKIN) evaluate $(EVALUATE_ARGS)

test: ## install what the tests need, then run all of them
	@scripts/setup.sh test
	@scripts/build_frontend.sh
	@.venv/bin/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

test-qgis: ## install QGIS (930 MB), then let it open the project from a database and draw it
	@scripts/setup.sh qgis
	@TERRAKIN_REQUIRE_QGIS=1 .venv/bin/python -m pytest tests/qgis $(PYTEST_ARGS)

test-slow-page: ## the tests of the page with slow answers and a slow processor: they must wait for what they read
	@scripts/setup.sh test
	@scripts/build_frontend.sh
	@TERRAKIN_SLOW_PAGE=1 .venv/bin/python -m pytest tests/browser -n 2 $(PYTEST_ARGS)

fuzz: ## ask the API 500 random questions an address, right and wrong ones: none may be answered with 500
	@scripts/setup.sh test
	@TERRAKIN_FUZZ_EXAMPLES=$(or $(EXAMPLES),500) .venv/bin/python -m pytest tests/webapp/test_fuzz.py $(PYTEST_ARGS)

bench-load: ## 50 clients for 60 s over API and tiles, and a killed PostgreSQL: one table (BENCH_ARGS="--seconds 20")
	@scripts/setup.sh bench
	@.venv/bin/python terrakin.py bench load $(BENCH_ARGS)

bench-search: ## similarity search against its peers: one table, one run (BENCH_ARGS="--size 48881")
	@scripts/setup.sh bench
	@.venv/bin/python terrakin.py bench search $(BENCH_ARGS)

bench-page: ## the page in Chromium: time to interactive, a click's results, bytes of script
	@scripts/setup.sh test
	@scripts/setup.sh bench
	@scripts/build_frontend.sh
	@.venv/bin/python terrakin.py bench page $(BENCH_ARGS)

bench-tiles: ## vector tiles over HTTP against the bare SQL call, z 0 to 14 (BENCH_ARGS="--size 48881")
	@scripts/setup.sh bench
	@.venv/bin/python terrakin.py bench tiles $(BENCH_ARGS)

lint: ## format and lint, changing files
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

screenshot: ## the README's pictures, taken from the running demo
	@.venv/bin/python scripts/screenshot.py --url http://127.0.0.1:$(PORT) --form harbour --out docs/images/harbours.png
	@.venv/bin/python scripts/screenshot.py --url http://127.0.0.1:$(PORT) --form harbour --dark --similarity --scatter similarity --out docs/images/similarity.webp
