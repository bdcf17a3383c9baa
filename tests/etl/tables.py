"""The tables as a run leaves them, without what may differ between runs: times, sequence numbers and older layouts.

A resumed run may fit the layout again, and every layout is kept.
"""

from typing import Any

import psycopg

QUERIES = {
    "cities": "SELECT city_id, name, country_code, location::text, extent::text, is_synthetic FROM terrakin.cities",
    "encoder": "SELECT name, weights, weights_sha256, default_method, post_processing::text FROM terrakin.encoder",
    "composites": "SELECT city_id, period, collection, is_synthetic, item_ids, valid_share FROM terrakin.composites",
    "tiles": """
        SELECT tile_id, city_id, period, footprint::text, location::text, valid_share, dominant_share,
            dominant_patches::text,
            embedding_mean::text, embedding_dominant::text, umap_x, umap_y, is_umap_placed
        FROM terrakin.tiles
    """,
    "tile_aggregates": "SELECT tile_id, method, embedding::text FROM terrakin.tile_aggregates",
    "tile_thumbnails": "SELECT tile_id, md5(webp) FROM terrakin.tile_thumbnails",
    "layouts": """
        SELECT method, parameters::text, n_tiles, n_placed FROM terrakin.layouts ORDER BY layout_id DESC LIMIT 1
    """,
    "embedding_keys": """
        SELECT s.unit, s.method, e.item_id, e.city_id, e.list_id, e.valid_share, ST_AsText(e.location), e.key::text
        FROM terrakin.embedding_keys AS e
        JOIN terrakin.embedding_sets AS s ON s.set_id = e.set_id
    """,
    "tasks": "SELECT city_id, period, stage, status, detail FROM terrakin.etl_tasks",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = 'terrakin'",
}


def tables(conn: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Return all rows of all tables as text, sorted."""
    return {name: sorted(map(repr, conn.execute(query).fetchall())) for name, query in QUERIES.items()}  # type: ignore[call-overload]
