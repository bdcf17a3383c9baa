"""The stages of the ETL, one module each, and what they share: the job, and the walk over its cities."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from db.settings import Settings
from etl.cities.city import City
from etl.cities.grid import Cell
from etl.errors import EtlError
from etl.period import Period
from etl.store.work_files import city_dir, read_attributes
from etl.tasks.ledger import Ledger, Stage, Task

log = logging.getLogger(__name__)


class Bar(Protocol):
    """What a stage needs of a progress bar (tqdm's)."""

    def update(self, n: int = 1) -> Any:
        """So many more are done."""


BarFactory = Callable[[str, str, int], AbstractContextManager[Bar]]
"""Makes a bar from the stage's name, the unit that it counts and how many there are."""


@dataclass(frozen=True)
class Job:
    """Everything that the stages of one run have in common.

    Attributes:
        settings: which database and which home.
        conn: connection with the rights of terrakin_etl, in autocommit.
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
        """A work file of a city."""
        return city_dir(self.settings.home, city_id, self.period) / name

    def made_from(self, city_id: int, name: str) -> str | None:
        """Fingerprint of what a city's work file was made from; None where there is no such file."""
        attributes = read_attributes(self.path(city_id, name))
        return None if attributes is None else str(attributes["made_from"])


POLL_S = 0.5
"""How often it is looked whether another process has ended."""

Work = Callable[[City, str, Callable[[int], Any]], Mapping[str, Any]]
"""Does one city's work; gets the city, the fingerprint of its inputs and a function that counts progress."""


def fingerprint(*parts: Any) -> str:
    """SHA-256 (hex) of JSON-able values: equal for equal inputs of a stage."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def walk_cities(
    job: Job, stage: Stage, unit: str, wanted: Mapping[int, str | None], file: str | None, work: Work
) -> list[str]:
    """Do a stage for all of the job's cities that are not done with it; one that fails does not stop the others.

    Other processes may be at the same stage: each city is done by one of them, and all end the stage together, so
    that the next one finds everything that it needs. What a process leaves that dies is taken over.

    Args:
        job: the run.
        stage: its name in the ledger.
        unit: what the bar counts: ``city`` or ``tile``.
        wanted: fingerprint of each city's inputs; None where an input is not in this work folder.
        file: name of the work file that the stage makes; a city without it, or whose ledger or file carries
            another fingerprint, is done again. None: the ledger alone decides.
        work: does one city; its result goes into the ledger.

    Returns:
        One line a city that failed.
    """
    seen = job.ledger.tasks(stage)
    due = [c.city_id for c in job.cities if _is_due(job, c.city_id, wanted[c.city_id], seen[c.city_id], file)]
    if not due:
        log.info("stage=%s event=nothing_to_do", stage)
        return []
    job.ledger.reopen(stage, {city_id: seen[city_id] for city_id in due})
    names = {city.city_id: city for city in job.cities}
    sizes = {city_id: len(job.cells[city_id]) if unit == "tile" else 1 for city_id in due}
    failed: dict[int, str] = {}
    with job.bar(stage, unit, sum(sizes.values())) as bar:
        for city_id in _claims(job, stage, sizes, bar):
            city = names[city_id]
            log.info("stage=%s city_id=%d event=started", stage, city_id)
            try:
                detail = work(city, str(wanted[city_id]), bar.update)
            except EtlError as error:
                job.ledger.fail(stage, city_id, str(error))
                failed[city_id] = f"{city.name}: {error}"
                log.warning("stage=%s city_id=%d event=failed error=%s", stage, city_id, error)
            except KeyboardInterrupt:
                job.ledger.release(stage, city_id)
                raise
            else:
                job.ledger.finish(stage, city_id, dict(detail) | {"made_from": wanted[city_id]})
                log.info("stage=%s city_id=%d event=done", stage, city_id)
    for city_id, why in job.ledger.given_up(stage, due).items():
        given_up = f"{names[city_id].name}: {why} (given up; `terrakin etl retry` lets it be tried again)"
        failed.setdefault(city_id, given_up)
    return list(failed.values())


def _is_due(job: Job, city_id: int, want: str | None, task: Task, file: str | None) -> bool:
    """Whether this process should do a city: not where its inputs, or its result, lie in another work folder."""
    if want is None:
        return False
    if task.status != "done" or task.made_from != want:
        return True
    is_elsewhere = task.work_folder not in (None, job.ledger.work_folder)
    return bool(file) and not is_elsewhere and job.made_from(city_id, str(file)) != want


def _claims(job: Job, stage: Stage, sizes: Mapping[int, int], bar: Bar) -> Iterator[int]:
    """Cities that this process claims, until all are done or failed by this or another one; the bar counts theirs."""
    due, counted, is_said = list(sizes), set[int](), False
    while True:
        city_id = job.ledger.claim(stage, due)
        if city_id is not None:
            counted.add(city_id)
            yield city_id
        by_others = job.ledger.settled(stage, due) - counted
        bar.update(sum(sizes[other] for other in by_others))
        counted |= by_others
        if city_id is None:
            others = job.ledger.others(stage, due)
            if not others:
                return
            if not is_said:
                log.warning("stage=%s event=waiting for=%s to end what it has begun", stage, ",".join(others))
                is_said = True
            time.sleep(POLL_S)
