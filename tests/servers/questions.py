"""Questions of the web app and of analysts, which every arrangement of servers must answer alike."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from db.connect import connect
from db.settings import Settings
from webapp import create_app
from webapp.database import EXTENSION

N_QUESTIONS = 57
N_TILES = 9
SQL_QUESTIONS = Path(__file__).with_suffix(".sql").read_text().split("\n\n")[1:]
WITH_BLOCKS = """
    WITH asked AS (
        SELECT t.* FROM terrakin.tiles AS t
        WHERE t.tile_id << 6 = ANY (internal.block_ids(t.tile_id))
        ORDER BY t.tile_id LIMIT 12
    )
"""


def questions(settings: Settings) -> list[str]:
    """Return requests to the API and for vector tiles, about several tiles."""
    with connect(settings, "reader") as conn:
        rows = conn.execute("SELECT tile_id FROM terrakin.tiles ORDER BY 1 LIMIT %s", (N_TILES,)).fetchall()
    paths = ["/api/v1/stats", "/api/v1/cities?q=a", "/tiles/grid/0/0/0"]
    for (tile_id,) in rows:
        paths += [
            f"/api/v1/tiles/{tile_id}",
            f"/api/v1/similar?tile_id={tile_id}&k=5",
            f"/api/v1/similar?tile_id={tile_id}&max_per_city=1&exclude_within_m=2000",
            f"/api/v1/similar?block_id={tile_id << 6}&k=5",
            f"/api/v1/tiles/{tile_id}/thumbnail.webp",
            f"/tiles/similarity/3/4/2?tile_id={tile_id}",
        ]
    assert len(paths) == N_QUESTIONS
    return paths


def web_answers(settings: Settings, paths: list[str]) -> list[tuple[int, bytes]]:
    """Return status and body of the web app's answers."""
    app = create_app(replace(settings, rate_limit="none", picture_rate_limit="none"))
    client = app.test_client()
    found = [(answer.status_code, answer.data) for answer in map(client.get, paths)]
    app.extensions[EXTENSION].close()
    return found


def sql_answers(settings: Settings) -> dict[str, list[str]]:
    """Return the rows that a reader gets, by statement; each has some."""
    found = {}
    with psycopg.connect(str(settings.database_url), options="-c role=terrakin_reader") as conn:
        for question in SQL_QUESTIONS:
            statement: Any = WITH_BLOCKS + question
            found[question] = sorted(map(str, conn.execute(statement)))
            assert found[question], question
    return found
