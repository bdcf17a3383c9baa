"""Stage load: tile vectors into ``terrakin.tiles``, with the keys of tiles and blocks; one transaction per city."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from etl.cities.city import City
from etl.cities.grid import cell_and_month
from etl.errors import WorkFileError
from etl.stages import aggregate, blocks
from etl.store.blocks import CityBlocks
from etl.store.encoder import post_processing_version, read_encoder
from etl.store.tiles import CityTiles, write_tiles
from etl.store.work_files import BLOCKS, COMPOSITE, VECTORS, read_array, read_attributes
from etl.tasks.city_loop import Advance, walk_cities
from etl.tasks.job import Job, fingerprint
from etl.vectors.aggregation import AGGREGATIONS

log = logging.getLogger(__name__)

COMPOSITE_COLUMNS = (
    "stac_url", "collection", "is_synthetic", "item_ids", "max_cloud_cover", "valid_share", "min_observations",
    "median_observations", "search_steps", "scenes",
)  # fmt: skip
TERMS: Mapping[str, Any] = {"is_date_known": True, "licences": [], "attributions": []}
"""Further columns, and their values for a composite made before they were recorded."""


def run(job: Job) -> list[str]:
    """Load the tiles and blocks that are not in the database as they are. Return one line per city that failed.

    Raises:
        EmptyDatabaseError: no encoder is recorded.
    """
    made_from = {city.city_id: _made_from(job, city.city_id) for city in job.cities}
    load = _loader(job)

    def work(city: City, _: str, advance: Advance) -> Mapping[str, Any]:
        detail = load(city)
        advance(1)
        return detail

    return walk_cities(job, "load", "city", made_from, None, work)


def run_all(job: Job) -> None:
    """Load all cities of the job in the caller's transaction, whatever the ledger contains, and enter them there.

    No task is claimed: another process that loads one of the cities waits for the transaction, and then fails.

    Raises:
        WorkFileError: vectors were not made with the recorded post-processing.
    """
    load = _loader(job)
    with job.bar("load", "city", len(job.cities)) as bar:
        for city in job.cities:
            log.info("stage=load city_id=%d event=started", city.city_id)
            detail = load(city) | {"made_from": _made_from(job, city.city_id)}
            job.ledger.finish("load", city.city_id, detail)
            bar.update()


def _made_from(job: Job, city_id: int) -> str | None:
    """Return the fingerprint of what a city is loaded from; None if a work file is missing."""
    parts = [job.made_from(city_id, name) for name in (VECTORS, BLOCKS)]
    return None if None in parts else fingerprint(*parts)


def _loader(job: Job) -> Callable[[City], dict[str, Any]]:
    """Return a function that loads a city's vectors, or raises if the recorded post-processing did not make them."""
    with job.conn.transaction():
        version, stored = post_processing_version(job.conn), read_encoder(job.conn)
    assert stored is not None
    comparable = [
        ("vectors", VECTORS, "aggregate", aggregate.fingerprints(job, stored.post_processing)),
        ("blocks", BLOCKS, "blocks", blocks.fingerprints(job, stored.post_processing)),
    ]

    def load(city: City) -> dict[str, Any]:
        for what, file, stage, wanted in comparable:
            if job.made_from(city.city_id, file) != wanted[city.city_id]:
                raise WorkFileError(
                    f"its {what} were not made with the recorded post-processing; run `terrakin etl {stage}` first"
                )
        tiles = _read(job, city)
        write_tiles(job.conn, tiles, version)
        return {"n_tiles": len(tiles.cells), "n_blocks": len(tiles.blocks.block_ids)}

    return load


def _read(job: Job, city: City) -> CityTiles:
    path, of_blocks = (job.path(city.city_id, name) for name in (VECTORS, BLOCKS))
    attributes = read_attributes(job.path(city.city_id, COMPOSITE)) or {}
    return CityTiles(
        city_id=city.city_id,
        period=job.period,
        composite={name: attributes[name] for name in COMPOSITE_COLUMNS}
        | {name: attributes.get(name, default) for name, default in TERMS.items()},
        cells=[cell_and_month(int(number))[0] for number in read_array(path, "tile_id")],
        valid_share=read_array(path, "valid_share"),
        dominant_share=read_array(path, "dominant_share"),
        dominant_patches=read_array(path, "dominant_patches"),
        vectors={name: read_array(path, name) for name in AGGREGATIONS},
        blocks=CityBlocks(*(read_array(of_blocks, name) for name in ("block_id", "valid_share", "embedding"))),
    )
