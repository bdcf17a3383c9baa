"""The binary columns of the scatter plot, decoded as documented and compared with the tables."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from flask.testing import FlaskClient

from db.connect import connect
from db.embedding_sets.basis import unit_vectors
from db.settings import Settings
from tests.builders.towns import build_towns
from tests.webapp.problem import assert_problem
from webapp import create_app
from webapp.database import EXTENSION

SET_LAYOUT = """
    UPDATE terrakin.tiles SET umap_x = t.x, umap_y = t.y
    FROM (SELECT tile_id, random() * 20 - 10 AS x, random() * 5 + 3 AS y FROM terrakin.tiles) AS t
    WHERE t.tile_id = tiles.tile_id
"""
REMOVE_ONE_TILE = (
    "UPDATE terrakin.tiles SET umap_x = NULL, umap_y = NULL WHERE tile_id = (SELECT max(tile_id) FROM terrakin.tiles)"
)
RECORD_LAYOUT = (
    "INSERT INTO terrakin.layouts (method, parameters, n_tiles) VALUES ('umap', '{\"n_neighbors\": 30}', 44)"
)


@pytest.fixture
def laid_out(database: Settings) -> Iterator[tuple[FlaskClient, psycopg.Connection[Any]]]:
    """The towns with a layout of all tiles except one."""
    with connect(database, autocommit=True) as conn:
        build_towns(conn)
        for statement in (SET_LAYOUT, REMOVE_ONE_TILE, RECORD_LAYOUT):
            conn.execute(statement)  # type: ignore[call-overload]
        app = create_app(database)
        yield app.test_client(), conn
        app.extensions[EXTENSION].close()


def decoded(data: bytes, *types: str) -> list[np.ndarray]:
    """Return the layout version and the columns of a binary answer."""
    n, layout_version = np.frombuffer(data, "<u4", 2)
    columns, offset = [np.array(layout_version)], 8
    for kind in types:
        columns.append(np.frombuffer(data, kind, n, offset))
        offset += columns[-1].nbytes
    assert offset == len(data)
    return columns


def test_points_equal_the_layout_to_one_part_in_65535(laid_out: tuple[FlaskClient, psycopg.Connection[Any]]) -> None:
    client, conn = laid_out
    about = client.get("/api/v1/umap").get_json()
    response = client.get("/api/v1/umap/points")
    assert response.content_type == "application/octet-stream"
    version, tile_ids, x, y, city_index = decoded(response.data, "<f8", "<u2", "<u2", "<u2")
    rows = conn.execute(
        "SELECT tile_id, umap_x, umap_y, city_id FROM terrakin.tiles WHERE umap_x IS NOT NULL ORDER BY tile_id"
    ).fetchall()
    assert (len(rows), about["n_tiles"], about["layout_version"]) == (44, 44, version)
    assert tile_ids.astype(int).tolist() == [row[0] for row in rows]
    min_x, min_y, max_x, max_y = about["bounds"]
    np.testing.assert_allclose(min_x + x / 65535 * (max_x - min_x), [r[1] for r in rows], atol=(max_x - min_x) / 65535)
    np.testing.assert_allclose(min_y + y / 65535 * (max_y - min_y), [r[2] for r in rows], atol=(max_y - min_y) / 65535)
    assert [about["cities"][i]["city_id"] for i in city_index] == [row[3] for row in rows]
    assert (about["method"], about["parameters"]) == ("umap", {"n_neighbors": 30})
    assert all(city["is_synthetic"] for city in about["cities"])
    assert {city["continent"] for city in about["cities"]} == {"Europe", "North America", "Africa", "Asia"}


@pytest.mark.parametrize("method", ["mean", "dominant"])
def test_similarities_are_in_the_order_of_the_points(
    laid_out: tuple[FlaskClient, psycopg.Connection[Any]], method: str
) -> None:
    client, conn = laid_out
    points_version, tile_ids = decoded(client.get("/api/v1/umap/points").data[: 8 + 44 * 8], "<f8")
    version, s = decoded(client.get(f"/api/v1/umap/similarity?tile_id={tile_ids[7]:.0f}&method={method}").data, "<u2")
    rows = conn.execute(
        f"SELECT tile_id, embedding_{method} FROM terrakin.tiles WHERE umap_x IS NOT NULL ORDER BY tile_id"  # type: ignore[arg-type] # noqa: S608
    ).fetchall()
    vectors = np.array([row[1].to_numpy() for row in rows], np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(s / 65535 * 2 - 1, unit @ unit[7], atol=2e-5)
    assert version == points_version


def test_a_tile_without_a_vector_of_the_method_has_the_lowest_similarity(
    laid_out: tuple[FlaskClient, psycopg.Connection[Any]],
) -> None:
    client, conn = laid_out
    first, second = conn.execute(
        "SELECT tile_id FROM terrakin.tiles WHERE umap_x IS NOT NULL ORDER BY tile_id LIMIT 2"
    ).fetchall()
    conn.execute(
        "INSERT INTO terrakin.tile_aggregates SELECT tile_id, 'median', embedding_mean FROM terrakin.tiles "
        "WHERE tile_id <> %s",
        second,
    )
    _, s = decoded(client.get(f"/api/v1/umap/similarity?tile_id={first[0]}&method=median").data, "<u2")
    assert (s[0], s[1]) == (65535, 0)
    assert (s[2:] > 0).all()
    assert client.get(f"/api/v1/umap/similarity?tile_id={second[0]}&method=median").status_code == 404


def similarities(client: FlaskClient, query: str) -> np.ndarray:
    _, s = decoded(client.get(f"/api/v1/umap/similarity?{query}").data, "<u2")
    return np.asarray(s / 65535 * 2 - 1)


def test_examples_are_compared_as_a_search_compares_them(
    laid_out: tuple[FlaskClient, psycopg.Connection[Any]],
) -> None:
    client, conn = laid_out
    rows = conn.execute(
        "SELECT tile_id, embedding_mean FROM terrakin.tiles WHERE umap_x IS NOT NULL ORDER BY tile_id"
    ).fetchall()
    unit = unit_vectors(np.array([row[1].to_numpy() for row in rows], np.float64))
    wanted = unit[[3, 9]].mean(axis=0) - 0.2 * unit[30]
    found = similarities(client, f"positive={rows[3][0]},{rows[9][0]}&negative={rows[30][0]}&method=mean")
    np.testing.assert_allclose(found, unit @ wanted / np.linalg.norm(wanted), atol=2e-5)


def test_a_key_has_the_similarities_of_its_question(laid_out: tuple[FlaskClient, psycopg.Connection[Any]]) -> None:
    client, conn = laid_out
    (tile_id,) = conn.execute("SELECT min(tile_id) FROM terrakin.tiles").fetchone()  # type: ignore[misc]
    key = client.post("/api/v1/similar?with_key=true", json={"tile_id": tile_id, "method": "mean"}).get_json()["key"]
    of_tile = similarities(client, f"tile_id={tile_id}&method=mean")
    np.testing.assert_allclose(similarities(client, f"key={key}"), of_tile, atol=3e-3)


def test_by_block_a_tile_has_the_similarity_of_its_best_block(
    laid_out: tuple[FlaskClient, psycopg.Connection[Any]],
) -> None:
    client, conn = laid_out
    (block_id,) = conn.execute("SELECT min(tile_id) << 6 FROM terrakin.tiles WHERE city_id = -1").fetchone()  # type: ignore[misc]
    rows = conn.execute(
        """
        SELECT coalesce(max(1 - (e.key <=> q.key)), -1)
        FROM terrakin.tiles AS t
        JOIN terrakin.embedding_keys AS q ON q.item_id = %s AND q.set_id = internal.set_id('block', 'mean')
        LEFT JOIN terrakin.embedding_keys AS e ON e.set_id = q.set_id AND e.item_id >> 6 = t.tile_id
        WHERE t.umap_x IS NOT NULL
        GROUP BY t.tile_id
        ORDER BY t.tile_id
        """,
        (block_id,),
    ).fetchall()
    expected = [similarity for (similarity,) in rows]
    assert max(expected) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(similarities(client, f"block_id={block_id}"), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("tile_id=1", 404), ("positive=1,x", 422), ("key=x", 422), ("tile_id=1&block_id=64", 422)],
)
def test_a_question_that_is_missing_or_unknown_is_refused(
    laid_out: tuple[FlaskClient, psycopg.Connection[Any]], query: str, status: int
) -> None:
    client, _ = laid_out
    assert client.get(f"/api/v1/umap/similarity?{query}").status_code == status


def test_the_version_changes_with_the_layout_and_with_its_tiles(
    laid_out: tuple[FlaskClient, psycopg.Connection[Any]],
) -> None:
    client, conn = laid_out
    versions = [client.get("/api/v1/umap").get_json()["layout_version"]]
    for change in (
        RECORD_LAYOUT,
        "DELETE FROM terrakin.tiles WHERE tile_id = (SELECT min(tile_id) FROM terrakin.tiles)",
    ):
        assert client.get("/api/v1/umap").get_json()["layout_version"] == versions[-1]
        conn.execute(change)  # type: ignore[call-overload]
        # The data version uses row counters, which may lag by ten seconds unless they are flushed.
        conn.execute("SELECT pg_stat_force_next_flush()")
        versions.append(client.get("/api/v1/umap").get_json()["layout_version"])
    assert len(set(versions)) == 3


@pytest.mark.parametrize("path", ["umap", "umap/points"])
def test_a_missing_layout_is_404_with_the_command(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(f"/api/v1/{path}"), 404, "terrakin etl layout")


def test_stats_count_tiles_blocks_cities_periods_and_vectors(
    laid_out: tuple[FlaskClient, psycopg.Connection[Any]],
) -> None:
    client, _ = laid_out
    stats = client.get("/api/v1/stats").get_json()
    assert {name: stats[name] for name in stats if name.startswith("n_")} == {
        "n_tiles": 45, "n_synthetic_tiles": 45, "n_cities": 5, "n_countries": 5, "n_continents": 4, "n_thumbnails": 36,
        "n_blocks": 36 * 49, "n_tiles_in_layout": 44,
    }  # fmt: skip
    assert stats["by_continent"][-1] == {"continent": "North America", "n_cities": 1, "n_tiles": 9}
    assert stats["periods"] == [{"period": "2024-06-01/2024-08-31", "n_cities": 5, "n_tiles": 45}]
    assert [(m["method"], m["n_tiles"]) for m in stats["by_method"]] == [
        ("mean", 45), ("dominant", 45), ("median", 0), ("min", 0), ("max", 0), ("std", 0), ("mean_std", 0)
    ]  # fmt: skip
    assert stats["is_synthetic"] is True


def test_stats_of_an_empty_database_are_zero(database: Settings) -> None:
    app = create_app(database)
    stats = app.test_client().get("/api/v1/stats").get_json()
    app.extensions[EXTENSION].close()
    assert (stats["n_tiles"], stats["n_cities"], stats["by_continent"], stats["periods"]) == (0, 0, [], [])
