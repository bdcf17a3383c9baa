"""``api.data_version`` changes whenever the data change, and only then."""

import time
from typing import Any

import psycopg
import pytest

from db.connect import connect
from db.settings import Settings
from tests.builders import make_city, make_tile

VERSION = "SELECT api.data_version()"
CHANGES = {
    "a tile added": "INSERT INTO terrakin.tiles SELECT 2, city_id, composite_id, period, footprint, location, "
    "valid_share, embedding_mean, embedding_dominant, dominant_share FROM terrakin.tiles",
    "a tile deleted": "DELETE FROM terrakin.tiles",
    "another dominant vector": "UPDATE terrakin.tiles SET embedding_dominant = embedding_mean",
    "a layout": "UPDATE terrakin.tiles SET umap_x = 1, umap_y = 1",
    "a thumbnail": "INSERT INTO terrakin.tile_thumbnails VALUES (1, 'x')",
    "another name": "UPDATE terrakin.cities SET name = 'Other'",
    "no tiles": "TRUNCATE terrakin.tiles CASCADE",
}


def version(conn: psycopg.Connection[Any]) -> str:
    (text,) = conn.execute(VERSION).fetchone() or ("",)
    return str(text)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_the_data_changes_the_version(database: Settings, change: str) -> None:
    with connect(database, autocommit=True) as reading:
        with connect(database, autocommit=True) as writing:
            make_city(writing)
            make_tile(writing)
        time.sleep(0.1)
        before = version(reading)
        assert version(reading) == before
        with connect(database, autocommit=True) as writing:  # closing it flushes its counters
            writing.execute(change)  # type: ignore[call-overload]
        deadline = time.monotonic() + 15
        while version(reading) == before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert version(reading) != before


def test_the_ledger_of_the_etl_does_not_count_as_data(database: Settings) -> None:
    with connect(database, autocommit=True) as conn:
        make_city(conn)
        time.sleep(1.2)  # PostgreSQL sends counters once a second
        conn.execute("SELECT 1")
        before = version(conn)
        conn.execute(
            "INSERT INTO terrakin.etl_tasks (city_id, period, stage) VALUES (1, '[2024-06-01,2024-07-01)', 'embed')"
        )
        time.sleep(1.2)
        conn.execute("SELECT 1")
        assert version(conn) == before
