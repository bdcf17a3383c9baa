"""``api.search``: every search as JSON."""

import json
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.builders.world import build_world

ABOUT = """
    SELECT s.city_id, s.is_synthetic, s.period, s.is_date_known, s.licences, s.attributions
    FROM api.search(%s) AS s
"""


def test_it_returns_the_rows_of_the_named_functions_with_their_defaults(conn: psycopg.Connection[Any]) -> None:
    world = build_world(conn, 60, 6, seed=3)
    tile_id = int(world.tile_ids[0])
    columns = (
        "rank, block_id, tile_id, city_id, city, country_code, similarity, distance_m, compared, is_exact, footprint"
    )
    for query, call, arguments in (
        ({"kind": "tile", "tile_id": tile_id}, "api.similar_tiles(%s)", (tile_id,)),
        ({"kind": "examples", "positive": [tile_id]}, "api.similar_to_examples(ARRAY[%s]::bigint[])", (tile_id,)),
        (
            {"kind": "position", "lon": float(world.lon[0]), "lat": float(world.lat[0]), "k": 3},
            "api.similar_at(%s, %s, 3)",
            (float(world.lon[0]), float(world.lat[0])),
        ),
    ):
        expected = conn.execute(f"SELECT {columns} FROM {call}", arguments).fetchall()  # type: ignore[arg-type] # noqa: S608
        assert conn.execute(f"SELECT {columns} FROM api.search(%s)", (Jsonb(query),)).fetchall() == expected  # type: ignore[arg-type] # noqa: S608
        assert expected

    (vector,) = conn.execute("SELECT api.tile_embedding(%s)::text", (tile_id,)).fetchone() or ("",)
    rows = conn.execute(
        "SELECT tile_id, similarity, distance_m FROM api.search(%s)",
        (Jsonb({"kind": "vector", "vector": json.loads(vector), "k": 1}),),
    ).fetchall()
    assert rows == [(tile_id, pytest.approx(1), None)]


def test_each_row_tells_its_origin_date_licences_and_attributions(conn: psycopg.Connection[Any]) -> None:
    world = build_world(conn, 30, 3, seed=3, n_real=1, n_undated=1)
    conn.execute("UPDATE terrakin.composites SET licences = '{CC-BY-4.0}', attributions = '{ESA, \"You, me\"}'")
    query = {"kind": "tile", "tile_id": int(world.tile_ids[0]), "k": 30, "origin": "any", "exclude_same_city": False}
    rows = conn.execute(ABOUT, (Jsonb(query),)).fetchall()
    assert len(rows) == 29
    for city_id, is_synthetic, period, is_date_known, licences, attributions in rows:
        assert is_synthetic == (city_id > 1)
        assert (period, is_date_known) == (("2024-06-01/2024-08-31", True) if city_id < 3 else ("date unknown", False))
        assert (licences, attributions) == (["CC-BY-4.0"], ["ESA", "You, me"])


@pytest.mark.parametrize("query", [{}, {"kind": "guess"}, {"kind": None}])
def test_an_unknown_kind_of_search_is_refused(conn: psycopg.Connection[Any], query: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown kind"):
        conn.execute("SELECT * FROM api.search(%s)", (Jsonb(query),))
