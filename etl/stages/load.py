"""Stage load: tile vectors into ``terrakin.tiles``, one transaction a city."""

from collections.abc import Callable, Mapping
from typing import Any

from etl.cities import City
from etl.grid import cell_and_month
from etl.stages import Job, walk_cities
from etl.stages.aggregate import METHODS
from etl.store import CityTiles, write_tiles
from etl.work import COMPOSITE, VECTORS, read_array, read_attributes

COMPOSITE_COLUMNS = (
    "stac_url", "collection", "is_synthetic", "item_ids", "max_cloud_cover", "valid_share", "min_looks", "median_looks",
    "search_steps", "scenes",
)  # fmt: skip


def run(job: Job) -> list[str]:
    """Load the vectors that are not in the database as they are. Returns one line a failed city."""
    wanted = {city.city_id: job.made_from(city.city_id, VECTORS) for city in job.cities}

    def work(city: City, made_from: str, advance: Callable[[int], Any]) -> Mapping[str, Any]:
        tiles = _read(job, city)
        write_tiles(job.conn, tiles)
        advance(1)
        return {"n_tiles": len(tiles.cells)}

    return walk_cities(job, "load", "city", wanted, None, work)


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
