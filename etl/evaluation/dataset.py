"""The evaluated tiles: those of the newest period of each city, read from the work files of this machine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db.settings import Settings
from etl.cities.city import City
from etl.cities.grid import Cell, assign_cells, cell_and_month
from etl.errors import WorkFileError
from etl.period import Period
from etl.store.cities import loaded_cities, read_stored_cities
from etl.store.encoder import EncoderRecord
from etl.store.patches import read_patches
from etl.store.work_files import COMPOSITE, PATCHES, folder_id, read_array, read_attributes
from etl.tasks.job import BarFactory, Job
from etl.tasks.ledger import Ledger, this_worker

SEED = 20150623
TILES_PER_CITY = 16
"""Largest number of sampled tiles per city; they are adjacent, so that one read of imagery covers them all."""
N_LISTED = 5
"""Most cities named in an error message."""


@dataclass(frozen=True)
class CityTiles:
    """The tiles of one city and period: rows ``start`` (included) to ``stop`` (excluded) of the data set."""

    job: Job
    city: City
    start: int
    stop: int

    def patches(self) -> tuple[np.ndarray, np.ndarray]:
        """Return patch vectors (n, 196, dimension) float16, and a mask (n, 196) of those with enough valid pixels."""
        return read_patches(self.job.path(self.city.city_id, PATCHES))

    def attributes(self) -> Mapping[str, Any]:
        """Return the attributes of the composite, among them the scenes that it was made from."""
        return read_attributes(self.job.path(self.city.city_id, COMPOSITE)) or {}


@dataclass(frozen=True)
class Dataset:
    """All evaluated tiles; arrays are (n,).

    Attributes:
        cities: in the order of the rows.
        tile_ids: int64.
        cells: lattice cell of each tile.
        city_ids: int64.
        lon: of the tile's centre, degrees.
        lat: of the tile's centre, degrees.
        older: the same cities in their next older period, by city_id; empty if the database has one period only.
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
        """Return True if any city is synthetic."""
        return any(c.city.is_synthetic for c in self.cities)

    def sample(self, n: int) -> Iterator[tuple[CityTiles, np.ndarray]]:
        """Yield cities with row numbers of adjacent tiles, at least n tiles in total if there are as many.

        The sample is random but always the same.
        """
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


def read_dataset(
    settings: Settings, conn: psycopg.Connection[Any], stored: EncoderRecord, limit: int | None, bar: BarFactory
) -> Dataset:
    """Return the tiles of all loaded cities, or of ``limit`` random ones (always the same).

    Raises:
        WorkFileError: work files are missing on this machine, or were made by another encoder than the vectors.
    """
    known = {city.city_id: city for city in read_stored_cities(conn)}
    cells = assign_cells(list(known.values()))
    periods: dict[int, list[tuple[Job, City]]] = {}
    for period, city_ids in loaded_cities(conn):
        job = _job(settings, conn, period, [known[city_id] for city_id in city_ids], cells, bar)
        for city_id in city_ids:
            periods.setdefault(city_id, []).append((job, known[city_id]))
    chosen = sorted(np.random.default_rng(SEED).permutation(sorted(periods))[:limit].tolist())
    _check_files([periods[city_id][-1] for city_id in chosen], stored)
    newest, ids, start = [], [], 0
    for city_id in chosen:
        job, city = periods[city_id][-1]
        ids.append(read_array(job.path(city_id, PATCHES), "tile_id"))
        newest.append(CityTiles(job, city, start, start + len(ids[-1])))
        start += len(ids[-1])
    older = {
        c: CityTiles(*periods[c][-2], 0, 0) for c in chosen if len(periods[c]) > 1 and not _missing(*periods[c][-2])
    }
    tile_ids = np.concatenate(ids)
    tile_cells = [cell_and_month(int(tile_id))[0] for tile_id in tile_ids]
    lon, lat = np.array([cell.centre().coords[0] for cell in tile_cells]).T
    city_ids_of_tiles = np.repeat(np.array(chosen, np.int64), [len(some) for some in ids])
    return Dataset(newest, tile_ids, tile_cells, city_ids_of_tiles, lon, lat, older)


def _job(
    settings: Settings,
    conn: psycopg.Connection[Any],
    period: Period,
    cities: Sequence[City],
    cells: Mapping[int, Sequence[Cell]],
    bar: BarFactory,
) -> Job:
    """Return a job for reading only: it adds nothing to the ledger."""
    return Job(settings, conn, Ledger(conn, period, this_worker(), folder_id(settings.home)), cities, cells, bar)


def _missing(job: Job, city: City) -> list[str]:
    return [name for name in (PATCHES, COMPOSITE) if not job.made_from(city.city_id, name)]


def _check_files(cities: Sequence[tuple[Job, City]], stored: EncoderRecord) -> None:
    absent = [f"{city.name} ({', '.join(missing)})" for job, city in cities if (missing := _missing(job, city))]
    if absent:
        raise WorkFileError(
            f"no work files of {', '.join(absent[:N_LISTED])}{' ...' if len(absent) > N_LISTED else ''} under "
            f"{cities[0][0].settings.home / 'work'}: `terrakin evaluate` reads patches and pixels; run it where the "
            "cities were embedded, or make the files again with `terrakin etl composite` and `terrakin etl embed`"
        )
    for job, city in cities:
        attributes = read_attributes(job.path(city.city_id, PATCHES)) or {}
        if attributes.get("weights_sha256") != stored.weights_sha256:
            raise WorkFileError(
                f"the patches of {city.name} were made by {attributes.get('encoder')} "
                f"({str(attributes.get('weights_sha256'))[:12]}), the database's vectors by "
                f"{stored.name} ({stored.weights_sha256[:12]}); embed the city again with the database's encoder"
            )
