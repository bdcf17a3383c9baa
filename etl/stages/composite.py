"""Stage composite: the scenes of each city to one cloud-free median, kept as ``composite.zarr``."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pystac

from etl.addresses import without_secrets
from etl.cities.city import City
from etl.cities.grid import TILE_PX, Cell, city_geobox, tiles_in_box
from etl.errors import ImageryError, OriginError, UnreadableFileError
from etl.imagery.composite import Composite, examine_all, load_composite
from etl.imagery.dask_cluster import DaskOptions, open_cluster
from etl.imagery.selection import Scene, Selection, describe, scene_of, select_scenes
from etl.imagery.sentinel2 import BANDS, truth
from etl.imagery.stac.catalogue import Candidates, SceneFinder, Source
from etl.store.work_files import COMPOSITE, write_arrays
from etl.tasks.city_loop import Advance, walk_cities
from etl.tasks.job import Job, fingerprint

log = logging.getLogger(__name__)

CITIES_AT_ONCE = 2
"""While the blocks of one city are computed, the scenes of the next are searched and the last composite is written."""


def run(job: Job, source: Source, ensure_cluster: Callable[[], None]) -> list[str]:
    """Make the composites that are missing. Return one line per city that failed.

    Args:
        job: the cities and their period.
        source: where scenes are searched.
        ensure_cluster: from ``lazy_cluster``.
    """
    wanted = {
        city.city_id: fingerprint(
            without_secrets(source.stac),
            source.collection,
            source.max_cloud_cover,
            source.widen_days,
            [vars(c) for c in job.cells[city.city_id]],
        )
        for city in job.cities
    }
    scenes, one_at_a_time = SceneFinder(source), threading.Lock()

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        with one_at_a_time:
            candidates = scenes.find(city)
            _check_origin(candidates, city)
            ensure_cluster()
        detail = _compose(job, source, city, candidates, made_from)
        advance(1)
        return detail

    return walk_cities(job, "composite", "city", wanted, COMPOSITE, work, CITIES_AT_ONCE)


def _check_origin(candidates: Candidates, city: City) -> None:
    """Raise if imagery and city do not have the same origin, as far as the imagery declares one.

    Raises:
        OriginError: synthetic imagery of a real city, or real imagery of a synthetic town.
    """
    if candidates.is_synthetic is None or candidates.is_synthetic == city.is_synthetic:
        return
    declared, expected = ("synthetic", "real") if candidates.is_synthetic else ("real", "synthetic")
    raise OriginError(
        f"collection {candidates.collection} of {candidates.stac_url} is {declared}, {city.name} is {expected}; take "
        "imagery of the same origin, or correct is_synthetic in the city file"
    )


def _compose(job: Job, source: Source, city: City, candidates: Candidates, made_from: str) -> Mapping[str, Any]:
    selected, composite = _load(job, source, city, candidates)
    log.info(
        "stage=composite city_id=%d scenes=%d peak_memory_mb=%d",
        city.city_id, len(selected.scenes), round(composite.peak_memory_bytes / 1e6),
    )  # fmt: skip
    cells = job.cells[city.city_id]
    valid_share = float((composite.n_clear > 0).mean())
    attributes = {
        "made_from": made_from,
        "stac_url": candidates.stac_url,
        "collection": candidates.collection,
        "is_synthetic": city.is_synthetic,
        **_provenance(selected),
        **_terms(selected, candidates.licence),
        "covered_share": selected.covered_share(),
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


def _load(job: Job, source: Source, city: City, candidates: Candidates) -> tuple[Selection, Composite]:
    """Select scenes and composite them on the Dask cluster."""
    from distributed import KilledWorker

    try:
        return _select_and_load(source, city, candidates, job.cells[city.city_id])
    except KilledWorker as error:
        raise ImageryError(
            f"Dask workers died repeatedly while processing {city.name} ({error}); check that memory is sufficient"
        ) from error


def _select_and_load(
    source: Source, city: City, candidates: Candidates, cells: Sequence[Cell]
) -> tuple[Selection, Composite]:
    """Select again, without the scene, whenever a file proves to be damaged at full resolution."""
    geobox = city_geobox(cells)
    examined: dict[str, Scene] = {}

    def examine_new(items: Sequence[pystac.Item]) -> list[Scene]:
        new = [item for item in items if item.id not in examined]
        examined.update({scene.item.id: scene for scene in examine_all(new, geobox)})
        return [examined[item.id] for item in items]

    while True:
        selected = select_scenes(candidates.items, source, city.lon, tiles_in_box(cells), examine_new)
        try:
            return selected, load_composite(selected.scenes, geobox, city.lon)
        except UnreadableFileError as error:
            scene = scene_of(error.address, selected.scenes)
            examined[scene.item.id] = replace(scene, refused=str(error), is_denied=error.is_denied)


def _provenance(selected: Selection) -> Mapping[str, Any]:
    """Return what terrakin.composites records of the search."""
    last = selected.steps[-1]
    return {
        "item_ids": [scene.item.id for scene in selected.scenes],
        "max_cloud_cover": last.max_cloud_cover,
        "search_steps": [vars(step) | {"start": str(step.start), "end": str(step.end)} for step in selected.steps],
        "scenes": [describe(scene) for scene in (*selected.scenes, *selected.refused)],
    }


def _terms(selected: Selection, licence: str | None) -> Mapping[str, Any]:
    """Return what terrakin.composites records of dates, licences and attributions; items go before their collection."""
    properties = [scene.item.properties for scene in selected.scenes]
    return {
        "is_date_known": all(truth(found.get("terrakin:is_date_known", True)) for found in properties),
        "licences": sorted({found.get("license") or licence for found in properties} - {None}),
        "attributions": sorted({found["attribution"] for found in properties if found.get("attribution")}),
    }


@contextmanager
def lazy_cluster(options: DaskOptions) -> Iterator[Callable[[], None]]:
    """Give a function that opens the Dask cluster on its first call, so that a run with nothing to do opens none."""
    opened: list[Any] = []

    def ensure() -> None:
        if not opened:
            opened.extend(open_cluster(options))
            log.info("stage=composite event=dask_started")

    try:
        yield ensure
    finally:
        for resource in opened:
            resource.close()
