"""`terrakin bench composite`: peak memory of all processes, and time, for the composite of one large city."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil
import pystac
import shapely
from pyproj import Transformer
from shapely import MultiPolygon, box

from etl.cities.city import City
from etl.cities.grid import TILE_M, assign_cells, city_geobox, tiles_in_box
from etl.demo.scene_writer import NATIVE_RESOLUTION_M, SCL_RESOLUTION_M, Scene, write_scene
from etl.imagery.composite import examine_all, load_composite
from etl.imagery.dask_cluster import client_class, local_cluster
from etl.imagery.selection import select_scenes
from etl.imagery.stac.catalogue import Source, find_scenes
from etl.period import Period

SRID, LEFT, BOTTOM = 32633, 180 * TILE_M, 2450 * TILE_M
MARGIN_M = 240
FIRST = date(2024, 6, 1)
LIMIT_GB = 4
POLL_S = 0.1


@dataclass
class Peak:
    """Peak memory of this process and all its children together, in bytes."""

    n_bytes: int = 0


@contextmanager
def watched() -> Iterator[Peak]:
    """Sample resident memory, summed over all processes, ten times per second."""
    peak, ended, this = Peak(), threading.Event(), psutil.Process()

    def watch() -> None:
        while not ended.wait(POLL_S):
            total = 0
            for process in (this, *this.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak.n_bytes = max(peak.n_bytes, total)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def run_composite(side_km: int, n_dates: int, n_workers: int, echo: Callable[[str], None]) -> float:
    """Print a line of figures and return the peak in GB."""
    n_tiles = round(side_km * 1000 / TILE_M)
    with tempfile.TemporaryDirectory(prefix="terrakin-bench-") as folder:
        path = _write_catalogue(Path(folder), n_tiles, n_dates)
        city = _city(n_tiles)
        cells = assign_cells([city])[city.city_id]
        geobox = city_geobox(cells)
        source = Source(str(path), None, Period(FIRST, FIRST + timedelta(n_dates)))
        with (
            watched() as peak,
            local_cluster(n_workers) as cluster,
            client_class()(cluster),
        ):
            started = time.perf_counter()
            selected = select_scenes(
                find_scenes(source, city).items, source, city.lon, tiles_in_box(cells),
                lambda items: examine_all(items, geobox),
            )  # fmt: skip
            composite = load_composite(selected.scenes, geobox, city.lon)
            seconds = time.perf_counter() - started
    bare_gb = len(selected.scenes) * composite.reflectance.nbytes / 1e9
    echo(
        f"{len(cells)} tiles ({side_km} x {side_km} km), {len(selected.scenes)} dates of synthetic scenes, {n_workers} "
        f"workers: {seconds:.0f} s, peak {peak.n_bytes / 1e9:.2f} GB over all processes (limit {LIMIT_GB}; all "
        f"observations at once would take {bare_gb:.1f} GB)"
    )
    return peak.n_bytes / 1e9


def _city(n_tiles: int) -> City:
    reach = n_tiles * TILE_M
    corners = box(LEFT + 200, BOTTOM + 200, LEFT + reach - 200, BOTTOM + reach - 200).segmentize(1000)
    to_degrees = Transformer.from_crs(SRID, 4326, always_xy=True)
    area = MultiPolygon([shapely.transform(corners, lambda xy: np.column_stack(to_degrees.transform(*xy.T)))])
    return City(-1, "Large (synthetic)", "DE", "Germany", "Europe", None, area.centroid.x, area.centroid.y, area, True)


def _write_catalogue(root: Path, n_tiles: int, n_dates: int) -> Path:
    """Write one scene, a fifth of it cloudy, that every date refers to: the figures do not depend on the pixels."""
    rng = np.random.default_rng(1)
    side_m = n_tiles * TILE_M + 2 * MARGIN_M
    side_m += -side_m % 60
    bands = {
        name: rng.integers(300, 4000, (side_m // metres, side_m // metres), dtype=np.uint16)
        for name, metres in NATIVE_RESOLUTION_M.items()
    }
    scl = np.full((side_m // SCL_RESOLUTION_M, side_m // SCL_RESOLUTION_M), 4, np.uint8)
    scl[: len(scl) // 5] = 9
    acquired_at = datetime(FIRST.year, FIRST.month, FIRST.day, 10, tzinfo=UTC)
    x, y = LEFT - MARGIN_M, BOTTOM + n_tiles * TILE_M + MARGIN_M
    item = write_scene(root / "scene", Scene("scene", acquired_at, SRID, x, y, bands, scl, True), "synthetic")
    catalogue = pystac.Catalog("bench", "SYNTHETIC noise")
    extent = pystac.Extent(pystac.SpatialExtent([-180, -90, 180, 90]), pystac.TemporalExtent([None, None]))
    collection = pystac.Collection("synthetic", "SYNTHETIC noise", extent)
    catalogue.add_child(collection)
    for day in range(n_dates):
        dated = item.clone()
        dated.id, dated.datetime = f"scene-{day}", acquired_at + timedelta(day)
        collection.add_item(dated)
    catalogue.normalize_and_save(str(root / "stac"), pystac.CatalogType.ABSOLUTE_PUBLISHED)
    return root / "stac" / "catalog.json"
