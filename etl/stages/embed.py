"""Stage embed: composites to patch embeddings, kept as ``patches.zarr``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from etl.cities.city import City
from etl.cities.grid import Cell, tile_id
from etl.encoders.batching import N_CORES
from etl.encoders.encoder import Encoder
from etl.encoders.validity import MIN_TILE_VALID_SHARE, patch_valid_share
from etl.errors import ImageryError
from etl.store.composites import read_chips
from etl.store.work_files import COMPOSITE, PATCHES, write_arrays
from etl.tasks.city_loop import Advance, walk_cities
from etl.tasks.job import Job, fingerprint

BATCH_TILES = 4 * N_CORES
"""Number of tiles read at a time: enough for a batch on every core."""


@dataclass(frozen=True)
class _Batch:
    """The tiles of a batch that have enough valid pixels."""

    cells: list[Cell]
    embedding: np.ndarray
    patch_valid_share: np.ndarray


def run(job: Job, encoder: Encoder) -> list[str]:
    """Embed the composites whose patches are missing. Return one line per city that failed."""
    wanted: dict[int, str | None] = {}
    for city in job.cities:
        source = job.made_from(city.city_id, COMPOSITE)
        wanted[city.city_id] = source and fingerprint(source, encoder.name, encoder.weights_sha256)

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        return _embed(job, encoder, city, made_from, advance)

    return walk_cities(job, "embed", "tile", wanted, PATCHES, work)


def _embed(job: Job, encoder: Encoder, city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
    cells = job.cells[city.city_id]
    batches = list(_batches(job, city, encoder, advance))
    if not batches:
        raise ImageryError(
            f"no tile of {city.name} has {MIN_TILE_VALID_SHARE:.0%} of its pixels clear; "
            "widen --period or raise --max-cloud-cover"
        )
    patch_share = np.concatenate([batch.patch_valid_share for batch in batches])
    ids = [tile_id(cell, job.period.start) for batch in batches for cell in batch.cells]
    arrays: dict[str, np.ndarray] = {
        "tile_id": np.array(ids, np.int64),
        "embedding": np.concatenate([batch.embedding for batch in batches]),
        "patch_valid_share": patch_share,
        "valid_share": patch_share.mean(axis=1),
    }
    attributes = {
        "made_from": made_from,
        "encoder": encoder.name,
        "default_method": encoder.default_method,
        "weights": encoder.weights,
        "weights_sha256": encoder.weights_sha256,
        "runtime": encoder.runtime,
    }
    write_arrays(job.path(city.city_id, PATCHES), arrays, attributes)
    return {"n_tiles": len(ids), "n_tiles_too_cloudy": len(cells) - len(ids), "runtime": encoder.runtime}


def _batches(job: Job, city: City, encoder: Encoder, advance: Advance) -> Iterator[_Batch]:
    """Embed the city's tiles batch by batch, without those that have too few valid pixels."""
    composite, cells = job.path(city.city_id, COMPOSITE), job.cells[city.city_id]
    for start in range(0, len(cells), BATCH_TILES):
        batch = cells[start : start + BATCH_TILES]
        chips = read_chips(composite, batch)
        patch_share = patch_valid_share(chips)
        is_used = patch_share.mean(axis=1) >= MIN_TILE_VALID_SHARE
        if is_used.any():
            used = [cell for cell, is_in in zip(batch, is_used, strict=True) if is_in]
            yield _Batch(used, encoder.embed(chips[is_used], job.period.month).astype(np.float16), patch_share[is_used])
        advance(len(batch))
