"""Searches at the antimeridian, at the poles and at the limits of their arguments."""

from typing import Any

import numpy as np
import psycopg
import pytest

from db.constants import CONTINENTS
from tests.builders import make_city, make_tile

PLACES = {1: (179.5, -17.0), 2: (-179.5, -17.0), 3: (178.5, -18.1), 4: (0.0, 51.5), 5: (100.0, 89.5), 6: (-80.0, 89.5)}
"""Tiles 1 and 2 lie on either side of the antimeridian, 5 and 6 on either side of the North Pole."""
ACROSS = "POLYGON((179 -20, 181 -20, 181 -15, 179 -15, 179 -20))"
SPLIT = (
    "MULTIPOLYGON(((179 -20, 180 -20, 180 -15, 179 -15, 179 -20)), "
    "((-180 -20, -179 -20, -179 -15, -180 -15, -180 -20)))"
)
LONG_WAY = "POLYGON((179 -20, -179 -20, -179 -15, 179 -15, 179 -20))"
OPTIONAL = """
    SELECT key FROM jsonb_each(to_jsonb(internal.default_filters())) WHERE value = 'null' AND key <> 'max_per_tile'
"""
"""The filters of a search by tile that are off by default."""


@pytest.fixture
def places(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    rng = np.random.default_rng(0)
    for tile_id, (lon, lat) in PLACES.items():
        make_city(conn, tile_id, lon=lon, lat=lat)
        make_tile(conn, tile_id, city_id=tile_id, lon=lon, lat=lat, embedding=rng.normal(size=768).astype(np.float32))
    return conn


def found(conn: psycopg.Connection[Any], tile_id: int, arguments: str = "") -> set[int]:
    statement = f"SELECT s.tile_id FROM api.similar_tiles({tile_id} {arguments}) AS s"  # noqa: S608 our own text
    rows = conn.execute(statement).fetchall()
    return {row[0] for row in rows}


def within(shape: str, srid: int = 4326) -> str:
    return f", within => ST_GeomFromText('{shape}', {srid})"


@pytest.mark.parametrize(("shape", "tiles"), [(ACROSS, {1, 2}), (SPLIT, {1, 2}), (LONG_WAY, {3})])
def test_a_region_may_cross_the_antimeridian(places: psycopg.Connection[Any], shape: str, tiles: set[int]) -> None:
    assert found(places, 4, within(shape)) == tiles


def test_an_area_may_cross_the_antimeridian(places: psycopg.Connection[Any]) -> None:
    rows = places.execute(
        "SELECT tile_id, distance_m FROM api.similar_to_area(ST_GeomFromText(%s, 4326))", (ACROSS,)
    ).fetchall()
    assert {row[0] for row in rows} == {3, 4, 5, 6}
    assert dict(rows)[3] < 130_000  # from the edge at 179 degrees, not around the Earth


def test_a_box_beyond_both_ends_is_the_whole_earth(places: psycopg.Connection[Any]) -> None:
    assert found(places, 4, within("POLYGON((-200 -90, 200 -90, 200 90, -200 90, -200 -90))")) == {1, 2, 3, 5, 6}


@pytest.mark.parametrize(
    ("shape", "tiles"),
    [
        ("POLYGON((178.5 -19, 179 -19, 179 -18.1, 178.5 -18.1, 178.5 -19))", {3}),
        ("POLYGON((178.5000000001 -19, 179 -19, 179 -18, 178.5000000001 -18, 178.5000000001 -19))", set()),
        ("POLYGON((178.5 -19, 179 -19, 178.5 -18.1, 178.5 -19))", {3}),
        ("POLYGON((178.4 -19, 179 -19, 179 -18, 178.4 -19))", set()),
    ],
    ids=["rectangle", "rectangle beside it", "triangle", "triangle beside it"],
)
def test_a_centre_on_the_edge_of_a_region_lies_in_it(
    places: psycopg.Connection[Any], shape: str, tiles: set[int]
) -> None:
    assert found(places, 4, within(shape)) == tiles


def test_an_empty_polygon_contains_nothing(places: psycopg.Connection[Any]) -> None:
    assert found(places, 4, within("POLYGON EMPTY")) == set()


def test_distances_cross_the_antimeridian_and_the_pole(places: psycopg.Connection[Any]) -> None:
    assert 2 not in found(places, 1, ", exclude_within_m => 110000")
    assert 2 in found(places, 1, ", exclude_within_m => 100000")
    assert 6 not in found(places, 5, ", exclude_within_m => 112000")
    assert 6 in found(places, 5, ", exclude_within_m => 111000")


def test_a_radius_larger_than_the_earth_leaves_nothing(places: psycopg.Connection[Any]) -> None:
    assert found(places, 1, ", exclude_within_m => 21000000") == set()


@pytest.mark.parametrize(("lon", "lat"), [(0, 90), (12, -90), (0, 91), (500, 0), ("'NaN'", 0), ("'Infinity'", 0)])
def test_a_position_without_a_tile_raises(places: psycopg.Connection[Any], lon: object, lat: object) -> None:
    with pytest.raises(psycopg.errors.NoDataFound, match="no tile at lon"), places.transaction():
        places.execute(f"SELECT FROM api.similar_at({lon}, {lat})")


@pytest.mark.parametrize(("k", "n"), [(0, 0), (3, 3), (5, 5), (6, 5), (10_000, 5)])
def test_rows_are_min_of_k_and_eligible(places: psycopg.Connection[Any], k: int, n: int) -> None:
    assert len(found(places, 1, f", k => {k}")) == n


def test_a_reader_may_not_ask_for_more_than_ten_thousand(places: psycopg.Connection[Any]) -> None:
    assert len(found(places, 1, ", k => 2147483647")) == 5
    places.execute("SET LOCAL ROLE terrakin_reader")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="more than the 10000"), places.transaction():
        found(places, 1, ", k => 10001")


@pytest.mark.parametrize("element", ["NaN", "Infinity"])
def test_a_vector_with_a_nan_or_infinity_is_refused(places: psycopg.Connection[Any], element: str) -> None:
    text = "[" + ",".join([element] + ["0"] * 767) + "]"
    with pytest.raises(psycopg.errors.DataException, match="not allowed in vector"), places.transaction():
        places.execute("SELECT FROM api.similar_to_vector(%s::vector)", (text,))


@pytest.mark.parametrize(
    "arguments",
    [
        "countries => '{}'",
        "countries => '{ZZ}'",
        "continents => '{Antarctica}'",
        "exclude_city_ids => ARRAY[1,2,3,4,5,6]",
        "period => 'empty'",
        "countries => ARRAY[NULL::text]",
    ],
)
def test_filters_that_match_nothing_give_no_rows(places: psycopg.Connection[Any], arguments: str) -> None:
    assert found(places, 1, ", " + arguments) == set()


def test_every_continent_of_the_schema_is_known(places: psycopg.Connection[Any]) -> None:
    assert found(places, 1, f", continents => '{{{','.join(CONTINENTS)}}}'") == {2, 3, 4, 5, 6}


def test_null_is_no_filter(places: psycopg.Connection[Any]) -> None:
    names = [name for (name,) in places.execute(OPTIONAL)]
    assert {"countries", "within", "min_similarity"} <= set(names)
    assert found(places, 1, "".join(f", {name} => NULL" for name in names)) == {2, 3, 4, 5, 6}


def test_a_null_among_the_excluded_cities_is_ignored(places: psycopg.Connection[Any]) -> None:
    assert found(places, 1, ", exclude_city_ids => ARRAY[NULL, 3]::bigint[]") == {2, 4, 5, 6}
