"""TerraMind from an ONNX file of ``terrakin etl export-onnx``: needs ONNX Runtime, not torch, and loads in a second.

The metadata of the file record which weights it was made from, so that its vectors can be compared with those of torch.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from db.errors import one_line
from etl.encoders.batching import N_CORES, embed_batches
from etl.encoders.encoder import DIMENSION, NOMINAL_MONTH, DefaultMethod, Weights, check_chips
from etl.encoders.terramind import NAME, normalised
from etl.errors import EncoderError

log = logging.getLogger(__name__)

DESCRIPTION = "terrakin"
"""Key of the file's metadata whose value is a ``Description`` as JSON."""
GPU = "CUDAExecutionProvider"
# In order of preference; which ones exist depends on how ONNX Runtime was built.
PROVIDERS = (GPU, "CPUExecutionProvider")
GPU_BATCH_SIZE = 16
CPU_BATCH_SIZE = 1
"""As fast as larger batches; and int8 uses one scale per call, so that a tile's vectors do not depend on others."""
INSTALL = "install it with: pip install onnxruntime"


@dataclass(frozen=True)
class Description:
    """The metadata of an exported file.

    Attributes:
        weights: where the exported weights came from.
        weights_sha256: their SHA-256, as the torch runtime reports it.
        band_mean: 12 numbers, reflectance x 10000.
        band_std: 12 numbers, the same unit.
        precision: ``fp32`` or ``int8``.
        min_cosine: lowest cosine between a patch vector of the file and torch's in fp32, at export.
    """

    weights: Weights
    weights_sha256: str
    band_mean: tuple[float, ...]
    band_std: tuple[float, ...]
    precision: str
    min_cosine: float


@dataclass(frozen=True)
class OnnxTerraMindEncoder:
    """An ONNX Runtime session, ready to embed; see ``etl.encoders.encoder.Encoder``."""

    description: Description
    session: Any = field(repr=False)
    name: str = NAME
    dimension: int = DIMENSION
    default_method: DefaultMethod = "mean"

    @property
    def weights(self) -> Weights:
        """Where the exported weights came from."""
        return self.description.weights

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the exported weights, equal to that of the torch runtime."""
        return self.description.weights_sha256

    @property
    def runtime(self) -> str:
        """Runtime, precision and device, such as ``onnx int8 on CPUExecutionProvider``."""
        return f"onnx {self.description.precision} on {self.session.get_providers()[0]}"

    def embed(self, chips: np.ndarray, month: int = NOMINAL_MONTH) -> np.ndarray:
        """Return the patch vectors of tiles, as ``etl.encoders.terramind.TerraMindEncoder.embed``."""
        check_chips(chips)
        (given,) = self.session.get_inputs()
        mean, std = (np.array(b, np.float32) for b in (self.description.band_mean, self.description.band_std))

        def run(batch: np.ndarray) -> np.ndarray:
            (vectors,) = self.session.run(None, {given.name: normalised(batch, mean, std)})
            return vectors  # type: ignore[no-any-return]

        if self.session.get_providers()[0] == GPU:
            return embed_batches(run, chips, GPU_BATCH_SIZE, n_parallel=1)
        return embed_batches(run, chips, CPU_BATCH_SIZE, n_parallel=N_CORES)


def load_onnx(path: Path, sha256: str | None = None) -> OnnxTerraMindEncoder:
    """Return the encoder of a file written by ``etl.encoders.onnx_export``.

    Args:
        path: the file.
        sha256: the SHA-256 that the exported weights must have; None accepts any.

    Raises:
        EncoderError: ONNX Runtime is missing; the file is missing, cannot be read, or was made from other weights.
    """
    try:
        import onnxruntime
        from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf, NoSuchFile
    except ImportError as error:
        raise EncoderError(f"{path} needs ONNX Runtime, which cannot be imported ({error}); {INSTALL}") from error
    providers = [name for name in PROVIDERS if name in onnxruntime.get_available_providers()]
    try:
        session = onnxruntime.InferenceSession(path, _single_threaded(onnxruntime), providers=providers)
    except (Fail, InvalidGraph, InvalidProtobuf, NoSuchFile) as error:
        reason = one_line(error)
        raise EncoderError(
            f"{path} cannot be read as ONNX ({reason}); create it with `terrakin etl export-onnx`"
        ) from error
    description = _description(session, path)
    if sha256 is not None and description.weights_sha256 != sha256.strip().lower():
        raise EncoderError(
            f"{path} was made from weights with SHA-256 {description.weights_sha256}, not {sha256}; "
            "export the right weights with `terrakin etl export-onnx`"
        )
    encoder = OnnxTerraMindEncoder(description, session)
    log.info(
        "encoder=%s weights=%s sha256=%s runtime=%s", NAME, encoder.weights, encoder.weights_sha256, encoder.runtime
    )
    return encoder


def _single_threaded(onnxruntime: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return options


def to_metadata(description: Description) -> str:
    """Return the value of ``DESCRIPTION`` in the file's metadata."""
    return json.dumps({"encoder": NAME} | vars(description))


def _description(session: Any, path: Path) -> Description:
    try:
        values = json.loads(session.get_modelmeta().custom_metadata_map[DESCRIPTION])
        encoder = values.pop("encoder")
        description = Description(**values)
    except (KeyError, ValueError, TypeError) as error:
        raise EncoderError(
            f"the metadata of {path} do not name its weights; create it with `terrakin etl export-onnx`"
        ) from error
    if encoder != NAME or description.weights not in get_args(Weights):
        raise EncoderError(f"{path} contains {encoder} ({description.weights}), not {NAME}; pass another file")
    return description
