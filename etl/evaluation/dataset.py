"""Which tiles are evaluated: those of the newest period of each city, as they lie in this machine's work files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db.settings import Settings
from etl.cities.city import City
from etl.cities.grid import Cell, assign_cells, cell_and_month
from etl.errors import EncoderError
from etl.period import Period
from etl.stages.patches import read_patches
from etl.store.encoder import EncoderRecord
from etl.store.tiles import loaded_cities, read_stored_cities
from etl.store.work_files import COMPOSITE, PATCHES, folder_id, read_array, read_attributes
from etl.tasks.city_loop import BarFactory, Job
from etl.tasks.ledger import Ledger, this_worker

SEED = 20150623
TILES_PER_CITY = 16
"""Of a city's tiles at most so many are in the sample: a cluster, so that one reading of imagery serves them all."""


@dataclass(frozen=True)
class CityTiles:
    """One city's tiles of one period: rows ``start`` to ``stop`` (excluded) of all tiles."""

    job: Job
    city: City
    start: int
    stop: int

    def patches(self) -> tuple[np.ndarray, np.ndarray]:
        """Patch vectors (n, 196, dimension) float16, and which of them (n, 196) have enough valid pixels."""
        return read_patches(self.job.path(self.city.city_id, PATCHES))

    def attributes(self) -> Mapping[str, Any]:
        """Of its composite: where the pixels came from."""
        return read_attributes(self.job.path(self.city.city_id, COMPOSITE)) or {}


@dataclass(frozen=True)
class Tiles:
    """All tiles that are compared; arrays (n,).

    Attributes:
        cities: in the order of the rows.
        tile_ids: int64.
        cells: where each is.
        city_ids: int64.
        lon: of its centre, degrees.
        lat: of its centre, degrees.
        older: tiles of another period of the same cities, by city_id; empty where the database has but one.
    """

    cities: Sequence[CityTiles]
    tile_ids: np.ndarray
    cells: Sequence[Cell]
    city_ids: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    older: Mapping[int, CityTiles]

    @property
    def is_synthetic(self) -> bool:
        """True where any of the cities is made up."""
        return any(c.city.is_synthetic for c in self.cities)

    def sample(self, n: int) -> Iterator[tuple[CityTiles, np.ndarray]]:
        """At least n tiles where there are so many, the same each time: clusters of cities, with their rows."""
        rng = np.random.default_rng(SEED)
        taken = 0
        for i in rng.permutation(len(self.cities)):
            if taken >= n:
                return
            city = self.cities[i]
            rows = np.arange(city.start, city.stop)
            middle = self.cells[rng.choice(rows)]
            reach = [max(abs(self.cells[r].row - middle.row), abs(self.cells[r].col - middle.col)) for r in rows]
            chosen = np.sort(rows[np.argsort(reach, kind="stable")[:TILES_PER_CITY]])
            taken += len(chosen)
            yield city, chosen


def read_tiles(
    settings: Settings, conn: psycopg.Connection[Any], stored: EncoderRecord, limit: int | None, bar: BarFactory
) -> Tiles:
    """The tiles of all loaded cities, or of ``limit`` of them drawn at random (the same each time).

    Raises:
        EncoderError: work files are not on this machine, or are of another encoder than the database's vectors.
    """
    known = {city.city_id: city for city in read_stored_cities(conn)}
    cells = assign_cells(list(known.values()))
    looks: dict[int, list[tuple[Job, City]]] = {}
    for period, city_ids in loaded_cities(conn):
        job = _job(settings, conn, period, [known[city_id] for city_id in city_ids], cells, bar)
        for city_id in city_ids:
            looks.setdefault(city_id, []).append((job, known[city_id]))
    chosen = sorted(np.random.default_rng(SEED).permutation(sorted(looks))[:limit].tolist())
    _check_files([look for city_id in chosen for look in looks[city_id][-1:]], stored)
    newest, ids, start = [], [], 0
    for city_id in chosen:
        ids.append(read_array(looks[city_id][-1][0].path(city_id, PATCHES), "tile_id"))
        newest.append(CityTiles(*looks[city_id][-1], start, start + len(ids[-1])))
        start += len(ids[-1])
    older = {c: CityTiles(*looks[c][-2], 0, 0) for c in chosen if len(looks[c]) > 1 and not _missing(looks[c][-2])}
    tile_ids = np.concatenate(ids)
    places = [cell_and_month(int(number))[0] for number in tile_ids]
    lon, lat = np.array([cell.centre().coords[0] for cell in places]).T
    of_city = np.repeat(np.array(chosen, np.int64), [len(some) for some in ids])
    return Tiles(newest, tile_ids, places, of_city, lon, lat, older)


def _job(
    settings: Settings,
    conn: psycopg.Connection[Any],
    period: Period,
    cities: Sequence[City],
    cells: Mapping[int, Sequence[Cell]],
    bar: BarFactory,
) -> Job:
    """A job that only reads: nothing is entered into the ledger."""
    return Job(settings, conn, Ledger(conn, period, this_worker(), folder_id(settings.home)), cities, cells, bar)


def _missing(look: tuple[Job, City]) -> list[str]:
    job, city = look
    return [name for name in (PATCHES, COMPOSITE) if not job.made_from(city.city_id, name)]


def _check_files(looks: Sequence[tuple[Job, City]], stored: EncoderRecord) -> None:
    absent = [f"{look[1].name} ({', '.join(missing)})" for look in looks if (missing := _missing(look))]
    if absent:
        raise EncoderError(
            f"no work files of {', '.join(absent[:5])}{' ...' if len(absent) > 5 else ''} under "
            f"{looks[0][0].settings.home / 'work'}: `terrakin evaluate` measures patches and pixels; run it where the "
            "cities were embedded, or make the files again with `terrakin etl composite` and `embed`"
        )
    for job, city in looks:
        attributes = read_attributes(job.path(city.city_id, PATCHES)) or {}
        if attributes.get("weights_sha256") != stored.weights_sha256:
            raise EncoderError(
                f"the patches of {city.name} were made by {attributes.get('encoder')} "
                f"({str(attributes.get('weights_sha256'))[:12]}), the database's vectors by {stored.name} "
                f"({stored.weights_sha256[:12]}); embed it again with that one"
            )
