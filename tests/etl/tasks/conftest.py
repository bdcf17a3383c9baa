"""A ledger with three cities."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from db.connect import connect
from db.settings import Settings
from etl.period import Period
from etl.tasks.ledger import Ledger, this_worker
from tests.builders import make_city

PERIOD = Period(date(2024, 6, 1), date(2024, 8, 31))
CITIES = [1, 2, 3]


@pytest.fixture
def connection(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    with connect(database) as owner:
        for city_id in CITIES:
            make_city(owner, city_id=city_id)
    with connect(database, "etl", autocommit=True) as conn:
        yield conn


@pytest.fixture
def ledger(connection: psycopg.Connection[Any]) -> Ledger:
    made = Ledger(connection, PERIOD, this_worker(), "here")
    made.plan(CITIES)
    return made
