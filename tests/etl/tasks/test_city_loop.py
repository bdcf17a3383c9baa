"""The loop over the cities of a stage: how many are in hand at once, and what an interruption leaves behind."""

import errno
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest

from db.settings import Settings
from etl.cities.city import City
from etl.errors import ImageryError, StoppingError
from etl.tasks.city_loop import Advance, walk_cities
from etl.tasks.job import Job
from etl.tasks.ledger import Ledger
from tests.etl.tasks.conftest import CITIES

WANTED = dict.fromkeys(CITIES, "inputs")
WAIT_S = 30


@pytest.fixture
def job(database: Settings, ledger: Ledger) -> Job:
    cities = [Mock(spec=City, city_id=city_id) for city_id in CITIES]
    for city in cities:
        city.name = f"city {city.city_id}"
    return Job(database, ledger.conn, ledger, cities, {}, lambda *_: nullcontext(Mock()))


def states(job: Job) -> dict[int, tuple[str, int]]:
    """Return status and number of attempts of each city at stage composite."""
    rows = job.conn.execute("SELECT city_id, status, attempts FROM terrakin.etl_tasks WHERE stage = 'composite'")
    return {city_id: (status, attempts) for city_id, status, attempts in rows}


def test_as_many_cities_are_in_hand_as_asked_for(job: Job) -> None:
    both = threading.Barrier(2, timeout=WAIT_S)
    in_hand: list[int] = []

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        if city.city_id < 3:
            both.wait()
        in_hand.append(sum(status == "running" for status, _ in states(job).values()))
        return {}

    assert walk_cities(job, "composite", "city", WANTED, None, work, at_once=2) == []
    assert max(in_hand) == 2
    assert states(job) == dict.fromkeys(CITIES, ("done", 1))


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_city_that_fails_does_not_stop_the_others(job: Job, at_once: int) -> None:
    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        if city.city_id == 2:
            raise ImageryError("too cloudy")
        return {}

    assert walk_cities(job, "composite", "city", WANTED, None, work, at_once) == ["city 2: too cloudy"]
    assert states(job) == {1: ("done", 1), 2: ("failed", 1), 3: ("done", 1)}


@pytest.mark.parametrize("at_once", [1, 2])
def test_an_unforeseen_error_fails_one_city_and_is_recorded_with_its_class(
    job: Job, at_once: int, caplog: pytest.LogCaptureFixture
) -> None:
    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        if city.city_id == 2:
            raise KeyError("https://alice:secret@host/B11.tif?sig=secret")
        return {}

    failed = walk_cities(job, "composite", "city", WANTED, None, work, at_once)
    assert failed == ["city 2: KeyError: 'https://host/B11.tif'"]
    assert states(job) == {1: ("done", 1), 2: ("failed", 1), 3: ("done", 1)}
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (StoppingError("host away"), StoppingError),
        (OSError(errno.ENOSPC, "No space left on device", "work/1"), StoppingError),
        (OSError(errno.EROFS, "Read-only file system"), StoppingError),
        (psycopg.OperationalError("the connection is lost"), psycopg.OperationalError),
    ],
)
def test_what_would_fail_every_city_stops_the_run_and_counts_no_attempt(
    job: Job, at_once: int, error: Exception, expected: type[Exception]
) -> None:
    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        if city.city_id == 1:
            return {}
        raise error

    with pytest.raises(expected):
        walk_cities(job, "composite", "city", WANTED, None, work, at_once)
    assert states(job) == {1: ("done", 1), 2: ("pending", 0), 3: ("pending", 0)}


@pytest.mark.parametrize(("at_once", "in_hand"), [(1, 1), (2, 2)])
@pytest.mark.usefixtures("interruptible")
def test_an_interruption_releases_all_cities_in_hand(job: Job, at_once: int, in_hand: int) -> None:
    started, go_on = threading.Semaphore(0), threading.Event()

    def work(city: City, made_from: str, advance: Advance) -> Mapping[str, Any]:
        started.release()
        if at_once == 1:
            raise KeyboardInterrupt
        assert go_on.wait(WAIT_S)
        return {}

    def interrupt() -> None:
        for _ in range(in_hand):
            assert started.acquire(timeout=WAIT_S)
        if at_once > 1:
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        walk_cities(job, "composite", "city", WANTED, None, work, at_once)
    threads = [t for t in threading.enumerate() if t.name.startswith("ThreadPoolExecutor")]
    go_on.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert states(job) == dict.fromkeys(CITIES, ("pending", 0))
