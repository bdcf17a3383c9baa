"""Stage load: tile vectors into ``terrakin.tiles``, one transaction a city."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from etl.cities.city import City
from etl.cities.grid import cell_and_month
from etl.errors import EncoderError
from etl.stages.aggregate import METHODS, fingerprints
from etl.store.encoder import post_processing_version, read_encoder
from etl.store.tiles import CityTiles, write_tiles
from etl.store.work_files import COMPOSITE, VECTORS, read_array, read_attributes
from etl.tasks.city_loop import Job, walk_cities

log = logging.getLogger(__name__)

COMPOSITE_COLUMNS = (
    "stac_url", "collection", "is_synthetic", "item_ids", "max_cloud_cover", "valid_share", "min_observations", "median_observations",
    "search_steps", "scenes",
)  # fmt: skip


def run(job: Job) -> list[str]:
    """Load the vectors that are not in the database as they are. Returns one line a failed city.

    Raises:
        EncoderError: no encoder is recorded.
    """
    made_from = {city.city_id: job.made_from(city.city_id, VECTORS) for city in job.cities}
    load = _loader(job)

    def work(city: City, _: str, advance: Callable[[int], Any]) -> Mapping[str, Any]:
        detail = load(city)
        advance(1)
        return detail

    return walk_cities(job, "load", "city", made_from, None, work)


def run_all(job: Job) -> None:
    """Load all of the job's cities within the caller's transaction, whatever the ledger says, and enter them there.

    Nothing is claimed: another process that is at one of them waits for the transaction, and then is refused.

    Raises:
        EncoderError: vectors were not made with the recorded post-processing.
    """
    load = _loader(job)
    with job.bar("load", "city", len(job.cities)) as bar:
        for city in job.cities:
            log.info("stage=load city_id=%d event=started", city.city_id)
            detail = load(city) | {"made_from": job.made_from(city.city_id, VECTORS)}
            job.ledger.finish("load", city.city_id, detail)
            bar.update()


def _loader(job: Job) -> Callable[[City], dict[str, Any]]:
    """What loads a city's vectors, or refuses those that the recorded post-processing did not make."""
    with job.conn.transaction():
        version, stored = post_processing_version(job.conn), read_encoder(job.conn)
    assert stored is not None
    comparable = fingerprints(job, stored.post_processing)

    def load(city: City) -> dict[str, Any]:
        if job.made_from(city.city_id, VECTORS) != comparable[city.city_id]:
            raise EncoderError("its vectors were not made as the database's are; run `terrakin etl aggregate` first")
        tiles = _read(job, city)
        write_tiles(job.conn, tiles, version)
        return {"n_tiles": len(tiles.cells)}

    return load


def _read(job: Job, city: City) -> CityTiles:
    path = job.path(city.city_id, VECTORS)
    attributes = read_attributes(job.path(city.city_id, COMPOSITE)) or {}
    return CityTiles(
        city_id=city.city_id,
        period=job.period,
        composite={name: attributes[name] for name in COMPOSITE_COLUMNS},
        cells=[cell_and_month(int(number))[0] for number in read_array(path, "tile_id")],
        valid_share=read_array(path, "valid_share"),
        dominant_share=read_array(path, "dominant_share"),
        dominant_patches=read_array(path, "dominant_patches"),
        vectors={method: read_array(path, method) for method in METHODS},
    )
