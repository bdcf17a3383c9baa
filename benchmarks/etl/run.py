"""`terrakin bench etl`: run the stages after imagery and encoder as commands, on a generated world."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from benchmarks import REAL_TILES
from benchmarks.etl.world import PERIOD, synthetic_cities, write_work_files
from benchmarks.processes import Cost, cost_of
from db import cluster
from db.connect import connect
from db.install.migrate import migrate
from db.settings import Settings
from etl.cities.grid import assign_cells
from etl.store.cities import write_cities
from etl.store.date_range import date_range

IN_PERIOD = ("--period", PERIOD.label.replace("_", "/"))
STAGES = (
    ("etl", "aggregate", "--bias-removal", "dimensions", *IN_PERIOD), ("etl", "blocks", *IN_PERIOD),
    ("etl", "load", *IN_PERIOD), ("etl", "thumbnail", *IN_PERIOD), ("etl", "layout"), ("db", "index"),
)  # fmt: skip
"""Before it computes vectors, aggregate fits the post-processing, measures spatial bias and fits its removal."""
BYTES_PER_TILE = 196 * 768 * 2 * 1.3
"""Patches in float16, vectors, tables and indexes."""
MARK_STAGES_DONE = """
    INSERT INTO terrakin.etl_tasks (city_id, period, stage, status, finished_at, detail)
    SELECT c.city_id, %s, s, 'done', now(), jsonb_build_object('made_from', 'synthetic')
    FROM terrakin.cities AS c
    CROSS JOIN unnest(ARRAY['composite', 'embed']) AS s
"""
COUNTS = """
    SELECT (SELECT count(*) FROM terrakin.tiles), (SELECT count(*) FROM terrakin.tiles WHERE umap_x IS NULL),
        (SELECT count(*) FROM terrakin.tile_aggregates), (SELECT count(*) FROM terrakin.tile_thumbnails),
        (SELECT count(*) FROM terrakin.embedding_keys), (SELECT avg(length(webp)) FROM terrakin.tile_thumbnails)
"""
Echo = Callable[[str], None]


def run_all(n_tiles: int, folder: Path | None, echo: Echo) -> None:
    """Generate the work files, run each stage as a command, print the table and delete everything."""
    home = Path(tempfile.mkdtemp(prefix="terrakin-bench-etl-", dir=folder))
    home.chmod(0o711)
    free = shutil.disk_usage(home).free
    if free < n_tiles * BYTES_PER_TILE:
        raise SystemExit(
            f"{n_tiles} tiles need {n_tiles * BYTES_PER_TILE / 1e9:.0f} GB, but {home} has {free / 1e9:.0f} GB; "
            "use --folder or --tiles"
        )
    try:
        _run(home, n_tiles, echo)
    finally:
        cluster.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _run(home: Path, n_tiles: int, echo: Echo) -> None:
    cities = synthetic_cities(REAL_TILES, n_tiles)
    started = time.perf_counter()
    cells = assign_cells(cities)
    n_tiles = sum(map(len, cells.values()))
    echo(f"{len(cities)} cities, {n_tiles} tiles planned in {time.perf_counter() - started:.1f} s")
    settings = Settings(home)
    migrate(settings)
    with connect(settings, "etl", autocommit=True) as conn:
        write_cities(conn, cities)
    with connect(settings) as conn:
        (data,) = conn.execute("SHOW data_directory").fetchone() or ("",)
    with tqdm(total=n_tiles, desc="generate", unit="tile") as bar:
        write_work_files(home, cities, cells, bar.update)
    with connect(settings, "etl", autocommit=True) as conn:
        conn.execute(MARK_STAGES_DONE, [date_range(PERIOD)])
    postmaster = int((Path(data) / "postmaster.pid").read_text().split("\n")[0])
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | {"TERRAKIN_HOME": str(home)}
    echo(f"{'stage':<12}{'s':>8}{'tiles/s':>10}{'cpu s':>9}{'peak MiB':>10}")
    costs = []
    for stage in STAGES:
        costs.append(cost_of(list(stage), environment, postmaster))
        echo(_line(stage[1], costs[-1], n_tiles))
    total = Cost(sum(c.seconds for c in costs), sum(c.cpu_seconds for c in costs), max(c.peak_mib for c in costs))
    echo(_line("all", total, n_tiles))
    with connect(settings) as conn:
        tiles, missing, aggregates, thumbnails, keys, size = conn.execute(COUNTS).fetchone() or (0,) * 6
    echo(
        f"tables: {tiles} tiles ({missing} without UMAP position), {aggregates} aggregates, {thumbnails} thumbnails of "
        f"{size:.0f} bytes, {keys} keys; "
        f"load average {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores"
    )


def _line(stage: str, cost: Cost, n_tiles: int) -> str:
    return (
        f"{stage:<12}{cost.seconds:>8.0f}{n_tiles / cost.seconds:>10.0f}{cost.cpu_seconds:>9.0f}{cost.peak_mib:>10.0f}"
    )
