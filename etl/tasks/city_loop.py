"""The loop over the cities of a stage, shared with other processes through the ledger."""

import errno
import logging
import time
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any

import psycopg

from db.errors import one_line
from etl.addresses import without_secrets
from etl.cities.city import City
from etl.errors import EtlError, StoppingError
from etl.tasks.job import Bar, Job
from etl.tasks.ledger import Stage, Task

log = logging.getLogger(__name__)

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
"""No work file can be written: the disk is full or read-only."""
POLL_S = 0.5
"""Seconds between two checks whether another process or thread has finished."""

Advance = Callable[[int], Any]
"""Advances the progress bar by a number of units."""
Work = Callable[[City, str, Advance], Mapping[str, Any]]
"""Processes one city, given the fingerprint of its inputs; the result is stored in the ledger."""


def walk_cities(
    job: Job, stage: Stage, unit: str, wanted: Mapping[int, str | None], file: str | None, work: Work, at_once: int = 1
) -> list[str]:
    """Run a stage for each city of the job for which it is not done; a city that fails does not stop the others.

    What would fail every city stops the run: the city in hand goes back to pending, and the attempt does not count.

    Other processes may work on the same stage: each city is done by one of them, and all of them finish the stage
    together, so that the next stage finds all of its inputs. Tasks of a process that died are taken over.

    Args:
        job: the run.
        stage: the stage's name in the ledger.
        unit: what the bar counts: ``city`` or ``tile``.
        wanted: fingerprint of each city's inputs; None if an input is not in this work folder.
        file: name of the work file that the stage writes; a city without it, or with another fingerprint in ledger
            or file, is done again. None if the stage writes no file and the ledger alone decides.
        work: processes one city.
        at_once: number of cities that are processed at once; if there are several, each in a thread of its own.

    Returns:
        One line per city that failed.

    Raises:
        StoppingError: what would fail every city, such as a host that is away or a full disk.
        psycopg.OperationalError: the same of the database.
    """
    seen = job.ledger.tasks(stage)
    due = [c.city_id for c in job.cities if _is_due(job, c.city_id, wanted[c.city_id], seen[c.city_id], file)]
    if not due:
        log.info("stage=%s event=nothing_to_do", stage)
        return []
    job.ledger.reopen(stage, {city_id: seen[city_id] for city_id in due})
    cities = {city.city_id: city for city in job.cities}
    sizes = {city_id: len(job.cells[city_id]) if unit == "tile" else 1 for city_id in due}
    failed: dict[int, str] = {}
    released = set[int]()

    def release(city_id: int) -> None:
        released.add(city_id)
        with suppress(psycopg.OperationalError):  # the database may be away; the next run takes the city over
            job.ledger.release(stage, city_id)

    with job.bar(stage, unit, sum(sizes.values())) as bar:

        def attempt(city_id: int) -> None:
            error = _attempt(job, stage, cities[city_id], str(wanted[city_id]), bar, work, released)
            if error is not None:
                failed[city_id] = f"{cities[city_id].name}: {error}"

        claims = _claims(job, stage, sizes, bar)
        if at_once == 1:
            _one_by_one(claims, attempt, release)
        else:
            _side_by_side(claims, attempt, release, at_once)
    for city_id, why in job.ledger.given_up(stage, due).items():
        hint = "given up; `terrakin etl retry` lets it be tried again"
        failed.setdefault(city_id, f"{cities[city_id].name}: {why} ({hint})")
    return list(failed.values())


def _one_by_one(claims: Iterator[int], attempt: Callable[[int], None], release: Callable[[int], None]) -> None:
    """Attempt the claimed cities one after another; release the one in hand if the run stops."""
    for city_id in claims:
        try:
            attempt(city_id)
        except BaseException:
            release(city_id)
            raise


def _side_by_side(
    claims: Iterator[int], attempt: Callable[[int], None], release: Callable[[int], None], at_once: int
) -> None:
    """Attempt so many cities at once, each in a thread, and claim the next one when one of them has ended.

    An interruption, which reaches the main thread, or an error that stops the run ends the loop and releases the cities
    in hand; their threads may go on for a while.
    """
    in_hand = set[int]()
    running = set[Future[int]]()

    def attempt_in_thread(city_id: int) -> int:
        attempt(city_id)
        return city_id

    def wait_for_one() -> None:
        ended = set[Future[int]]()
        while not ended:  # a signal that arrives just before the thread blocks is handled when it wakes
            ended, _ = wait(running, POLL_S, FIRST_COMPLETED)
        running.difference_update(ended)
        in_hand.difference_update(future.result() for future in ended)

    pool = ThreadPoolExecutor(at_once)
    try:
        for city_id in claims:
            in_hand.add(city_id)
            running.add(pool.submit(attempt_in_thread, city_id))
            if len(running) == at_once:
                wait_for_one()
        while running:
            wait_for_one()
    finally:
        for city_id in in_hand:
            release(city_id)
        pool.shutdown(wait=False)


def _attempt(
    job: Job, stage: Stage, city: City, made_from: str, bar: Bar, work: Work, released: Container[int]
) -> str | None:
    """Process a claimed city and record the outcome in the ledger; return the reason if it failed.

    Nothing is recorded for a city that was released meanwhile.
    """
    log.info("stage=%s city_id=%d event=started", stage, city.city_id)
    try:
        detail = work(city, made_from, bar.update)
    except (StoppingError, psycopg.OperationalError):
        raise
    except EtlError as error:
        return _failed(job, stage, city, str(error), released)
    except Exception as error:  # one city must not stop the others, whatever is wrong with it
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            raise StoppingError(
                f"cannot write {error.filename or 'a file'}: {error.strerror}; make room or mend it, then run again"
            ) from error
        log.exception("stage=%s city_id=%d event=unforeseen", stage, city.city_id)
        return _failed(job, stage, city, without_secrets(f"{type(error).__name__}: {one_line(error)}"), released)
    if city.city_id not in released:
        job.ledger.finish(stage, city.city_id, dict(detail) | {"made_from": made_from})
        log.info("stage=%s city_id=%d event=done", stage, city.city_id)
    return None


def _failed(job: Job, stage: Stage, city: City, reason: str, released: Container[int]) -> str | None:
    """Record that a city failed, unless it was released; return the reason."""
    if city.city_id in released:
        return None
    job.ledger.fail(stage, city.city_id, reason)
    log.warning("stage=%s city_id=%d event=failed error=%s", stage, city.city_id, reason)
    return reason


def _is_due(job: Job, city_id: int, want: str | None, task: Task, file: str | None) -> bool:
    """Return True if this process should do a city: not if its inputs or its result are in another work folder."""
    if want is None:
        return False
    if task.status != "done" or task.made_from != want:
        return True
    is_elsewhere = task.work_folder not in (None, job.ledger.work_folder)
    return bool(file) and not is_elsewhere and job.made_from(city_id, str(file)) != want


def _claims(job: Job, stage: Stage, sizes: Mapping[int, int], bar: Bar) -> Iterator[int]:
    """Yield the cities that this process claims, until every city is done or failed; the bar counts the others'."""
    due, counted, has_warned = list(sizes), set[int](), False
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
            if not has_warned:
                log.warning("stage=%s event=waiting for=%s", stage, ",".join(others))
                has_warned = True
            time.sleep(POLL_S)
