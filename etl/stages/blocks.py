"""Stage blocks: patch embeddings to one vector per block of 320 m, kept as ``blocks.zarr``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from etl.cities.blocks import block_ids
from etl.cities.city import City
from etl.stages.aggregate import check_encoder_of
from etl.store.patches import chunks, read_patches
from etl.store.work_files import BLOCKS, PATCHES, open_array, write_arrays
from etl.tasks.city_loop import Advance, walk_cities
from etl.tasks.job import Job, fingerprint
from etl.tasks.parallel import by_threads
from etl.vectors.blocks import VERSION, block_vectors
from etl.vectors.post_processing import PostProcessing


def fingerprints(job: Job, processing: PostProcessing) -> dict[int, str | None]:
    """Return the fingerprint of the inputs of each city's blocks; None if its patches are missing."""
    processing_id = fingerprint(processing.to_json())
    made_from = {city.city_id: job.made_from(city.city_id, PATCHES) for city in job.cities}
    return {
        city_id: source and fingerprint(source, processing_id, "blocks", VERSION)
        for city_id, source in made_from.items()
    }


def run(job: Job, processing: PostProcessing) -> list[str]:
    """Make the blocks that are missing. Return one line per city that failed."""

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        return _make_blocks(job, processing, city, made_from, advance)

    return walk_cities(job, "blocks", "tile", fingerprints(job, processing), BLOCKS, work)


def _make_blocks(
    job: Job, processing: PostProcessing, city: City, made_from: str, advance: Advance
) -> Mapping[str, Any]:
    path = job.path(city.city_id, PATCHES)
    check_encoder_of(job, path)
    parts = []
    for part, n_tiles in blocks_of_file(path, processing):
        parts.append(part)
        advance(n_tiles)
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    write_arrays(job.path(city.city_id, BLOCKS), arrays, {"made_from": made_from})
    return {"n_blocks": len(arrays["block_id"])}


def blocks_of_file(path: Path, processing: PostProcessing) -> Iterator[tuple[dict[str, np.ndarray], int]]:
    """Yield the arrays of ``blocks.zarr`` for each chunk of a ``patches.zarr`` in its order, and its number of tiles.

    The arrays are block_id int64, valid_share float32 and embedding float16.
    """
    parts = chunks(path)
    made = by_threads(_blocks, ((path, tiles, processing) for tiles in parts))
    yield from zip(made, (tiles.stop - tiles.start for tiles in parts), strict=True)


def _blocks(path: Path, tiles: slice, processing: PostProcessing) -> dict[str, np.ndarray]:
    tile_ids, share = (np.asarray(open_array(path, name)[tiles]) for name in ("tile_id", "patch_valid_share"))
    made = block_vectors(*read_patches(path, tiles), share, processing)
    return {
        "block_id": block_ids(tile_ids[made.tile], made.number),
        "valid_share": made.valid_share,
        "embedding": made.embedding.astype(np.float16),
    }
