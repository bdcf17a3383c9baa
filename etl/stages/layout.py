"""Stage layout: a position in the UMAP plane for every tile; new tiles are placed into the existing layout."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from etl.errors import EmptyDatabaseError
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
from etl.tasks.job import BarFactory
from etl.vectors.umap_layout import MIN_TILES, PLACE_NEIGHBORS, make_layout, place

log = logging.getLogger(__name__)

MIN_FITTED_SHARE = 0.5
"""If a smaller share of the tiles took part in the fit, the plane no longer represents them, and all are laid out
again. A rule of thumb: half of the tiles still determine the shape of the plane."""


def run(conn: psycopg.Connection[Any], bar: BarFactory, redo: bool = False) -> str | None:
    """Give every tile a position. Existing positions stay, unless a refit is due or ``redo`` is True.

    Returns:
        What was done, for the user; None if every tile had a position.
    """
    state = layout_state(conn)
    if not state.n_tiles or not (redo or state.n_missing):
        return None
    if redo or is_refit_due(state):
        log.info("stage=layout event=started tiles=%d", state.n_tiles)
        return _fit(conn, bar)
    log.info("stage=layout event=placing tiles=%d fitted=%d", state.n_missing, state.n_fitted)
    return _place(conn, bar)


def is_refit_due(state: LayoutState) -> bool:
    """Return True if there is no UMAP layout, or too few of the tiles took part in its fit."""
    has_too_few = state.n_fitted < max(MIN_TILES, MIN_FITTED_SHARE * state.n_tiles)
    return state.method != "umap" or has_too_few


def report(conn: psycopg.Connection[Any], page: Path) -> None:
    """Write a report that compares the stored layout with newly computed ones; the database does not change.

    Raises:
        EmptyDatabaseError: no vectors are loaded.
        EtlError: there are too few tiles, or PaCMAP is not installed.
    """
    encoder = read_encoder(conn)
    if encoder is None:
        raise EmptyDatabaseError("the database holds no vectors; fill it with `terrakin etl run` first")
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
