"""Stage composite: scenes of each city to one cloud-free median, kept as ``composite.zarr``."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from etl.cities.city import City
from etl.cities.grid import TILE_PX, city_geobox, tiles_in_box
from etl.errors import EtlError, ImageryError
from etl.imagery.catalogue import Source, find_scenes
from etl.imagery.composite import examine_all, load_composite
from etl.imagery.dask_cluster import client_class, local_cluster
from etl.imagery.selection import Selection, describe, select_scenes
from etl.imagery.sentinel2 import BANDS
from etl.store.work_files import COMPOSITE, write_arrays
from etl.tasks.city_loop import Job, fingerprint, walk_cities

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DaskOptions:
    """Where imagery is computed.

    Attributes:
        scheduler: ``tcp://host:port`` of a running Dask scheduler; None starts a local cluster of processes.
        n_workers: processes of the local cluster.
    """

    scheduler: str | None = None
    n_workers: int = 2


def run(job: Job, source: Source, dask_options: DaskOptions) -> list[str]:
    """Make the composites that are missing. Returns one line a failed city."""
    wanted = {
        city.city_id: fingerprint(
            source.stac,
            source.collection,
            source.max_cloud_cover,
            source.widen_days,
            [vars(c) for c in job.cells[city.city_id]],
        )
        for city in job.cities
    }
    with _lazy_client(dask_options) as ensure_client:

        def work(city: City, made_from: str, advance: Callable[[int], Any]) -> Mapping[str, Any]:
            ensure_client()
            detail = _compose(job, source, city, made_from)
            advance(1)
            return detail

        return walk_cities(job, "composite", "city", wanted, COMPOSITE, work)


def _compose(job: Job, source: Source, city: City, made_from: str) -> Mapping[str, Any]:
    from distributed import KilledWorker

    candidates = find_scenes(source, city)
    cells = job.cells[city.city_id]
    geobox = city_geobox(cells)
    try:
        selected = select_scenes(
            candidates.items, source, city.lon, tiles_in_box(cells), lambda items: examine_all(items, geobox)
        )
        composite = load_composite(selected.scenes, geobox, city.lon)
    except KilledWorker as error:
        raise ImageryError(f"Dask workers died again and again over {city.name} ({error}); is memory short?") from error
    valid_share = float((composite.n_clear > 0).mean())
    peak_memory_mb = round(composite.peak_memory_bytes / 1e6)
    log.info(
        "stage=composite city_id=%d scenes=%d peak_memory_mb=%d", city.city_id, len(selected.scenes), peak_memory_mb
    )
    attributes = {
        "made_from": made_from,
        "stac_url": candidates.stac_url,
        "collection": candidates.collection,
        "is_synthetic": candidates.is_synthetic,
        **_provenance(selected),
        "valid_share": valid_share,
        "min_observations": int(composite.n_clear.min()),
        "median_observations": float(np.median(composite.n_clear)),
        "srid": cells[0].srid,
        "transform": list(composite.geobox.affine)[:6],
        "bands": list(BANDS),
        "top_row": max(c.row for c in cells),
        "left_col": min(c.col for c in cells),
    }
    arrays = {"reflectance": composite.reflectance, "n_clear": composite.n_clear}
    write_arrays(job.path(city.city_id, COMPOSITE), arrays, attributes, chunk=TILE_PX)
    return {
        "n_scenes": len(selected.scenes),
        "n_scenes_refused": len(selected.refused),
        "valid_share": round(valid_share, 4),
    }


def _provenance(selected: Selection) -> Mapping[str, Any]:
    """What terrakin.composites records of the search."""
    last = selected.steps[-1]
    return {
        "item_ids": [scene.item.id for scene in selected.scenes],
        "max_cloud_cover": last.max_cloud_cover,
        "search_steps": [vars(step) | {"start": str(step.start), "end": str(step.end)} for step in selected.steps],
        "scenes": [describe(scene) for scene in (*selected.scenes, *selected.refused)],
    }


@contextmanager
def _lazy_client(options: DaskOptions) -> Iterator[Callable[[], None]]:
    """Gives a function that starts (or joins) the Dask cluster at its first call; nothing to do, nothing started."""
    client = client_class()
    opened: list[Any] = []

    def ensure() -> None:
        if opened:
            return
        if options.scheduler:
            try:
                opened.append(client(options.scheduler, timeout="10s"))
            except OSError as error:
                raise EtlError(
                    f"no Dask scheduler answers at {options.scheduler}; start it, or leave --dask-scheduler out"
                ) from error
        else:
            cluster = local_cluster(options.n_workers)
            opened.extend((client(cluster), cluster))
        log.info("stage=composite event=dask_started")

    try:
        yield ensure
    finally:
        for resource in opened:
            resource.close()
