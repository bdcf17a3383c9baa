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
    fitted_tile_ids,
    layout_state,
    missing_tile_ids,
    read_continents,
    read_vectors,
    sample_tile_ids,
    write_layout,
    write_placements,
)
from etl.tasks.job import BarFactory
from etl.vectors.umap_layout import MIN_TILES, PLACE_NEIGHBORS, make_layout, place

log = logging.getLogger(__name__)

MIN_FITTED_SHARE = 0.5
"""If a smaller share of the tiles took part in the fit, the plane no longer represents them, and all are laid out
again. A rule of thumb: half of the tiles still determine the shape of the plane."""
MAX_FITTED = 50_000
"""Number of tiles to which a layout is fitted at most, a random sample; the others are placed into it. A fit to so many
takes about two minutes and 2 GB."""
PLACED_AT_A_TIME = 8_192
"""Tiles that are placed in one transaction; their vectors take 25 MB."""


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
    has_too_few = state.n_fitted < max(MIN_TILES, min(MIN_FITTED_SHARE * state.n_tiles, MAX_FITTED))
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
    stored = read_vectors(conn, sample_tile_ids(conn, MAX_FITTED))
    pictures = compare(stored.vectors, stored.places)
    continents = read_continents(conn, stored.tile_ids.tolist())
    write_layout_report(page, f"{encoder.name} ({encoder.weights} weights)", pictures, continents)


def _fit(conn: psycopg.Connection[Any], bar: BarFactory) -> str:
    stored = read_vectors(conn, sample_tile_ids(conn, MAX_FITTED))
    n = len(stored.tile_ids)
    with bar("layout", "tile", n) as progress:
        layout = make_layout(stored.vectors, show_progress=True)
        placement = {"placement": {"method": "weighted mean", "n_neighbors": PLACE_NEIGHBORS, "metric": "cosine"}}
        write_layout(conn, stored.tile_ids, layout.places, layout.method, layout.parameters | placement)
        progress.update(n)
    done = f"{n} tiles laid out"
    return f"{done}, {_place(conn, bar)}" if missing_tile_ids(conn) else done


def _place(conn: psycopg.Connection[Any], bar: BarFactory) -> str:
    """Place the tiles without a position, chunk by chunk, so that an interrupted run goes on where it stopped."""
    fitted = read_vectors(conn, fitted_tile_ids(conn))
    missing = missing_tile_ids(conn)
    with bar("layout", "tile", len(missing)) as progress:
        for begin in range(0, len(missing), PLACED_AT_A_TIME):
            new = read_vectors(conn, missing[begin : begin + PLACED_AT_A_TIME])
            places = np.concatenate(list(place(new.vectors, fitted.vectors, fitted.places)))
            write_placements(conn, new.tile_ids, places)
            progress.update(len(places))
    return f"{len(missing)} tiles placed into the layout of {len(fitted.tile_ids)}"
