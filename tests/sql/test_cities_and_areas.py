"""Cities, countries, dominant areas, thumbnails, and the searches by JSON (``api.search_tiles``)."""

import json
from datetime import date
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from odc.geo.gridspec import GridSpec
from psycopg.types.json import Jsonb

from tests.builders import make_city, make_tile
from tests.sql.worlds import build_world

CITIES = {
    1: ("São Paulo", "BR", "South America", 10_000_000),
    2: ("Tromsø", "NO", "Europe", 70_000),
    3: ("San José", "CR", "North America", 300_000),
    4: ("San Jose", "US", "North America", 1_000_000),
    5: ("West San Jose", "US", "North America", 5_000),
    6: ("Xi'an", "CN", "Asia", 12_000_000),
    7: ("Łódź", "PL", "Europe", 700_000),
    8: ("Mosanjo", "CG", "Africa", 20_000),
    9: ("Brazil Town", "US", "North America", 9),
}


@pytest.fixture
def cities(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    for city_id, (name, code, continent, population) in CITIES.items():
        make_city(conn, city_id, name=name, country_code=code, continent=continent)
        conn.execute("UPDATE terrakin.cities SET population = %s WHERE city_id = %s", (population, city_id))
        make_tile(conn, city_id, city_id=city_id)
    conn.execute("UPDATE terrakin.countries SET name = 'Brazil' WHERE code = 'BR'")
    return conn


def found(conn: psycopg.Connection[Any], *arguments: Any) -> list[int]:
    marks = ", ".join(["%s"] * len(arguments))
    rows = conn.execute(f"SELECT city_id FROM api.search_cities({marks})", arguments)  # type: ignore[arg-type] # noqa: S608
    return [city_id for (city_id,) in rows.fetchall()]


@pytest.mark.parametrize(
    ("typed", "city_ids"),
    [
        ("sao paulo", [1]),
        ("SÃO", [1]),
        ("tromso", [2]),
        ("Łodz", [7]),
        ("lodz", [7]),
        ("xian", [6]),
        ("XI’AN", [6]),
        ("san jose", [4, 3, 5]),
        ("san-jo", [4, 3, 5]),
        ("sanj", [8]),
        ("brazil", [9, 1]),
        ("br", [9, 1]),
        ("%", []),
        ("_", []),
        ("'; DROP TABLE terrakin.cities; --", []),
        ("nowhere", []),
    ],
)
def test_cities_are_found_whatever_accents_and_case(
    cities: psycopg.Connection[Any], typed: str, city_ids: list[int]
) -> None:
    assert found(cities, typed) == city_ids


def test_nothing_typed_finds_all_by_name_in_pages(cities: psycopg.Connection[Any]) -> None:
    everything = found(cities)
    assert everything == found(cities, None) == found(cities, "  ")
    assert [CITIES[c][0] for c in everything] == sorted((c[0] for c in CITIES.values()), key=str)
    assert found(cities, "", 4, 0) + found(cities, "", 4, 4) + found(cities, "", 4, 8) == everything
    assert cities.execute("SELECT DISTINCT n_found FROM api.search_cities('san jose', 1, 1)").fetchall() == [(3,)]


def test_cities_without_tiles_come_last(cities: psycopg.Connection[Any]) -> None:
    cities.execute("DELETE FROM terrakin.tiles WHERE city_id = 4")
    assert found(cities, "san jose") == [3, 5, 4]


def test_one_city_is_found_by_its_id(cities: psycopg.Connection[Any]) -> None:
    assert found(cities, "", 50, 0, 5) == [5]
    assert found(cities, "", 50, 0, 99) == []


def test_the_bounds_of_a_city_across_the_antimeridian_reach_beyond_180(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1)
    conn.execute(
        """
        UPDATE terrakin.cities
        SET extent = ST_Collect(
            ST_MakeEnvelope(179.9, -17, 180, -16, 4326), ST_MakeEnvelope(-180, -17, -179.8, -16, 4326)
        )
        """
    )
    (bounds,) = conn.execute("SELECT bounds FROM api.search_cities()").fetchone() or ([],)
    assert bounds == pytest.approx([179.9, -17, 180.2, -16])


@pytest.mark.parametrize("arguments", [("", -1, 0), ("", 1, -1), ("", None, 0)])
def test_a_senseless_page_is_refused(conn: psycopg.Connection[Any], arguments: tuple[Any, ...]) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="max_rows is"):
        found(conn, *arguments)


