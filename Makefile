# Two commands matter in a fresh clone: `make demo` (the running map) and `make test` (all checks and tests).
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Python keeps the bytecode of packages, which some machines turn off: each test that starts the command line, or loads
# PyTorch, would compile thousands of modules again.
unexport PYTHONDONTWRITEBYTECODE
PORT ?= 8000
DEMO_HOME := .terrakin/demo
DEMO_PERIOD := 2024-06-01/2024-08-31
LATER_PERIOD := 2025-09-01/2025-10-31
REAL_PLACES := etl/data/real_places
REAL ?= 1
SYNTHETIC ?= 1
DEMO_PARTS := demo-database $(if $(filter 0,$(REAL)),,demo-real) $(if $(filter 0,$(SYNTHETIC)),,demo-scenes)
TERRAKIN := .venv/bin/terrakin
PYTEST = TMPDIR=$$(scripts/test_folder.sh) OMP_NUM_THREADS=1 .venv/bin/python -m pytest

.PHONY: help demo demo-database demo-later demo-real demo-scenes stop evaluate test lint format bench-load bench-page \
	bench-search bench-tiles fuzz page-states screenshot test-citus test-martin test-qgis test-servers test-slow-page

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## install, build, load real places and synthetic towns (REAL=0 or SYNTHETIC=0: without), serve the map (PORT=8000)
	@scripts/setup.sh demo
	@scripts/build_frontend.sh
	@$(MAKE) --no-print-directory -j2 $(DEMO_PARTS)
ifneq ($(SYNTHETIC),0)
	@$(TERRAKIN) etl run --stac $(DEMO_HOME)/catalog.json --cities $(DEMO_HOME)/cities.geojson --period $(DEMO_PERIOD)
endif
	@$(TERRAKIN) web start --port $(PORT)

demo-database:
	@$(TERRAKIN) db start
	@$(TERRAKIN) db migrate

# The scenes are written beside the database and the run of the real places, whose progress is shown.
demo-real: demo-database
	@$(TERRAKIN) etl run --stac $(REAL_PLACES)/catalog.json --cities $(REAL_PLACES)/places.geojson --min-valid-share 0.2 \
		$(if $(filter 0,$(SYNTHETIC)),,--without-layout)

demo-scenes:
	@echo "writing the scenes of the synthetic towns"
	@output=$$($(TERRAKIN) etl demo 2>&1) || { echo "$$output" >&2; exit 1; }

stop: ## stop the map and the private database cluster
	@$(TERRAKIN) web stop
	@$(TERRAKIN) db stop

demo-later: ## after `make demo`, load a second period of the synthetic towns, in which some blocks have changed
	@$(TERRAKIN) etl demo --later
	@$(TERRAKIN) etl run --stac $(DEMO_HOME)-later/catalog.json --cities $(DEMO_HOME)-later/cities.geojson \
		--period $(LATER_PERIOD)

evaluate: ## after `make demo`, report the quality of the vectors: .terrakin/reports/evaluation.html (EVALUATE_ARGS="--limit 50")
	@$(TERRAKIN) evaluate $(EVALUATE_ARGS)

test: ## install what the tests need, then run all checks and tests; the ten slowest are listed at the end
	@scripts/setup.sh test
	@scripts/build_frontend.sh
	@scripts/lint.sh
	@$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder --ignore=tests/servers $(PYTEST_ARGS)

test-servers: ## install servers and clients that terrakin works with (PgBouncer, generators of clients), test with them
	@scripts/setup.sh test
	@scripts/setup.sh servers
	@scripts/build_frontend.sh
	@$(PYTEST) tests/servers $(PYTEST_ARGS)

test-martin: ## test the vector tiles of Martin, alone, behind the proxy and on the page (MARTIN: its program)
	@scripts/setup.sh test
	@scripts/build_frontend.sh
	@$(PYTEST) tests/servers/test_martin.py tests/servers/test_page_with_martin.py $(PYTEST_ARGS)

test-citus: ## test with keys distributed over two workers (CITUS: an archive of Citus for PostgreSQL 15)
	@scripts/setup.sh test
	@scripts/setup.sh servers
	@$(PYTEST) tests/servers/test_citus.py $(PYTEST_ARGS)

lint: ## check the code and the generated files without changing anything
	@scripts/lint.sh

format: ## format the code and apply ruff's fixes
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format .

test-qgis: ## install QGIS (930 MB), then test the project in it
	@scripts/setup.sh qgis
	@TERRAKIN_REQUIRE_QGIS=1 $(PYTEST) tests/qgis $(PYTEST_ARGS)

test-slow-page: ## test the page with slow answers and a slow processor: tests must wait for what they read
	@scripts/setup.sh test
	@scripts/build_frontend.sh
	@TERRAKIN_SLOW_PAGE=1 $(PYTEST) tests/browser -n 2 $(PYTEST_ARGS)

fuzz: ## send the API 500 random requests per path (or EXAMPLES=...): no answer may have status 500
	@scripts/setup.sh test
	@TERRAKIN_FUZZ_EXAMPLES=$(or $(EXAMPLES),500) $(PYTEST) tests/webapp/test_fuzz.py $(PYTEST_ARGS)

bench-load: ## 50 clients on API and vector tiles for 60 s, then with PostgreSQL killed (BENCH_ARGS="--seconds 20")
	@scripts/setup.sh bench
	@.venv/bin/python terrakin.py bench load $(BENCH_ARGS)

bench-search: ## similarity search compared with its peers (BENCH_ARGS="--tiles 48881")
	@scripts/setup.sh bench
	@.venv/bin/python terrakin.py bench search $(BENCH_ARGS)

bench-page: ## the page in Chromium: time to interactive, time from click to results, size of the scripts
	@scripts/setup.sh test
	@scripts/setup.sh bench
	@scripts/build_frontend.sh
	@.venv/bin/python terrakin.py bench page $(BENCH_ARGS)

bench-tiles: ## vector tiles over HTTP compared with the SQL call, z 0 to 14 (BENCH_ARGS="--tiles 48881")
	@scripts/setup.sh bench
	@.venv/bin/python terrakin.py bench tiles $(BENCH_ARGS)

screenshot: ## take the README's pictures from the running demo
	@.venv/bin/python scripts/contact_sheet.py --url http://127.0.0.1:$(PORT) --out docs/images/places.webp
	@.venv/bin/python scripts/walk_pictures.py --url http://127.0.0.1:$(PORT)

page-states: ## save every state of the running demo's page at four widths, to look at after a change (OUT=folder)
	@.venv/bin/python scripts/page_states.py --url http://127.0.0.1:$(PORT) --out $(or $(OUT),build/states)
