"""TerraMind from an ONNX file that ``terrakin etl export-onnx`` wrote: ONNX Runtime alone, no torch, ready in a second.

The file says of itself which weights it was made from, so its vectors may stand beside those of torch.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from etl.encoders.batching import N_CORES, embed_batches
from etl.encoders.encoder import DIMENSION, Weights, check_chips
from etl.encoders.terramind import NAME, normalised
from etl.errors import EncoderError

log = logging.getLogger(__name__)

DESCRIPTION = "terrakin"
"""Key of the file's metadata under which ``Description`` is kept as JSON."""
GPU = "CUDAExecutionProvider"
# In order of preference; ONNX Runtime has those that its package was built with.
PROVIDERS = (GPU, "CPUExecutionProvider")
GPU_BATCH_SIZE = 16
CPU_BATCH_SIZE = 1
"""No slower than more with a core each, and in int8, where a pass has one scale, a tile's vectors are then its own."""
INSTALL = 'install it with: pip install ".[onnx]"'


@dataclass(frozen=True)
class Description:
    """What an ONNX file says of itself.

    Attributes:
        weights: where the weights came from that it was made of.
        weights_sha256: their SHA-256, as the torch runtime reports it.
        band_mean: 12 numbers, reflectance * 10000.
        band_std: the same.
        precision: ``fp32`` or ``int8``.
        min_cosine: lowest cosine of a patch vector to torch's in fp32, when it was made.
    """

    weights: Weights
    weights_sha256: str
    band_mean: tuple[float, ...]
    band_std: tuple[float, ...]
    precision: str
    min_cosine: float


@dataclass(frozen=True)
class OnnxTerraMindEncoder:
    """A session of ONNX Runtime, ready to embed; see ``etl.encoders.Encoder``."""

    description: Description
    session: Any = field(repr=False)
    name: str = NAME
    dimension: int = DIMENSION

    @property
    def weights(self) -> Weights:
        """Of the weights that the file was made from."""
        return self.description.weights

    @property
    def weights_sha256(self) -> str:
        """Of the weights that the file was made from: the same as torch's."""
        return self.description.weights_sha256

    @property
    def runtime(self) -> str:
        """What computes: ``onnx int8 on CPUExecutionProvider``."""
        return f"onnx {self.description.precision} on {self.session.get_providers()[0]}"

    def embed(self, chips: np.ndarray) -> np.ndarray:
        """Patch vectors of tiles, as ``etl.encoders.terramind.TerraMindEncoder.embed``."""
        check_chips(chips)
        (given,) = self.session.get_inputs()
        mean, std = (np.array(b, np.float32) for b in (self.description.band_mean, self.description.band_std))

        def run(batch: np.ndarray) -> np.ndarray:
            (vectors,) = self.session.run(None, {given.name: normalised(batch, mean, std)})
            return vectors  # type: ignore[no-any-return]

        if self.session.get_providers()[0] == GPU:
            return embed_batches(run, chips, GPU_BATCH_SIZE, n_at_once=1)
        return embed_batches(run, chips, CPU_BATCH_SIZE, n_at_once=N_CORES)


def load_onnx(path: Path, sha256: str | None = None) -> OnnxTerraMindEncoder:
    """Open a file that ``etl.encoders.onnx_export`` wrote.

    Args:
        path: the file.
        sha256: what the SHA-256 of the weights must be that it was made from; None to accept any.

    Raises:
        EncoderError: ONNX Runtime is missing; the file is absent, no such file, or made from other weights.
    """
    try:
        import onnxruntime
        from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf, NoSuchFile
    except ImportError as error:
        raise EncoderError(f"{path} needs ONNX Runtime, which cannot be imported ({error}); {INSTALL}") from error
    providers = [name for name in PROVIDERS if name in onnxruntime.get_available_providers()]
    try:
        session = onnxruntime.InferenceSession(path, _one_core_a_call(onnxruntime), providers=providers)
    except (Fail, InvalidGraph, InvalidProtobuf, NoSuchFile) as error:
        reason = " ".join(str(error).split())
        raise EncoderError(
            f"{path} cannot be read as ONNX ({reason}); make it with `terrakin etl export-onnx`"
        ) from error
    description = _description(session, path)
    if sha256 is not None and description.weights_sha256 != sha256.strip().lower():
        raise EncoderError(
            f"{path} was made from weights with SHA-256 {description.weights_sha256}, not {sha256}; export those"
        )
    encoder = OnnxTerraMindEncoder(description, session)
    log.info(
        "encoder=%s weights=%s sha256=%s runtime=%s", NAME, encoder.weights, encoder.weights_sha256, encoder.runtime
    )
    return encoder


def _one_core_a_call(onnxruntime: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return options


def describe(description: Description) -> str:
    """The text that is kept in the file's metadata under ``DESCRIPTION``."""
    return json.dumps({"encoder": NAME} | vars(description))


def _description(session: Any, path: Path) -> Description:
    try:
        values = json.loads(session.get_modelmeta().custom_metadata_map[DESCRIPTION])
        encoder = values.pop("encoder")
        description = Description(**values)
    except (KeyError, ValueError, TypeError) as error:
        raise EncoderError(
            f"{path} does not say which weights it was made from; make it with `terrakin etl export-onnx`"
        ) from error
    if encoder != NAME or description.weights not in get_args(Weights):
        raise EncoderError(f"{path} holds {encoder} ({description.weights}), not {NAME}; give another file")
    return description
