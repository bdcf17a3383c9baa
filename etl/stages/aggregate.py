"""Stage aggregate: patch embeddings to one vector per tile and aggregation, kept as ``vectors.zarr``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from etl.cities.city import City
from etl.errors import WorkFileError
from etl.store.encoder import read_encoder
from etl.store.patches import chunks, encoder_of, read_patches
from etl.store.work_files import PATCHES, VECTORS, read_array, write_arrays
from etl.tasks.city_loop import Advance, walk_cities
from etl.tasks.job import Job, fingerprint
from etl.tasks.parallel import by_cores
from etl.vectors.aggregation import AGGREGATIONS, VERSION, TileVectors, aggregate
from etl.vectors.post_processing import PostProcessing


def fingerprints(job: Job, processing: PostProcessing) -> dict[int, str | None]:
    """Return the fingerprint of the inputs of each city's vectors; None if its patches are missing."""
    processing_id = fingerprint(processing.to_json())
    made_from = {city.city_id: job.made_from(city.city_id, PATCHES) for city in job.cities}
    return {city_id: source and fingerprint(source, processing_id, VERSION) for city_id, source in made_from.items()}


def run(job: Job, processing: PostProcessing) -> list[str]:
    """Aggregate the patches whose vectors are missing. Return one line per city that failed."""

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        return _aggregate(job, processing, city, made_from, advance)

    return walk_cities(job, "aggregate", "tile", fingerprints(job, processing), VECTORS, work)


def _aggregate(job: Job, processing: PostProcessing, city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
    path = job.path(city.city_id, PATCHES)
    check_encoder_of(job, path)
    parts = []
    for part in aggregate_file(path, processing):
        parts.append(part)
        advance(len(part.mean))
    names = (*AGGREGATIONS, "dominant_share", "dominant_patches")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    arrays |= {name: read_array(path, name) for name in ("tile_id", "valid_share")}
    write_arrays(job.path(city.city_id, VECTORS), arrays, {"made_from": made_from})
    return {"n_tiles": len(arrays["tile_id"])}


def aggregate_file(path: Path, processing: PostProcessing) -> Iterator[TileVectors]:
    """Yield the vectors of the tiles of a ``patches.zarr``, chunk by chunk in their order, computed on all cores."""
    batches = [(path, tiles, processing) for tiles in chunks(path)]
    return by_cores(_vectors, batches, batches[-1][1].stop)


def _vectors(path: Path, tiles: slice, processing: PostProcessing) -> TileVectors:
    patches, is_valid = read_patches(path, tiles)
    return aggregate(processing.apply(patches), is_valid, processing.texture)


def check_encoder_of(job: Job, path: Path) -> None:
    """Raise if patches were made by another encoder than the recorded one.

    Raises:
        WorkFileError: they were made before it was recorded, or on another machine.
    """
    stored, (name, weights, sha256) = read_encoder(job.conn), encoder_of(path)
    if stored is not None and (stored.name, stored.weights_sha256) != (name, sha256):
        raise WorkFileError(
            f"its patches were made by {name} ({weights}, {sha256[:12]}), the database's vectors by {stored.name} "
            f"({stored.weights}, {stored.weights_sha256[:12]}); embed it again with that encoder"
        )
