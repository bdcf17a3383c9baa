"""``terrakin etl run`` over the tiny demo: what it leaves in the database, and that a second run repeats nothing."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from db.settings import Settings
from etl.cities.grid import tile_id
from etl.demo.catalogue import DemoCatalogue
from etl.demo.towns import TINY_TOWNS
from etl.store.encoder import read_encoder
from etl.store.work_files import PATCHES, read_array
from tests.etl.conftest import CommandLine, run_arguments
from tests.etl.tables import tables

ATTEMPTS = "SELECT city_id, stage, attempts, finished_at FROM terrakin.etl_tasks ORDER BY 1, 2"


def work_files(home: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (home / "work").rglob("*")}


def test_run_fills_the_tables_and_a_second_run_repeats_nothing(
    database: Settings, tiny_demo: DemoCatalogue, command_line: Callable[..., CommandLine]
) -> None:
    terrakin = command_line(database.home, database.database_url)
    first = terrakin(*run_arguments(tiny_demo))
    assert first.returncode == 0, first.stderr
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        expected = {
            (tile_id(cell, date(2024, 6, 1)), -town.geonames_id) for town in TINY_TOWNS for cell in town.cells()
        }
        rows = conn.execute("SELECT tile_id, city_id FROM terrakin.tiles").fetchall()
        assert set(rows) == expected
        assert conn.execute("SELECT bool_and(is_synthetic) FROM api.tile_overview").fetchone() == (True,)
        assert conn.execute("SELECT name, weights FROM terrakin.encoder").fetchone() == ("mosaiks", "fitted")
        assert conn.execute("SELECT count(*) FROM terrakin.tiles WHERE umap_x IS NULL").fetchone() == (0,)
        before, attempts = tables(conn), conn.execute(ATTEMPTS).fetchall()
        check_dominant_patches(conn, database.home)
    files = work_files(database.home)

    second = terrakin(*run_arguments(tiny_demo))
    assert second.returncode == 0, second.stderr
    with psycopg.connect(database.database_url) as conn:
        assert tables(conn) == before
        assert conn.execute(ATTEMPTS).fetchall() == attempts
    assert work_files(database.home) == files


def check_dominant_patches(conn: psycopg.Connection[Any], home: Path) -> None:
    """The stored mask picks the patches whose mean is the stored dominant vector."""
    record = read_encoder(conn)
    assert record
    rows = conn.execute("SELECT tile_id, dominant_patches::text, embedding_dominant::real[] FROM terrakin.tiles")
    stored = {tile: (np.array(list(mask)) == "1", np.array(vector)) for tile, mask, vector in rows}
    for path in (home / "work").rglob(PATCHES):
        patches = record.post_processing.apply(read_array(path, "embedding"))
        for number, rows_of_tile in zip(read_array(path, "tile_id"), patches, strict=True):
            mask, vector = stored.pop(int(number))
            assert 49 <= mask.sum() <= 196
            np.testing.assert_allclose(rows_of_tile[mask].mean(axis=0), vector, atol=1e-4)
    assert not stored


def test_a_period_of_the_same_first_month_never_overwrites_another(
    database: Settings, tiny_demo: DemoCatalogue, command_line: Callable[..., CommandLine]
) -> None:
    terrakin = command_line(database.home, database.database_url)
    lisbon = ("--city", "Lisbon (synthetic)")
    assert terrakin(*run_arguments(tiny_demo, *lisbon)).returncode == 0
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        before = tables(conn)
    clashing = [argument.replace("/2024-08-31", "/2024-07-31") for argument in run_arguments(tiny_demo, *lisbon)]
    refused = terrakin(*clashing)
    assert refused.returncode == 1
    assert "begins in the same month as 2024-06-01/2024-08-31" in refused.stderr.splitlines()[-1]
    with psycopg.connect(database.database_url) as conn:
        assert tables(conn) == before


def test_similar_tiles_equals_brute_force_over_the_stored_vectors(
    database: Settings, tiny_demo: DemoCatalogue, command_line: Callable[..., CommandLine]
) -> None:
    """The query of the README, against NumPy over the vectors that the run has stored."""
    terrakin = command_line(database.home, database.database_url)
    assert terrakin(*run_arguments(tiny_demo)).returncode == 0
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        stored = conn.execute(
            "SELECT tile_id, city_id, embedding_mean::real[], ST_X(location::geometry), ST_Y(location::geometry) "
            "FROM terrakin.tiles ORDER BY tile_id"
        ).fetchall()
    ids, cities = [row[0] for row in stored], [row[1] for row in stored]
    vectors = np.array([row[2] for row in stored])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for query in range(len(ids)):
        similarity = unit @ unit[query]
        per_city: dict[int, int] = {}
        expected = []
        for i in np.argsort(-similarity):
            per_city[cities[i]] = per_city.get(cities[i], 0) + 1
            if cities[i] != cities[query] and per_city[cities[i]] <= 2:  # towns lie farther apart than 100 km
                expected.append((len(expected) + 1, ids[i], round(float(similarity[i]), 3)))
        answer = terrakin_psql(terrakin, ids[query])
        assert [(r, t) for r, t, _ in answer] == [(r, t) for r, t, _ in expected]
        np.testing.assert_allclose([s for _, _, s in answer], [s for _, _, s in expected], atol=0.0011)


QUERY = """
    SELECT rank, tile_id, round(similarity::numeric, 3)
    FROM api.similar_tiles(TILE_ID, k => 10, exclude_within_m => 100000, max_per_city => 2)
"""


def terrakin_psql(terrakin: CommandLine, number: int) -> list[tuple[int, int, float]]:
    done = terrakin("db", "psql", "-At", "-c", QUERY.replace("TILE_ID", str(number)))
    assert done.returncode == 0, done.stderr
    rows = [line.split("|") for line in done.stdout.splitlines()]
    return [(int(rank), int(tile), float(similarity)) for rank, tile, similarity in rows]
