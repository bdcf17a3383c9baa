"""Stage embed: composites to patch embeddings, kept as ``patches.zarr``; and the encoder that makes them."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from etl.cities.city import City
from etl.cities.grid import TILE_PX, Cell, tile_id
from etl.encoders.batching import N_CORES
from etl.encoders.encoder import Encoder
from etl.encoders.selection import found_filters, kept_filters
from etl.encoders.validity import MIN_TILE_VALID_SHARE, patch_valid_share
from etl.errors import EtlError
from etl.store.encoder import read_encoder, read_filters, write_filters
from etl.store.work_files import COMPOSITE, PATCHES, open_array, read_attributes, write_arrays
from etl.tasks.city_loop import Job, fingerprint, walk_cities
from etl.tasks.locks import one_at_a_time

log = logging.getLogger(__name__)

BATCH_TILES = 4 * N_CORES
"""Read at a time: enough for every core's batch."""
FIT_TILES = 400
"""Tiles from which mosaiks samples its filters; more change them little."""
FIT_SEED = 20150623


def fitted_encoder(job: Job) -> Encoder:
    """The mosaiks encoder: the kept one, else fitted to this run's composites and kept in the database.

    One process fits, the others wait for it and take its filters, on whichever machine they are.

    Raises:
        EncoderError: the filters of the database's vectors are not there any more.
    """
    from etl.encoders import mosaiks

    stored = read_encoder(job.conn)
    with one_at_a_time(job.conn, "fit"):
        home = job.settings.home
        encoder = found_filters(job.conn, home) if stored is None else kept_filters(job.conn, home, stored)
        if encoder is None:
            log.info("stage=fit event=started encoder=mosaiks")
            encoder = mosaiks.fit(_sample_chips(job), seed=FIT_SEED)
        if read_filters(job.conn) is None:
            write_filters(job.conn, encoder.weights_sha256, encoder.to_bytes())
    return encoder


def run(job: Job, encoder: Encoder) -> list[str]:
    """Embed the composites whose patches are missing. Returns one line a failed city."""
    wanted: dict[int, str | None] = {}
    for city in job.cities:
        source = job.made_from(city.city_id, COMPOSITE)
        wanted[city.city_id] = source and fingerprint(source, encoder.name, encoder.weights_sha256)

    def work(city: City, made_from: str, advance: Callable[[int], Any]) -> Mapping[str, Any]:
        return _embed(job, encoder, city, made_from, advance)

    return walk_cities(job, "embed", "tile", wanted, PATCHES, work)


def _embed(job: Job, encoder: Encoder, city: City, made_from: str, advance: Callable[[int], Any]) -> Mapping[str, Any]:
    cells = job.cells[city.city_id]
    embeddings, ids, patch_shares, tile_shares = [], [], [], []
    for batch in _batches(list(cells)):
        chips = read_chips(job.path(city.city_id, COMPOSITE), batch)
        patch_share = patch_valid_share(chips)
        tile_share = patch_share.mean(axis=1)
        used = tile_share >= MIN_TILE_VALID_SHARE
        if used.any():
            embeddings.append(encoder.embed(chips[used]).astype(np.float16))
            ids += [tile_id(cell, job.period.start) for cell, u in zip(batch, used, strict=True) if u]
            patch_shares.append(patch_share[used])
            tile_shares.append(tile_share[used])
        advance(len(batch))
    if not ids:
        raise EtlError(
            f"no tile of {city.name} has {MIN_TILE_VALID_SHARE:.0%} of its pixels clear; "
            "widen --period or raise --max-cloud-cover"
        )
    arrays: dict[str, np.ndarray] = {
        "tile_id": np.array(ids, np.int64),
        "embedding": np.concatenate(embeddings),
        "patch_valid_share": np.concatenate(patch_shares),
        "valid_share": np.concatenate(tile_shares),
    }
    attributes = {
        "made_from": made_from,
        "encoder": encoder.name,
        "weights": encoder.weights,
        "weights_sha256": encoder.weights_sha256,
        "runtime": encoder.runtime,
    }
    write_arrays(job.path(city.city_id, PATCHES), arrays, attributes)
    return {"n_tiles": len(ids), "n_tiles_too_cloudy": len(cells) - len(ids), "runtime": encoder.runtime}


def read_chips(path: Path, cells: Sequence[Cell]) -> np.ndarray:
    """Tiles cut out of the composite at a path: (n, 12, 224, 224) uint16, reflectance x 10000, 0 is nodata."""
    return np.stack(list(each_chip(path, cells)))


def each_chip(path: Path, cells: Sequence[Cell]) -> Iterator[np.ndarray]:
    """The same one by one: (12, 224, 224) each."""
    attributes = read_attributes(path)
    assert attributes is not None, "only cities with a composite have chips"
    reflectance = open_array(path, "reflectance")
    for cell in cells:
        y, x = (attributes["top_row"] - cell.row) * TILE_PX, (cell.col - attributes["left_col"]) * TILE_PX
        yield np.asarray(reflectance[:, y : y + TILE_PX, x : x + TILE_PX])


def _sample_chips(job: Job) -> Iterator[np.ndarray]:
    """Up to FIT_TILES tiles with enough clear pixels, spread over all composites; the same for the same composites."""
    places = [
        (city.city_id, cell)
        for city in job.cities
        if job.made_from(city.city_id, COMPOSITE)
        for cell in job.cells[city.city_id]
    ]
    chosen = np.random.default_rng(FIT_SEED).permutation(len(places))[:FIT_TILES]
    for city_id in sorted({places[i][0] for i in chosen}):
        cells = [places[i][1] for i in sorted(chosen) if places[i][0] == city_id]
        chips = read_chips(job.path(city_id, COMPOSITE), cells)
        yield from chips[patch_valid_share(chips).mean(axis=1) >= MIN_TILE_VALID_SHARE]


def _batches(cells: list[Cell]) -> Iterator[list[Cell]]:
    for i in range(0, len(cells), BATCH_TILES):
        yield cells[i : i + BATCH_TILES]
