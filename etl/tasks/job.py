"""What the stages of one run share: the job, its progress bars, and how a run with failed cities ends."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from db.settings import Settings
from etl.cities.city import City
from etl.cities.grid import Cell, assign_cells
from etl.errors import FailedCitiesError
from etl.period import Period
from etl.store.cities import read_stored_cities
from etl.store.work_files import city_dir, folder_id, read_attributes
from etl.tasks.ledger import Ledger, this_worker

log = logging.getLogger(__name__)


class Bar(Protocol):
    """The part of a progress bar (tqdm's) that stages use."""

    def update(self, n: int = 1) -> Any:
        """Advance the bar by ``n``."""


BarFactory = Callable[[str, str, int], AbstractContextManager[Bar]]
"""Makes a bar from the stage's name, the unit that it counts, and their total."""


@contextmanager
def bars_of(stage: str, unit: str, bar: BarFactory) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that shows several pieces of work, each on a bar of its own.

    It is called with the name of a piece, the number done so far and the total.
    """
    shown: dict[str, tuple[Bar, int]] = {}
    with ExitStack() as stack:

        def show(name: str, done: int, total: int) -> None:
            counted_bar, counted = shown.get(name) or (stack.enter_context(bar(stage, unit, total)), 0)
            counted_bar.update(done - counted)
            shown[name] = counted_bar, done

        yield show


@dataclass(frozen=True)
class Job:
    """What the stages of one run and period have in common.

    Attributes:
        settings: which database and which home.
        conn: connection with the privileges of terrakin_etl, in autocommit.
        ledger: the tasks of this period.
        cities: the cities of this run, by city_id.
        cells: the cells of each city by city_id.
        bar: makes progress bars.
    """

    settings: Settings
    conn: psycopg.Connection[Any]
    ledger: Ledger
    cities: Sequence[City]
    cells: Mapping[int, Sequence[Cell]]
    bar: BarFactory

    @property
    def period(self) -> Period:
        """Days of the composites."""
        return self.ledger.period

    def path(self, city_id: int, name: str) -> Path:
        """Return the path of a city's work file."""
        return city_dir(self.settings.home, city_id, self.period) / name

    def made_from(self, city_id: int, name: str) -> str | None:
        """Return the fingerprint of the inputs of a city's work file, or None if there is no such file."""
        attributes = read_attributes(self.path(city_id, name))
        return None if attributes is None else str(attributes["made_from"])


def make_jobs(
    settings: Settings, conn: psycopg.Connection[Any], chosen: Mapping[Period, Sequence[City]], bar: BarFactory
) -> list[Job]:
    """Enter the tasks of the cities of each period into the ledger, and return one job per period."""
    cells = assign_cells(read_stored_cities(conn))
    worker, folder = this_worker(), folder_id(settings.home)
    jobs = []
    for period, cities in chosen.items():
        ledger = Ledger(conn, period, worker, folder)
        ledger.plan([city.city_id for city in cities])
        n_tiles = sum(len(cells[city.city_id]) for city in cities)
        log.info("stage=grid period=%s cities=%d tiles=%d", period.label, len(cities), n_tiles)
        jobs.append(Job(settings, conn, ledger, cities, cells, bar))
    return jobs


def make_job(
    settings: Settings, conn: psycopg.Connection[Any], chosen: Sequence[City], period: Period, bar: BarFactory
) -> Job:
    """Return the job of one period, as ``make_jobs`` does."""
    (job,) = make_jobs(settings, conn, {period: chosen}, bar)
    return job


def fingerprint(*parts: Any) -> str:
    """Return the SHA-256 (hex) of JSON-serialisable values: equal for equal inputs of a stage."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def raise_for(failed: Sequence[str], n_cities: int) -> None:
    """Raise if cities failed.

    Args:
        failed: one line per city that failed.
        n_cities: number of cities of the run.

    Raises:
        FailedCitiesError: with the first city's reason and the number of cities.
    """
    if failed:
        others = f" (and {len(failed) - 1} more: terrakin etl status)" if len(failed) > 1 else ""
        raise FailedCitiesError(f"{len(failed)} of {n_cities} cities failed. {failed[0]}{others}")
