"""Arguments of the types that drivers bind: bigint counts, and vectors as arrays with a cast."""

from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
import sqlalchemy

from db.connect import connect
from db.settings import Settings
from tests.builders import make_city, make_tile


@pytest.fixture
def places(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    fill(conn)
    return conn


def fill(conn: psycopg.Connection[Any]) -> None:
    rng = np.random.default_rng(0)
    for number in range(1, 5):
        make_city(conn, number, lon=number, lat=0)
        make_tile(conn, number, city_id=number, lon=number, lat=0, embedding=rng.normal(size=768).astype(np.float32))


@pytest.mark.parametrize(
    "call",
    [
        "similar_tiles(1, k => (SELECT count(*) FROM api.city_overview))",
        "similar_tiles(1, k => 9::bigint, max_per_city => 1::bigint)",
        "similar_tiles(1, k => 9::smallint)",
        "similar_tiles('1', k => '9')",
        "similar_at(1, 0, k => 9::bigint, max_per_tile => 9::bigint)",
        "similar_to_examples(ARRAY[1, 2], k => 9::bigint)",
        "similar_to_examples(ARRAY[1, 2]::bigint[], ARRAY[3])",
        "similar_to_area(ST_MakeEnvelope(0, -1, 2.5, 1, 4326), k => 9::bigint, exclude_same_city => false)",
        "similar_to_vector((SELECT api.tile_embedding(1)), k => 9::bigint)",
        "similar_to_vector((SELECT api.tile_embedding(1)::real[])::vector)",
        "similar_to_vector((SELECT api.tile_embedding(1)::real[]::double precision[])::vector)",
        "similar_to_vector((SELECT api.tile_embedding(1)::real[]::numeric[])::vector)",
        "similar_cities(1, k => 9::bigint, max_query_tiles => 5::bigint)",
        "search_cities('', 9::bigint, 0::bigint)",
    ],
)
def test_counts_and_arrays_of_any_type_are_taken(places: psycopg.Connection[Any], call: str) -> None:
    assert places.execute(f"SELECT * FROM api.{call}").fetchall() is not None  # type: ignore[arg-type] # noqa: S608


def test_pandas_binds_numbers_of_numpy(database: Settings) -> None:
    with connect(database) as conn:
        fill(conn)
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(str(database.database_url))
    )
    query = sqlalchemy.text("SELECT tile_id FROM api.similar_tiles(:tile_id, k => :k)")
    frame = pd.read_sql(query, engine, params={"tile_id": int(np.int64(1)), "k": 2**33})
    engine.dispose()
    assert sorted(frame["tile_id"]) == [2, 3, 4]