def test_countries_count_their_cities_with_tiles(cities: psycopg.Connection[Any]) -> None:
    make_city(cities, 10, country_code="US", continent="North America")
    rows = dict(cities.execute("SELECT country_code, ARRAY[n_cities, n_tiles] FROM api.country_overview").fetchall())
    assert rows == {"US": [3, 3]} | {code: [1, 1] for code in ("BR", "NO", "CR", "CN", "PL", "CG")}


@pytest.mark.parametrize("is_south", [False, True])
def test_the_dominant_area_is_where_the_grid_says_the_patches_are(
    conn: psycopg.Connection[Any], is_south: bool
) -> None:
    row, col = 2640, 250
    tile_id = conn.execute("SELECT api.tile_id(32, %s, %s, %s, %s)", (is_south, row, col, date(2024, 6, 1))).fetchone()[
        0
    ]  # type: ignore[index]
    make_city(conn, 1)
    make_tile(conn, tile_id)
    patches = np.zeros((14, 14), bool)
    patches[0, 0] = patches[0, 13] = patches[5, 3] = patches[13, 13] = True
    bits = "".join("1" if p else "0" for p in patches.ravel())
    conn.execute("UPDATE terrakin.tiles SET dominant_patches = %s::bit(196)", (bits,))
    (area, kind, srid) = conn.execute(
        "SELECT a, GeometryType(a), ST_SRID(a) FROM api.dominant_area(%s) AS a", (tile_id,)
    ).fetchone() or (None, "", 0)

    grid = GridSpec(32732 if is_south else 32632, tile_shape=(224, 224), resolution=10)
    geobox = grid.tile_geobox((col, row))
    expected = [
        geobox[r * 16 : (r + 1) * 16, c * 16 : (c + 1) * 16].extent.to_crs(4326).geom for r, c in np.argwhere(patches)
    ]
    assert (kind, srid) == ("MULTIPOLYGON", 4326)
    assert len(area.geoms) == 4
    union = shapely.union_all(expected)
    assert area.symmetric_difference(union).area < union.area * 1e-4


def test_an_unknown_tile_or_one_without_patches_has_no_dominant_area(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1)
    make_tile(conn, 1)
    assert conn.execute("SELECT api.dominant_area(1), api.dominant_area(2)").fetchone() == (None, None)


def test_a_thumbnail_is_read_as_it_was_stored(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1)
    make_tile(conn, 1)
    conn.execute("INSERT INTO terrakin.tile_thumbnails VALUES (1, 'picture')")
    assert conn.execute("SELECT api.tile_thumbnail(1), api.tile_thumbnail(2)").fetchone() == (b"picture", None)
    assert conn.execute("SELECT has_thumbnail FROM api.tile_overview").fetchall() == [(True,)]


def test_search_tiles_has_the_defaults_of_the_searches_and_takes_a_vector(conn: psycopg.Connection[Any]) -> None:
    world = build_world(conn, 60, 6, seed=3)
    tile_id = int(world.tile_ids[0])
    columns = "rank, tile_id, city_id, city, country_code, similarity, distance_m, found_by, candidates, footprint"
    for asked, call, arguments in (
        ({"kind": "tile", "tile_id": tile_id}, "api.similar_tiles(%s)", (tile_id,)),
        ({"kind": "examples", "positive": [tile_id]}, "api.similar_to_examples(ARRAY[%s]::bigint[])", (tile_id,)),
        (
            {"kind": "position", "lon": float(world.lon[0]), "lat": float(world.lat[0]), "k": 3},
            "api.similar_at(%s, %s, 3)",
            (float(world.lon[0]), float(world.lat[0])),
        ),
    ):
        expected = conn.execute(f"SELECT {columns} FROM {call}", arguments).fetchall()  # type: ignore[arg-type] # noqa: S608
        assert conn.execute(f"SELECT {columns} FROM api.search_tiles(%s)", (Jsonb(asked),)).fetchall() == expected  # type: ignore[arg-type] # noqa: S608
        assert expected

    (vector,) = conn.execute("SELECT api.tile_embedding(%s)::text", (tile_id,)).fetchone() or ("",)
    rows = conn.execute(
        "SELECT tile_id, similarity, distance_m FROM api.search_tiles(%s)",
        (Jsonb({"kind": "vector", "vector": json.loads(vector), "k": 1}),),
    ).fetchall()
    assert rows == [(tile_id, pytest.approx(1), None)]


@pytest.mark.parametrize("query", [{}, {"kind": "guess"}, {"kind": None}])
def test_an_unknown_kind_of_search_is_refused(conn: psycopg.Connection[Any], query: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown kind"):
        conn.execute("SELECT * FROM api.search_tiles(%s)", (Jsonb(query),))
