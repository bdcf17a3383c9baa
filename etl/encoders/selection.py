"""Which encoder: what the user asked for, what the database holds, and what is kept on this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg

from etl.encoders.encoder import Encoder
from etl.encoders.terramind import Precision
from etl.errors import EncoderError
from etl.store.encoder import EncoderRecord, read_encoder, read_filters
from etl.store.work_files import encoder_dir

if TYPE_CHECKING:
    from etl.encoders.mosaiks import MosaiksEncoder

SUFFIX = ".onnx"
EXPORT_PRECISIONS = ("fp32", "int8")


@dataclass(frozen=True)
class EncoderChoice:
    """What the user asked for.

    Attributes:
        name: ``mosaiks`` or ``terramind_v1_base``.
        weights: TerraMind's weights: ``hub``, ``random``, or the path of a file: weights as published, or an ONNX
            file of `terrakin etl export-onnx`, which ONNX Runtime computes.
        weights_sha256: what the weights must have; None to accept any.
        precision: of torch; an ONNX file has its own.
    """

    name: str = "mosaiks"
    weights: str = "hub"
    weights_sha256: str | None = None
    precision: Precision = "fp32"


def load_encoder(choice: EncoderChoice) -> Encoder | None:
    """An encoder that needs no data: TerraMind with checked weights. None for mosaiks, which is fitted later.

    Raises:
        EncoderError: unknown name, weights that are missing or do not fit.
    """
    if choice.name == "mosaiks":
        return None
    if choice.name != "terramind_v1_base":
        raise EncoderError(f"unknown encoder {choice.name!r}; there are mosaiks and terramind_v1_base")
    if Path(choice.weights).suffix == SUFFIX:
        return _onnx(choice)
    from etl.encoders.terramind import load_terramind

    weights: Literal["hub", "random"] | Path
    if choice.weights == "hub":
        weights = "hub"
    elif choice.weights == "random":
        weights = "random"
    else:
        weights = Path(choice.weights)
    return load_terramind(weights, sha256=choice.weights_sha256, precision=choice.precision)


def _onnx(choice: EncoderChoice) -> Encoder:
    from etl.encoders.terramind_onnx import load_onnx

    if choice.precision != "fp32":
        raise EncoderError(
            f"--precision {choice.precision} is torch's; the precision of {choice.weights} was settled when it was "
            "exported, see `terrakin etl export-onnx --precision`"
        )
    return load_onnx(Path(choice.weights), choice.weights_sha256)


def check_encoder(conn: psycopg.Connection[Any], choice: EncoderChoice, loaded: Encoder | None) -> None:
    """Refuse an encoder other than the one whose vectors the database holds.

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


def found_filters(conn: psycopg.Connection[Any], home: Path) -> "MosaiksEncoder | None":
    """The mosaiks filters that the database keeps, or else a file that a version before kept in ``home``.

    Raises:
        EncoderError: they are damaged.
    """
    from etl.encoders.mosaiks import MosaiksEncoder

    npz, path = read_filters(conn), encoder_dir(home) / "mosaiks.npz"
    if npz is not None:
        return MosaiksEncoder.from_bytes(npz, "terrakin.fitted_filters")
    return MosaiksEncoder.from_bytes(path.read_bytes(), str(path)) if path.exists() else None


def kept_filters(conn: psycopg.Connection[Any], home: Path, stored: EncoderRecord) -> "MosaiksEncoder":
    """The mosaiks filters that made the database's vectors.

    Raises:
        EncoderError: there are none, or others.
    """
    encoder = found_filters(conn, home)
    if encoder is None or encoder.weights_sha256 != stored.weights_sha256:
        found = f"those kept are {encoder.weights_sha256[:12]}" if encoder else "none are kept"
        raise EncoderError(
            f"the database's vectors were made with filters {stored.weights_sha256[:12]}, but {found} in "
            "terrakin.fitted_filters; put that row back, or load into another database"
        )
    return encoder


def stored_encoder(
    conn: psycopg.Connection[Any], home: Path, stored: EncoderRecord | None, weights: str | None
) -> Encoder:
    """The very encoder that made the database's vectors, to embed something that is compared with them.

    Args:
        conn: any role's.
        home: where work files lie.
        stored: the row of terrakin.encoder; None where there is none.
        weights: TerraMind's: ``hub``, ``random`` or a file; None takes an ONNX file of the same weights where
            one is kept on this machine, else ``random`` where the row says so, else ``hub``.

    Raises:
        EncoderError: nothing is loaded yet; weights or filters are not here, or are others than the row's.
    """
    if stored is None:
        raise EncoderError("the database holds no vectors yet, so no encoder; load tiles first with `terrakin etl run`")
    if stored.name == "mosaiks":
        return kept_filters(conn, home, stored)
    given = weights or _kept_export(home, stored) or ("random" if stored.weights == "random" else "hub")
    expected = None if given == "random" else stored.weights_sha256
    encoder = load_encoder(EncoderChoice(stored.name, given, expected))
    if encoder is None or encoder.weights_sha256 != stored.weights_sha256:
        raise EncoderError(
            f"{given} weights of {stored.name} are not those of the database's vectors ({stored.weights}, "
            f"{stored.weights_sha256[:12]}); give that file with --weights"
        )
    return encoder


def export_name(precision: str) -> str:
    """The name under which `terrakin etl export-onnx` keeps its file, in etl.store.work_files.encoder_dir."""
    return f"terramind_v1_base_{precision}{SUFFIX}"


def _kept_export(home: Path, stored: EncoderRecord) -> str | None:
    """The ONNX file made from the database's weights, where one is kept: ready in a second, where torch takes ten."""
    from etl.encoders.terramind_onnx import load_onnx

    for path in (encoder_dir(home) / export_name(precision) for precision in EXPORT_PRECISIONS):
        if path.exists() and load_onnx(path).weights_sha256 == stored.weights_sha256:
            return str(path)
    return None
