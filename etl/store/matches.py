"""What a search from a position answers: the proof that a place is searchable."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

QUERY = """
    SELECT s.rank, s.city, s.country_code, s.similarity
    FROM api.similar_at(%s, %s, k => 3, max_per_city => 1) AS s
    ORDER BY s.rank
"""


@dataclass(frozen=True)
class Match:
    """A city with a tile like that of a position, and the similarity of the two."""

    rank: int
    city: str
    country_code: str
    similarity: float


def similar_cities(conn: psycopg.Connection[Any], lon: float, lat: float) -> list[Match]:
    """Return the three other cities most similar to the tile at a position (degrees, EPSG:4326).

    Raises:
        psycopg.errors.NoDataFound: no tile lies there.
    """
    with conn.cursor(row_factory=class_row(Match)) as cursor:
        return cursor.execute(QUERY, (lon, lat)).fetchall()
