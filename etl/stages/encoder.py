"""The encoder of a run: the one that made the stored vectors, or one that may be recorded as such."""

import logging
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg

from etl.encoders.encoder import Encoder
from etl.encoders.selection import EXPORT_PRECISIONS, EncoderChoice, load_encoder
from etl.encoders.validity import patch_valid_share
from etl.errors import EmptyDatabaseError, EncoderError
from etl.store.composites import read_chips
from etl.store.encoder import EncoderRecord, read_encoder, read_filters, write_filters
from etl.store.work_files import COMPOSITE, exported_encoder
from etl.tasks.job import Job
from etl.tasks.locks import one_at_a_time

if TYPE_CHECKING:
    from etl.encoders.mosaiks import MosaiksEncoder

log = logging.getLogger(__name__)

FIT_TILES = 400
"""Tiles from which mosaiks samples its filters; more tiles change them little."""
FIT_SEED = 20150623

Connection = psycopg.Connection[Any]


def check_encoder(conn: Connection, choice: EncoderChoice, loaded: Encoder | None) -> None:
    """Raise if the database contains vectors of another encoder.

    Args:
        conn: connection of any role.
        choice: the requested encoder.
        loaded: the same, loaded; None if it is fitted later.

    Raises:
        EncoderError: name, kind of weights or SHA-256 differ.
    """
    stored = read_encoder(conn)
    if stored is None:
        return
    if stored.name != choice.name or (loaded and loaded.weights_sha256 != stored.weights_sha256):
        asked = f"{loaded.name} ({loaded.weights}, {loaded.weights_sha256[:12]})" if loaded else choice.name
        raise EncoderError(
            f"the database holds vectors of {stored.name} ({stored.weights}, {stored.weights_sha256[:12]}), "
            f"which cannot be compared with those of {asked}; use that encoder, or another database"
        )


def fitted_encoder(jobs: Sequence[Job], min_valid_share: float) -> Encoder:
    """Return the mosaiks encoder with the stored filters, or fit it to this run's composites and store its filters.

    One process fits; the others wait and read its filters from the database.

    Raises:
        EncoderError: the filters that made the stored vectors are missing.
    """
    from etl.encoders import mosaiks

    conn = jobs[0].conn
    stored = read_encoder(conn)
    with one_at_a_time(conn, "fit"):
        encoder = _read_filters(conn) if stored is None else _recorded_filters(conn, stored)
        if encoder is None:
            log.info("stage=fit event=started encoder=mosaiks")
            encoder = mosaiks.fit(_sample_chips(jobs, min_valid_share), seed=FIT_SEED)
            write_filters(conn, encoder.weights_sha256, encoder.to_bytes())
    return encoder


def stored_encoder(conn: Connection, home: Path, stored: EncoderRecord | None, weights: str | None) -> Encoder:
    """Return the encoder that made the stored vectors, to embed something that is compared with them.

    Args:
        conn: connection of any role.
        home: folder that contains the work files.
        stored: the row of terrakin.encoder; None if there is none.
        weights: TerraMind's weights: ``hub``, ``random`` or a file. None takes an exported ONNX file with the recorded
            weights if this machine has one, else ``random`` if these are recorded, else ``hub``.

    Raises:
        EmptyDatabaseError: nothing is loaded yet.
        EncoderError: weights or filters are missing on this machine, or are not the recorded ones.
    """
    if stored is None:
        raise EmptyDatabaseError(
            "the database holds no vectors yet, so no encoder; load tiles first with `terrakin etl run`"
        )
    if stored.name == "mosaiks":
        return _recorded_filters(conn, stored)
    given = weights or _exported(home, stored) or ("random" if stored.weights == "random" else "hub")
    expected = None if given == "random" else stored.weights_sha256
    encoder = load_encoder(EncoderChoice(stored.name, given, expected))
    if encoder is None or encoder.weights_sha256 != stored.weights_sha256:
        raise EncoderError(
            f"{given} weights of {stored.name} are not those of the database's vectors ({stored.weights}, "
            f"{stored.weights_sha256[:12]}); give that file with --weights"
        )
    return encoder


def _read_filters(conn: Connection) -> "MosaiksEncoder | None":
    from etl.encoders.mosaiks import MosaiksEncoder

    npz = read_filters(conn)
    return None if npz is None else MosaiksEncoder.from_bytes(npz, "terrakin.fitted_filters")


def _recorded_filters(conn: Connection, stored: EncoderRecord) -> "MosaiksEncoder":
    """Return the mosaiks encoder with the filters that made the stored vectors.

    Raises:
        EncoderError: there are none, or others.
    """
    encoder = _read_filters(conn)
    if encoder is None or encoder.weights_sha256 != stored.weights_sha256:
        found = f"contains {encoder.weights_sha256[:12]}" if encoder else "is empty"
        raise EncoderError(
            f"the database's vectors were made with filters {stored.weights_sha256[:12]}, but terrakin.fitted_filters "
            f"{found}; restore that row, or load into another database"
        )
    return encoder


def _exported(home: Path, stored: EncoderRecord) -> str | None:
    """Return an exported ONNX file with the recorded weights: it loads in a second, where torch takes ten."""
    from etl.encoders.terramind_onnx import load_onnx

    for path in (exported_encoder(home, precision) for precision in EXPORT_PRECISIONS):
        if path.exists() and load_onnx(path).weights_sha256 == stored.weights_sha256:
            return str(path)
    return None


def _sample_chips(jobs: Sequence[Job], min_valid_share: float) -> Iterator[np.ndarray]:
    """Yield up to FIT_TILES tiles with enough clear pixels from all composites; the same for the same composites."""
    places = [
        (job, city.city_id, cell)
        for job in jobs
        for city in job.cities
        if job.made_from(city.city_id, COMPOSITE)
        for cell in job.cells[city.city_id]
    ]
    chosen = sorted(np.random.default_rng(FIT_SEED).permutation(len(places))[:FIT_TILES])
    for path, some in groupby((places[i] for i in chosen), lambda place: place[0].path(place[1], COMPOSITE)):
        chips = read_chips(path, [cell for _, _, cell in some])
        yield from chips[patch_valid_share(chips).mean(axis=1) >= min_valid_share]
