"""Export of TerraMind from torch to an ONNX file, in fp32 or int8, checked against torch on tiles."""

import copy
import logging
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from etl.encoders.encoder import Encoder
from etl.encoders.terramind import NAME, TerraMindEncoder, normalised
from etl.encoders.terramind_onnx import DESCRIPTION, INSTALL, Description, load_onnx, to_metadata
from etl.errors import EncoderError

log = logging.getLogger(__name__)

OnnxPrecision = Literal["fp32", "int8"]
MIN_COSINE = 0.999
"""Lowest accepted cosine between a patch vector of the file and torch's; below it, the file is discarded."""
# Operators that are quantised to int8: all that multiply with trained matrices.
QUANTISED = ["MatMul", "Gemm"]
FUSED = "com.microsoft::MultiHeadAttention"


def export_onnx(
    encoder: Encoder | None,
    path: Path,
    precision: OnnxPrecision,
    chips: np.ndarray,
    min_cosine: float = MIN_COSINE,
) -> Description:
    """Write the network as one ONNX file, atomically, and return its description.

    int8 is ONNX Runtime's dynamic quantisation: weights per column, activations per call. Weights use 7 of the 8 bits:
    on CPUs without VNNI the 16-bit sums would overflow silently (the cosine to fp32 was 0.94 with 8 bits, and is 0.9995
    with 7).

    Args:
        encoder: TerraMind with torch, in fp32.
        path: the file; missing parent folders are created.
        precision: of the weight matrices.
        chips: (n, 12, 224, 224) uint16, n >= 1: the tiles on which the file must agree with torch.
        min_cosine: lowest accepted cosine between a patch vector of the file and torch's.

    Raises:
        EncoderError: a package is missing, or the vectors do not agree.
    """
    if not isinstance(encoder, TerraMindEncoder) or encoder.precision != "fp32":
        raise EncoderError("only published TerraMind weights in fp32 can be exported to ONNX; pass them with --weights")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        exact, final = Path(folder) / "fp32.onnx", Path(folder) / path.name
        _trace(encoder, exact, chips[[0, 0]])  # with a single tile, the batch size would become a constant
        if precision == "int8":
            _quantise(exact, final)
        else:
            exact.rename(final)
        description = Description(
            encoder.weights, encoder.weights_sha256, tuple(encoder.band_mean.tolist()),
            tuple(encoder.band_std.tolist()), precision, 0.0,
        )  # fmt: skip
        _describe(final, description)
        cosine = lowest_cosine(load_onnx(final).embed(chips), encoder.embed(chips))
        if not cosine >= min_cosine:
            raise EncoderError(
                f"a patch vector of the {precision} file has a cosine of {cosine:.5f} to torch's, below {min_cosine}; "
                f"no file was written; use fp32, or lower --min-cosine"
            )
        description = replace(description, min_cosine=cosine)
        _describe(final, description)
        final.replace(path)
    return description


def lowest_cosine(vectors: np.ndarray, others: np.ndarray) -> float:
    """Return the lowest cosine between corresponding vectors of two arrays (..., dimension) of equal shape."""
    length = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(others, axis=-1)
    return float((np.einsum("...d,...d->...", vectors, others) / length).min())


def _trace(encoder: TerraMindEncoder, path: Path, chips: np.ndarray) -> None:
    """Write the network in fp32, for any batch size."""
    import torch

    class LastLayer(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, bands: Any) -> Any:
            return self.model(bands)[-1]

    model = copy.deepcopy(encoder.model).eval()
    for block in model.encoder:
        block.attn = _fused_attention(block.attn)
    bands = torch.from_numpy(normalised(chips, encoder.band_mean, encoder.band_std)).to(encoder.device)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside the exporter
            program = torch.onnx.export(
                LastLayer(model), (bands,), dynamo=True, verbose=False, external_data=False,
                input_names=["bands"], output_names=["patches"], dynamic_shapes={"bands": {0: torch.export.Dim("n")}},
            )  # fmt: skip
    except ImportError as error:
        raise EncoderError(f"the export to ONNX needs a missing package ({error}); {INSTALL}") from error
    assert program is not None, "dynamo=True always returns a program"
    program.save(path)


def _fused_attention(attention: Any) -> Any:
    """Return a layer's attention as one operator of ONNX Runtime, which keeps the scores of a head in the CPU cache.

    Queries, keys and values use separate matrices, so that no result has to be split. Compared with the dozen operators
    of the plain export, the network takes 0.95 of the time in fp32 and 0.93 in int8.
    """
    import torch

    assert attention.qkv.bias is None, "TerraMind base has no bias here"

    class FusedAttention(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            parts = attention.qkv.weight.detach().chunk(3)
            self.query, self.key, self.value = (torch.nn.Parameter(part.clone()) for part in parts)
            self.proj = attention.proj

        def forward(self, x: Any, mask: None = None) -> Any:
            given = [torch.nn.functional.linear(x, matrix) for matrix in (self.query, self.key, self.value)]
            how = {"num_heads": attention.num_heads, "scale": attention.scale}
            seen = torch.onnx.ops.symbolic(FUSED, given, how, dtype=x.dtype, shape=x.shape, version=1)
            return self.proj(seen)

    return FusedAttention()


def _quantise(source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        source, target, op_types_to_quantize=QUANTISED, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
    )


def _describe(path: Path, description: Description) -> None:
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, {DESCRIPTION: to_metadata(description)})
    model.doc_string = f"{NAME}, {description.weights} weights, {description.precision}"
    onnx.save(model, path)
