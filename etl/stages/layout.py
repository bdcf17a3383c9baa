"""Stage layout: a place on the UMAP plane for every tile."""

import logging
from typing import Any

import psycopg

from etl.layout import make_layout
from etl.stages import BarFactory
from etl.store import lacks_layout, read_vectors, write_layout

log = logging.getLogger(__name__)


def run(conn: psycopg.Connection[Any], bar: BarFactory, anew: bool = False) -> bool:
    """Lay out all tiles when one has no place yet, or ``anew`` asks for it. True where that was done."""
    if not anew and not lacks_layout(conn):
        return False
    log.info("stage=layout event=started")
    tile_ids, vectors = read_vectors(conn)
    with bar("layout", "tile", len(tile_ids)) as progress:
        layout = make_layout(vectors)
        write_layout(conn, tile_ids, layout.places, layout.method, layout.parameters)
        progress.update(len(tile_ids))
    return True
