"""Stage embed: composites to patch embeddings, kept as ``patches.zarr``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from etl.cities.city import City
from etl.cities.grid import Cell, tile_id
from etl.encoders.batching import N_CORES
from etl.encoders.encoder import Encoder
from etl.encoders.validity import MIN_PATCH_VALID_SHARE, patch_valid_share
from etl.errors import ImageryError
from etl.store.composites import read_chips
from etl.store.work_files import COMPOSITE, PATCHES, read_attributes, write_arrays
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


def run(job: Job, encoder: Encoder, min_valid_share: float) -> list[str]:
    """Embed the composites whose patches are missing. Return one line per city that failed.

    Args:
        job: the cities and their period.
        encoder: the encoder.
        min_valid_share: tiles with a lower share of valid pixels are left out.
    """
    wanted: dict[int, str | None] = {}
    for city in job.cities:
        source = job.made_from(city.city_id, COMPOSITE)
        wanted[city.city_id] = source and fingerprint(source, encoder.name, encoder.weights_sha256, min_valid_share)

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        return _embed(job, encoder, min_valid_share, city, made_from, advance)

    return walk_cities(job, "embed", "tile", wanted, PATCHES, work)


def _embed(
    job: Job, encoder: Encoder, min_valid_share: float, city: City, made_from: str, advance: Advance
) -> Mapping[str, Any]:
    cells, covered = job.cells[city.city_id], _covered_share(job, city)
    batches = list(_batches(job, city, encoder, min_valid_share, advance))
    if not batches:
        raise ImageryError(_why_none(city, covered, min_valid_share))
    used = {cell for batch in batches for cell in batch.cells}
    n_uncovered = sum(
        cell not in used and share < min_valid_share for cell, share in zip(cells, covered.tolist(), strict=True)
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
    return {
        "n_tiles": len(ids),
        "n_tiles_too_cloudy": len(cells) - len(ids) - n_uncovered,
        "n_tiles_uncovered": n_uncovered,
        "min_valid_share": min_valid_share,
        "runtime": encoder.runtime,
    }


def _covered_share(job: Job, city: City) -> np.ndarray:
    """Return the share of each tile of which there is imagery, cloud or not; 1 if the composite does not record it."""
    attributes = read_attributes(job.path(city.city_id, COMPOSITE)) or {}
    shares, cells = attributes.get("covered_share"), job.cells[city.city_id]
    if shares is None:
        return np.ones(len(cells))
    top, left = attributes["top_row"], attributes["left_col"]
    return np.array([shares[top - cell.row][cell.col - left] for cell in cells])


def _why_none(city: City, covered: np.ndarray, min_valid_share: float) -> str:
    """Return why no tile of a city is embedded, and what to do."""
    best = float(covered.max())
    if best < min_valid_share:
        return (
            f"imagery covers {best:.0%} of a tile of {city.name} at most, and {min_valid_share:.0%} are needed; lower "
            "--min-valid-share"
        )
    return (
        f"no tile of {city.name} has {min_valid_share:.0%} of its pixels clear; widen --period, raise "
        "--max-cloud-cover or lower --min-valid-share"
    )


def _batches(job: Job, city: City, encoder: Encoder, min_valid_share: float, advance: Advance) -> Iterator[_Batch]:
    """Embed the city's tiles batch by batch, without those that have too few valid pixels."""
    composite, cells = job.path(city.city_id, COMPOSITE), job.cells[city.city_id]
    for start in range(0, len(cells), BATCH_TILES):
        batch = cells[start : start + BATCH_TILES]
        chips = read_chips(composite, batch)
        patch_share = patch_valid_share(chips)
        # A tile whose valid pixels are scattered may have no valid patch, and then no vector.
        has_valid_patch = (patch_share >= MIN_PATCH_VALID_SHARE).any(axis=1)
        is_used = has_valid_patch & (patch_share.mean(axis=1) >= min_valid_share)
        if is_used.any():
            used = [cell for cell, is_in in zip(batch, is_used, strict=True) if is_in]
            yield _Batch(used, encoder.embed(chips[is_used], job.period.month).astype(np.float16), patch_share[is_used])
        advance(len(batch))
