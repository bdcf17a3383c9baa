"""Reading the vectors that a set is fitted to and filled with: of tiles or imported items, or the keys of blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from psycopg.sql import SQL, Composed, Literal

from db.embedding_sets.copy_format import read_vectors
from db.embedding_sets.store import Items

Connection = psycopg.Connection[Any]

CHUNK = 20_000
"""Items in memory at a time: 120 MB of the longest vectors."""
HASHES = 2**20
TILES = SQL("""
    SELECT t.tile_id, t.city_id, n.country_number, t.valid_share, ST_X(t.location::geometry),
        ST_Y(t.location::geometry), v.embedding AS vector
    FROM terrakin.tiles AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    JOIN terrakin.countries AS n ON n.code = c.country_code
    JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = {method}
    WHERE (hashint8(t.tile_id) & {mask}) < {below}
""")
BLOCKS = SQL("""
    SELECT e.item_id, e.city_id, e.country_number, e.valid_share, ST_X(e.location), ST_Y(e.location), e.key AS vector
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = {set_id} AND (hashint8(e.item_id) & {mask}) < {below}
""")
"""Only the keys of blocks are stored, not the vectors of which they are made."""
IMPORTED = SQL("""
    SELECT i.item_id, i.place_id, i.country_number, 1::real, ST_X(i.location), ST_Y(i.location), v.embedding AS vector
    FROM terrakin.imported_sets AS s
    JOIN terrakin.imported_items AS i ON i.imported_set_id = s.imported_set_id
    JOIN api.imported_vectors AS v ON v.unit = s.name AND v.item_id = i.item_id
    WHERE s.name = {unit} AND (hashint8(i.item_id) & {mask}) < {below}
""")
COPY = SQL("COPY ({}) TO STDOUT (FORMAT BINARY)")
COUNT = SQL("SELECT count(*) FROM ({}) AS s")
DIMENSION = SQL("SELECT vector_dims(s.vector) FROM ({}) AS s LIMIT 1")


@dataclass(frozen=True)
class Source:
    """The vectors of a set, read on a connection of their own: no other statement can run on it meanwhile."""

    conn: Connection
    set_id: int
    unit: str
    method: str

    def size(self) -> tuple[int, int]:
        """Return the number of items and the dimension of their vectors; 0 and 0 if there are none."""
        (n_items,) = self.conn.execute(COUNT.format(self._select(HASHES))).fetchone() or (0,)
        (dimension,) = self.conn.execute(DIMENSION.format(self._select(HASHES))).fetchone() or (0,)
        return n_items, dimension

    def read(self, dimension: int, share: float = 1) -> Iterator[Items]:
        """Yield all items, chunk by chunk, or a sample of about this share of them, always the same."""
        number = ">f2" if self.unit == "block" else ">f4"
        with self.conn.cursor().copy(COPY.format(self._select(round(HASHES * share)))) as copy:
            for rows in read_vectors(copy, dimension, number, CHUNK):
                yield Items(
                    rows["item_id"].astype(np.int64),
                    rows["city_id"].astype(np.int64),
                    rows["valid_share"].astype(np.float32),
                    np.column_stack([rows["lon"], rows["lat"]]).astype(np.float64),
                    rows["vector"].astype(np.float32),
                    rows["country_number"].astype(np.int32),
                )

    def _select(self, below: int) -> Composed:
        """Return the statement that selects the items whose hash is below a limit, up to HASHES."""
        values = {"mask": Literal(HASHES - 1), "below": Literal(below)}
        if self.unit == "tile":
            return TILES.format(method=Literal(self.method), **values)
        if self.unit == "block":
            return BLOCKS.format(set_id=Literal(self.set_id), **values)
        return IMPORTED.format(unit=Literal(self.unit), **values)
