"""Stage layout: a place on the UMAP plane for every tile; new ones join the layout that is there."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from etl.errors import EtlError
from etl.reports.layout import compare, write_layout_report
from etl.store.encoder import read_encoder
from etl.store.layout import (
    LayoutState,
    layout_state,
    read_continents,
    read_vectors,
    write_layout,
    write_placements,
)
from etl.tasks.city_loop import BarFactory
from etl.vectors.umap_layout import MIN_TILES, PLACE_NEIGHBORS, make_layout, place

log = logging.getLogger(__name__)

MIN_FITTED_SHARE = 0.5
"""Where fewer of the tiles took part in the fit, the plane no longer says enough about them, and all are laid out
anew. A rule of thumb: half of the tiles still decide the plane's shape."""


def run(conn: psycopg.Connection[Any], bar: BarFactory, anew: bool = False) -> str | None:
    """Give every tile a place. Those that have one keep it, unless ``anew``, or a refit is due.

    Returns:
        What was done, to be shown; None where every tile had its place.
    """
    state = layout_state(conn)
    if not state.n_tiles or not (anew or state.n_missing):
        return None
    if anew or is_refit_due(state):
        log.info("stage=layout event=started tiles=%d", state.n_tiles)
        return _fit(conn, bar)
    log.info("stage=layout event=placing tiles=%d fitted=%d", state.n_missing, state.n_fitted)
    return _place(conn, bar)


def is_refit_due(state: LayoutState) -> bool:
    """True where there is no UMAP layout, or too few of the tiles took part in its fit."""
    few = state.n_fitted < max(MIN_TILES, MIN_FITTED_SHARE * state.n_tiles)
    return state.method != "umap" or few


def report(conn: psycopg.Connection[Any], page: Path) -> None:
    """Compare the stored layout with ones made anew; changes nothing in the database.

    Raises:
        EtlError: no vectors are loaded, too few tiles, or PaCMAP is not installed.
    """
    encoder = read_encoder(conn)
    if encoder is None:
        raise EtlError("the database holds no vectors; fill it with `terrakin etl run` first")
    stored = read_vectors(conn)
    pictures = compare(stored.vectors, stored.places)
    write_layout_report(page, f"{encoder.name} ({encoder.weights} weights)", pictures, read_continents(conn))


def _fit(conn: psycopg.Connection[Any], bar: BarFactory) -> str:
    stored = read_vectors(conn)
    n = len(stored.tile_ids)
    with bar("layout", "tile", n) as progress:
        layout = make_layout(stored.vectors, show_progress=True)
        placement = {"placement": {"method": "weighted mean", "n_neighbors": PLACE_NEIGHBORS, "metric": "cosine"}}
        write_layout(conn, stored.tile_ids, layout.places, layout.method, layout.parameters | placement)
        progress.update(n)
    return f"{n} tiles laid out"


def _place(conn: psycopg.Connection[Any], bar: BarFactory) -> str:
    stored = read_vectors(conn)
    has_place = np.isfinite(stored.places[:, 0])
    fitted, new = has_place & ~stored.is_placed, ~has_place
    with bar("layout", "tile", int(new.sum())) as progress:
        found = []
        for places in place(stored.vectors[new], stored.vectors[fitted], stored.places[fitted]):
            found.append(places)
            progress.update(len(places))
    write_placements(conn, stored.tile_ids[new], np.concatenate(found))
    return f"{new.sum()} tiles placed into the layout of {fitted.sum()}"
