"""``terrakin etl run`` over the tiny demo fills the tables, and a second run repeats nothing."""

from collections.abc import Callable
from datetime import date
from itertools import chain
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
from tests.etl.conftest import CommandLine, InThisProcess, environment, run_arguments
from tests.etl.tables import tables

ATTEMPTS = "SELECT city_id, stage, attempts, finished_at FROM terrakin.etl_tasks ORDER BY 1, 2"


def work_files(home: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (home / "work").rglob("*")}


def test_a_run_fills_the_tables_and_a_second_run_repeats_nothing(copied: Settings, tiny_demo: DemoCatalogue) -> None:
    with psycopg.connect(str(copied.database_url)) as conn:
        expected = {
            (tile_id(cell, date(2024, 6, 1)), -town.geonames_id) for town in TINY_TOWNS for cell in town.cells()
        }
        rows = conn.execute("SELECT tile_id, city_id FROM terrakin.tiles").fetchall()
        assert set(rows) == expected
        assert conn.execute("SELECT bool_and(is_synthetic) FROM api.tile_overview").fetchone() == (True,)
        assert conn.execute("SELECT name, weights FROM terrakin.encoder").fetchone() == ("mosaiks", "fitted")
        assert conn.execute("SELECT count(*) FROM terrakin.tiles WHERE umap_x IS NULL").fetchone() == (0,)
        before, attempts = tables(conn), conn.execute(ATTEMPTS).fetchall()
        check_dominant_patches(conn, copied.home)
        check_blocks(conn, copied.home)
    files = work_files(copied.home)

    second = InThisProcess(environment(copied.home, copied.database_url))(*run_arguments(tiny_demo))
    assert second.returncode == 0, second.stderr
    with psycopg.connect(str(copied.database_url)) as conn:
        assert tables(conn) == before
        assert conn.execute(ATTEMPTS).fetchall() == attempts
    assert work_files(copied.home) == files


def check_dominant_patches(conn: psycopg.Connection[Any], home: Path) -> None:
    """Check that the mean of the patches in the stored mask is the stored dominant vector."""
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


def check_blocks(conn: psycopg.Connection[Any], home: Path) -> None:
    """Check that the key of each block points where the mean of its four post-processed patches does."""
    record = read_encoder(conn)
    assert record
    rows = conn.execute(
        "SELECT e.item_id, e.key::vector::real[] FROM terrakin.embedding_keys AS e "
        "WHERE e.set_id = internal.set_id('block', 'mean')"
    )
    stored = {block: np.array(key) for block, key in rows}
    assert conn.execute("SELECT api.stats() -> 'n_blocks'").fetchone() == (len(stored),)
    for path in (home / "work").rglob(PATCHES):
        share = read_array(path, "patch_valid_share").reshape(-1, 7, 2, 7, 2)
        patches = record.post_processing.apply(read_array(path, "embedding")).reshape(-1, 7, 2, 7, 2, 768)
        tile_ids = read_array(path, "tile_id")
        for tile, row, col in np.ndindex(len(tile_ids), 7, 7):
            if share[tile, row, :, col].mean() >= 0.75:
                used = patches[tile, row, :, col][share[tile, row, :, col] >= 0.5]
                key = stored.pop((int(tile_ids[tile]) << 6) + 7 * row + col)
                mean = used.mean(axis=0)
                assert key @ mean / np.linalg.norm(key) / np.linalg.norm(mean) > 0.9999
    assert not stored


def test_a_period_that_would_overwrite_another_is_refused(
    copied: Settings,
    tiny_demo: DemoCatalogue,
    undisturbed: dict[str, list[str]],
) -> None:
    arguments = run_arguments(tiny_demo, "--city", "Lisbon (synthetic)")
    clashing = [argument.replace("/2024-08-31", "/2024-07-31") for argument in arguments]
    refused = InThisProcess(environment(copied.home, copied.database_url))(*clashing)
    assert refused.returncode == 1
    error = refused.stderr.splitlines()[-1]
    assert all(value in error for value in ("2024-06-01/2024-07-31", "2024-06-01/2024-08-31", "Lisbon (synthetic)"))
    with psycopg.connect(str(copied.database_url)) as conn:
        assert tables(conn) == undisturbed


def test_similar_tiles_equals_brute_force_over_the_stored_vectors(
    finished: Settings, command_line: Callable[..., CommandLine]
) -> None:
    """The query of the README, compared with NumPy over the stored vectors."""
    with psycopg.connect(str(finished.database_url)) as conn:
        stored = conn.execute(
            "SELECT tile_id, city_id, embedding_mean::real[], ST_X(location::geometry), ST_Y(location::geometry) "
            "FROM terrakin.tiles ORDER BY tile_id"
        ).fetchall()
    ids, cities = [row[0] for row in stored], [row[1] for row in stored]
    vectors = np.array([row[2] for row in stored])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    answers = psql(command_line(finished.home, finished.database_url), ids)
    for query in range(len(ids)):
        similarity = unit @ unit[query]
        per_city: dict[int, int] = {}
        expected = []
        for i in np.argsort(-similarity):
            per_city[cities[i]] = per_city.get(cities[i], 0) + 1
            if cities[i] != cities[query] and per_city[cities[i]] <= 2:  # towns are more than 100 km apart
                expected.append((len(expected) + 1, ids[i], round(float(similarity[i]), 3)))
        answer = answers[ids[query]]
        assert [(r, t) for r, t, _ in answer] == [(r, t) for r, t, _ in expected]
        np.testing.assert_allclose([s for _, _, s in answer], [s for _, _, s in expected], atol=0.0011)


QUERY = """
    SELECT TILE_ID, rank, tile_id, round(similarity::numeric, 3)
    FROM api.similar_tiles(TILE_ID, k => 10, exclude_within_m => 100000, max_per_city => 2)
"""


def psql(terrakin: CommandLine, tile_ids: list[int]) -> dict[int, list[tuple[int, int, float]]]:
    """Return rank, tile_id and similarity of the matches of each tile, from ``terrakin db psql``."""
    queries = [("-c", QUERY.replace("TILE_ID", str(number))) for number in tile_ids]
    done = terrakin("db", "psql", "-At", *chain.from_iterable(queries))
    assert done.returncode == 0, done.stderr
    matches: dict[int, list[tuple[int, int, float]]] = {number: [] for number in tile_ids}
    for line in done.stdout.splitlines():
        query, rank, match, similarity = line.split("|")
        matches[int(query)].append((int(rank), int(match), float(similarity)))
    return matches
