"""Choosing the encoder: what the user asked for, what the database records, and what is stored on this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from etl.encoders.encoder import Encoder, EncoderIdentity
from etl.encoders.terramind import Precision
from etl.errors import EmptyDatabaseError, EncoderError

if TYPE_CHECKING:
    from etl.encoders.mosaiks import MosaiksEncoder

SUFFIX = ".onnx"
EXPORT_PRECISIONS = ("fp32", "int8")


@dataclass(frozen=True)
class EncoderChoice:
    """The encoder that the user asked for.

    Attributes:
        name: ``mosaiks`` or ``terramind_v1_base``.
        weights: TerraMind's weights: ``hub``, ``random`` or a path. The file holds weights as published, or is an
            ONNX file written by `terrakin etl export-onnx`, which ONNX Runtime executes.
        weights_sha256: the SHA-256 that the weights must have; None accepts any.
        precision: of torch; an ONNX file has its own.
    """

    name: str = "mosaiks"
    weights: str = "hub"
    weights_sha256: str | None = None
    precision: Precision = "fp32"


def load_encoder(choice: EncoderChoice) -> Encoder | None:
    """Return TerraMind with checked weights, or None for mosaiks, which is fitted later.

    Raises:
        EncoderError: the name is unknown, or weights are missing or do not fit.
    """
    if choice.name == "mosaiks":
        return None
    if choice.name != "terramind_v1_base":
        raise EncoderError(f"unknown encoder {choice.name!r}; choose mosaiks or terramind_v1_base")
    if Path(choice.weights).suffix == SUFFIX:
        return _load_onnx(choice)
    from etl.encoders.terramind import load_terramind

    weights: Literal["hub", "random"] | Path
    if choice.weights == "hub":
        weights = "hub"
    elif choice.weights == "random":
        weights = "random"
    else:
        weights = Path(choice.weights)
    return load_terramind(weights, sha256=choice.weights_sha256, precision=choice.precision)


def _load_onnx(choice: EncoderChoice) -> Encoder:
    from etl.encoders.terramind_onnx import load_onnx

    if choice.precision != "fp32":
        raise EncoderError(
            f"--precision {choice.precision} applies to torch only; the precision of {choice.weights} was set when it "
            "was exported, see `terrakin etl export-onnx --precision`"
        )
    return load_onnx(Path(choice.weights), choice.weights_sha256)


def check_encoder(stored: EncoderIdentity | None, choice: EncoderChoice, loaded: Encoder | None) -> None:
    """Raise EncoderError if the database records another encoder.

    Args:
        stored: the row of terrakin.encoder; None accepts any encoder.
        choice: the encoder that the user asked for.
        loaded: the same, loaded; None for mosaiks.

    Raises:
        EncoderError: name or SHA-256 differ.
    """
    if stored is None:
        return
    if stored.name != choice.name or (loaded and loaded.weights_sha256 != stored.weights_sha256):
        asked = describe(loaded) if loaded else choice.name
        raise EncoderError(
            f"the database contains vectors of {describe(stored)}, which cannot be compared with those of {asked}; "
            "use that encoder, or another database"
        )


def describe(encoder: EncoderIdentity) -> str:
    """Return name, kind of weights and the first 12 digits of their SHA-256, for messages."""
    return f"{encoder.name} ({encoder.weights}, {encoder.weights_sha256[:12]})"


def read_filters(npz: bytes | None) -> "MosaiksEncoder | None":
    """Return the mosaiks encoder stored in terrakin.fitted_filters, or None if ``npz`` is None.

    Raises:
        EncoderError: the filters are damaged.
    """
    from etl.encoders.mosaiks import MosaiksEncoder

    return None if npz is None else MosaiksEncoder.from_bytes(npz, "terrakin.fitted_filters")


def matching_filters(npz: bytes | None, stored: EncoderIdentity) -> "MosaiksEncoder":
    """Return the mosaiks encoder that made the database's vectors.

    Args:
        npz: the row of terrakin.fitted_filters; None if there is none.
        stored: the row of terrakin.encoder.

    Raises:
        EncoderError: there are no filters, or others.
    """
    encoder = read_filters(npz)
    if encoder is None or encoder.weights_sha256 != stored.weights_sha256:
        found = f"contains {encoder.weights_sha256[:12]}" if encoder else "is empty"
        raise EncoderError(
            f"the database's vectors were made with filters {stored.weights_sha256[:12]}, but terrakin.fitted_filters "
            f"{found}; restore that row, or load into another database"
        )
    return encoder


def stored_encoder(stored: EncoderIdentity | None, npz: bytes | None, home: Path, weights: str | None) -> Encoder:
    """Return the encoder that made the database's vectors, to embed tiles that are compared with them.

    Args:
        stored: the row of terrakin.encoder; None if there is none.
        npz: the row of terrakin.fitted_filters; None if there is none.
        home: TERRAKIN_HOME, where exported ONNX files lie.
        weights: TerraMind's weights: ``hub``, ``random`` or a file. None uses an exported ONNX file of the same
            weights if this machine has one, else ``random`` if the database records random weights, else ``hub``.

    Raises:
        EmptyDatabaseError: the database records no encoder yet.
        EncoderError: weights or filters are missing, or differ from the recorded ones.
    """
    if stored is None:
        raise EmptyDatabaseError(
            "the database contains no vectors and records no encoder yet; load tiles first with `terrakin etl run`"
        )
    if stored.name == "mosaiks":
        return matching_filters(npz, stored)
    given = weights or _exported_file(home, stored) or ("random" if stored.weights == "random" else "hub")
    expected = None if given == "random" else stored.weights_sha256
    encoder = load_encoder(EncoderChoice(stored.name, given, expected))
    if encoder is None or encoder.weights_sha256 != stored.weights_sha256:
        raise EncoderError(
            f"{given} weights of {stored.name} are not those of the database's vectors ({stored.weights}, "
            f"{stored.weights_sha256[:12]}); pass the right file with --weights"
        )
    return encoder


def export_path(home: Path, precision: str) -> Path:
    """Return where `terrakin etl export-onnx` writes its file by default, and where ``stored_encoder`` looks for it."""
    return home / "work" / "encoder" / f"terramind_v1_base_{precision}{SUFFIX}"


def _exported_file(home: Path, stored: EncoderIdentity) -> str | None:
    """Return the exported ONNX file of the database's weights, if any: it loads in a second, torch takes ten."""
    from etl.encoders.terramind_onnx import load_onnx

    for path in (export_path(home, precision) for precision in EXPORT_PRECISIONS):
        if path.exists() and load_onnx(path).weights_sha256 == stored.weights_sha256:
            return str(path)
    return None
