"""What is done to every patch vector before aggregation, fitted on the data set and recorded with the encoder.

Raw patch vectors share a large common mean, which dominates their cosine; so every dimension is centred and scaled
over the data set, and the aggregates are taken of the standardised patches.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from etl.errors import EncoderError

# A dimension that hardly varies is noise: its spread is taken to be at least this share of the median spread ...
STD_FLOOR_SHARE = 1e-3
# ... and at least one step of float16 (the type of stored patch vectors) at the size of its mean.
FLOAT16_STEP = 2.0**-10


@dataclass(frozen=True)
class PostProcessing:
    """What is done to every patch vector before aggregation: ``(patch - mean) / std``, 0 where excluded.

    ``mean`` and ``std`` are (dimension,) float32; ``std`` is positive. ``excluded_dimensions`` (from 0, ascending)
    say where rather than what: see etl.spatial_bias.
    """

    method: str
    mean: np.ndarray
    std: np.ndarray
    excluded_dimensions: tuple[int, ...] = ()

    def apply(self, patches: np.ndarray) -> np.ndarray:
        """Standardise patch vectors (..., dimension) of any float type; returns float32."""
        standardised: np.ndarray = (np.asarray(patches, dtype=np.float32) - self.mean) / self.std
        standardised[..., list(self.excluded_dimensions)] = 0
        return standardised

    def to_json(self) -> str:
        """A JSON object from which ``from_json`` gives back the same float32 numbers."""
        excluded = {"excluded_dimensions": self.excluded_dimensions} if self.excluded_dimensions else {}
        return json.dumps({"method": self.method, "mean": self.mean.tolist(), "std": self.std.tolist()} | excluded)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote.

        Raises:
            EncoderError: not such an object.
        """
        try:
            values = json.loads(text)
            mean, std = (np.asarray(values[key], dtype=np.float32) for key in ("mean", "std"))
            method = str(values["method"])
            excluded = tuple(int(dimension) for dimension in values.get("excluded_dimensions", ()))
        except (ValueError, KeyError, TypeError) as error:
            raise EncoderError(f"stored post-processing is not readable: {error!r}") from error
        if mean.ndim != 1 or mean.shape != std.shape or not np.isfinite(mean).all() or not (std > 0).all():
            raise EncoderError(f"stored post-processing does not fit: mean {mean.shape}, std {std.shape}")
        if not all(0 <= dimension < len(mean) for dimension in excluded):
            raise EncoderError(f"stored excluded dimensions {excluded} do not fit {len(mean)} dimensions")
        return cls(method, mean, std, excluded)


def fit_post_processing(blocks: Iterable[np.ndarray]) -> PostProcessing:
    """Mean and standard deviation of every dimension over all valid patches, in one pass.

    Blocks are merged in float64 (Chan, Golub and LeVeque 1983), so the result does not depend on how the patches
    are cut into blocks, beyond the last digits.

    Args:
        blocks: arrays (..., dimension) of valid patch vectors, any float type; empty ones are skipped.

    Raises:
        EncoderError: no patch at all, or a value that is not finite.
    """
    count, mean, squares = 0, np.zeros(0), np.zeros(0)
    for block in blocks:
        patches = block.reshape(-1, block.shape[-1]).astype(np.float64)
        if not len(patches):
            continue
        if not np.isfinite(patches).all():
            raise EncoderError("an embedding holds values that are not finite; embed again from a clean composite")
        block_mean = patches.mean(axis=0)
        block_squares = ((patches - block_mean) ** 2).sum(axis=0)
        if not count:
            count, mean, squares = len(patches), block_mean, block_squares
            continue
        total = count + len(patches)
        step = block_mean - mean
        squares = squares + block_squares + step**2 * (count * len(patches) / total)
        mean = mean + step * (len(patches) / total)
        count = total
    if not count:
        raise EncoderError("no valid patch to fit the post-processing to; embed at least one tile first")
    return PostProcessing("standardised", mean.astype(np.float32), _floored(np.sqrt(squares / count), mean))


def _floored(std: np.ndarray, mean: np.ndarray) -> np.ndarray:
    floor = np.maximum(STD_FLOOR_SHARE * np.median(std), FLOAT16_STEP * np.abs(mean))
    floored = np.maximum(std, floor)
    return np.where(floored > 0, floored, 1.0).astype(np.float32)
