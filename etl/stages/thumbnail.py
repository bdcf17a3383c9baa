"""Stage thumbnail: a picture of every loaded tile, cut out of its composite, into ``terrakin.tile_thumbnails``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from etl.cities.city import City
from etl.cities.grid import Cell, cell_and_month
from etl.errors import WorkFileError
from etl.imagery.thumbnails import STYLE, thumbnail
from etl.store.composites import each_chip
from etl.store.thumbnails import cities_without_thumbnails, loaded_tiles, write_thumbnails
from etl.store.work_files import COMPOSITE
from etl.tasks.city_loop import Advance, walk_cities
from etl.tasks.job import Job, fingerprint
from etl.tasks.parallel import by_cores

BATCH_TILES = 16


def run(job: Job) -> list[str]:
    """Make the thumbnails that are missing, or whose composite or style changed. Return one line per failed city."""
    wanted: dict[int, str | None] = {}
    for city in job.cities:
        source = job.made_from(city.city_id, COMPOSITE)
        wanted[city.city_id] = source and fingerprint(source, STYLE)
    # The ledger does not know of tiles that were added or loaded again since.
    seen = job.ledger.tasks("thumbnail")
    lacking = cities_without_thumbnails(job.conn, job.period)
    job.ledger.reopen("thumbnail", {city_id: seen[city_id] for city_id in lacking if city_id in seen})

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        return _draw(job, city, advance)

    return walk_cities(job, "thumbnail", "tile", wanted, None, work)


def _draw(job: Job, city: City, advance: Advance) -> Mapping[str, Any]:
    path = job.path(city.city_id, COMPOSITE)
    if not path.exists():
        raise WorkFileError(f"composite {path} of {city.name} is missing; run `terrakin etl run` where it was made")
    ids = loaded_tiles(job.conn, city.city_id, job.period)
    cells = [cell_and_month(number)[0] for number in ids]
    batches = [(path, cells[i : i + BATCH_TILES]) for i in range(0, len(ids), BATCH_TILES)]
    pictures: list[bytes] = []
    for drawn in by_cores(_thumbnails, batches, len(ids)):
        pictures += drawn
        advance(len(drawn))
    write_thumbnails(job.conn, ids, pictures)
    return {"n_tiles": len(ids), "n_bytes": sum(map(len, pictures))}


def _thumbnails(composite: Path, cells: Sequence[Cell]) -> list[bytes]:
    return [thumbnail(chip) for chip in each_chip(composite, cells)]
