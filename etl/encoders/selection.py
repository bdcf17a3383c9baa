"""The encoders that a user can choose, and how each is loaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from etl.encoders.choices import DEFAULT_ENCODER, ENCODERS
from etl.encoders.encoder import Encoder
from etl.encoders.terramind import Precision
from etl.errors import EncoderError

SUFFIX = ".onnx"
EXPORT_PRECISIONS = ("fp32", "int8")


@dataclass(frozen=True)
class EncoderChoice:
    """The encoder that the user asked for.

    Attributes:
        name: one of ``etl.encoders.choices.ENCODERS``.
        weights: TerraMind's weights: ``hub``, ``random`` or a path. The file holds weights as published, or is an
            ONNX file written by `terrakin etl export-onnx`, which ONNX Runtime executes.
        weights_sha256: the SHA-256 that the weights must have; None accepts any.
        precision: of torch; an ONNX file has its own.
    """

    name: str = DEFAULT_ENCODER
    weights: str = "hub"
    weights_sha256: str | None = None
    precision: Precision = "fp32"


def load_encoder(choice: EncoderChoice) -> Encoder | None:
    """Return an encoder with checked weights, or None for mosaiks, which is fitted later.

    Raises:
        EncoderError: the name is unknown, or weights are missing or do not fit.
    """
    if choice.name == "mosaiks":
        return None
    if choice.name == "galileo_nano":
        return _load_galileo(choice)
    if choice.name != "terramind_v1_base":
        raise EncoderError(f"unknown encoder {choice.name!r}; choose one of {', '.join(ENCODERS)}")
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


def _load_galileo(choice: EncoderChoice) -> Encoder:
    from etl.encoders.galileo import load_galileo

    if choice.weights != "hub" or choice.precision != "fp32":
        raise EncoderError(
            f"galileo_nano has its own weights and precision; leave out --weights {choice.weights} and "
            f"--precision {choice.precision}, or choose --encoder terramind_v1_base"
        )
    encoder = load_galileo()
    if choice.weights_sha256 not in (None, encoder.weights_sha256):
        raise EncoderError(
            f"the weights of galileo_nano in this package have SHA-256 {encoder.weights_sha256}, not "
            f"{choice.weights_sha256}; install the version of terrakin that has those"
        )
    return encoder


def _load_onnx(choice: EncoderChoice) -> Encoder:
    from etl.encoders.terramind_onnx import load_onnx

    if choice.precision != "fp32":
        raise EncoderError(
            f"--precision {choice.precision} applies to torch only; the precision of {choice.weights} was set when it "
            "was exported, see `terrakin etl export-onnx --precision`"
        )
    return load_onnx(Path(choice.weights), choice.weights_sha256)
