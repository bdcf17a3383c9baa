"""What is done to every patch vector before aggregation, fitted on the data set and recorded with the encoder.

Raw patch vectors share a large common mean, which dominates their cosine; METHODS are the ways to take it off. All
are affine, as is the removal of bias, so that they may come before or after a mean over patches.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from etl.errors import EncoderError
from etl.vectors.leace import LinearRemoval, shortest

METHODS = ("raw", "centred", "standardised", "all_but_the_top")
"""Nothing; less the mean; less the mean and over the standard deviation, per dimension; less the mean and the first
principal components (Mu and Viswanath 2018, "All-but-the-Top", arXiv 1702.01417)."""
DEFAULT_METHOD = "standardised"
DIMENSIONS_PER_COMPONENT = 100
"""All-but-the-top takes off dimension / 100 components: the authors' rule of thumb, 8 of 768."""

# A dimension that hardly varies is noise: its spread is taken to be at least this share of the median spread ...
STD_FLOOR_SHARE = 1e-3
# ... and at least one step of float16 (the type of stored patch vectors) at the size of its mean.
FLOAT16_STEP = 2.0**-10
BLOCK = 8192
"""Patches that are turned into float64 at once: 50 MB; a large city's would be 2 GB."""


@dataclass(frozen=True)
class PostProcessing:
    """What is done to every patch vector before aggregation.

    ``(patch - mean) / std``, less what lies along ``components``, less what ``removal`` removes, 0 where excluded.

    Attributes:
        method: one of METHODS.
        mean: (dimension,) float32.
        std: (dimension,) float32, positive; 1 where the method does not scale.
        excluded_dimensions: (from 0, ascending) that say where rather than what: see etl.vectors.spatial_bias.
        components: (n, dimension) float32, orthonormal rows; none but for all-but-the-top.
        removal: linear removal of where a tile is, or None.
    """

    method: str
    mean: np.ndarray
    std: np.ndarray
    excluded_dimensions: tuple[int, ...] = ()
    components: np.ndarray | None = None
    removal: LinearRemoval | None = None

    @property
    def removes(self) -> str:
        """What is done about spatial bias, one of etl.reports.spatial_bias.REMOVALS."""
        if self.removal is not None:
            return "leace"
        return "dimensions" if self.excluded_dimensions else "none"

    def apply(self, patches: np.ndarray) -> np.ndarray:
        """Post-process patch vectors (..., dimension) of any float type; returns float32."""
        done: np.ndarray = (np.asarray(patches, dtype=np.float32) - self.mean) / self.std
        if self.components is not None:
            done -= (done @ self.components.T) @ self.components
        if self.removal is not None:
            done = self.removal.apply(done)
        done[..., list(self.excluded_dimensions)] = 0
        return done

    def to_json(self) -> str:
        """A JSON object from which ``from_json`` gives back the same float32 numbers."""
        values: dict[str, Any] = {"method": self.method, "mean": self.mean.tolist(), "std": self.std.tolist()}
        if self.components is not None:
            values["components"] = shortest(self.components)
        if self.removal is not None:
            values["removal"] = self.removal.to_values()
        if self.excluded_dimensions:
            values["excluded_dimensions"] = self.excluded_dimensions
        return json.dumps(values)

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
            components = np.asarray(values["components"], np.float32) if "components" in values else None
            removal = LinearRemoval.from_values(values["removal"]) if "removal" in values else None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EncoderError(f"stored post-processing is not readable: {error!r}") from error
        processing = cls(method, mean, std, excluded, components, removal)
        processing._check()
        return processing

    def _check(self) -> None:
        mean, std, components, removal = self.mean, self.std, self.components, self.removal
        if self.method not in METHODS:
            raise EncoderError(f"stored post-processing {self.method!r} is not one of {', '.join(METHODS)}")
        if mean.ndim != 1 or mean.shape != std.shape or not np.isfinite(mean).all() or not (std > 0).all():
            raise EncoderError(f"stored post-processing does not fit: mean {mean.shape}, std {std.shape}")
        if components is not None and (components.ndim != 2 or components.shape[1:] != mean.shape):
            raise EncoderError(f"stored post-processing does not fit: mean {mean.shape}, components {components.shape}")
        if components is not None and not np.isfinite(components).all():
            raise EncoderError("stored post-processing has components that are not finite")
        if removal is not None and removal.mean.shape != mean.shape:
            raise EncoderError(f"stored post-processing does not fit: mean {mean.shape}, removal {removal.mean.shape}")
        if not all(0 <= dimension < len(mean) for dimension in self.excluded_dimensions):
            raise EncoderError(
                f"stored post-processing excludes {self.excluded_dimensions}, which do not fit {len(mean)} dimensions"
            )


@dataclass(frozen=True)
class Moments:
    """Of ``count`` patches: mean and variance (dimension,), covariance (dimension, dimension) or None; float64."""

    count: int
    mean: np.ndarray
    variance: np.ndarray
    covariance: np.ndarray | None = None


def needs_covariance(method: str) -> bool:
    """Whether ``from_moments`` needs the covariance for one of METHODS.

    Raises:
        EncoderError: no such method.
    """
    if method not in METHODS:
        raise EncoderError(f"post-processing {method!r} is not known; take one of {', '.join(METHODS)}")
    return method == "all_but_the_top"


def measure_moments(blocks: Iterable[np.ndarray], with_covariance: bool) -> Moments:
    """Mean, variance and (if wanted) covariance over all valid patches, in one pass.

    Args:
        blocks: arrays (..., dimension) of valid patch vectors, any float type; empty ones are skipped.
        with_covariance: whether it is wanted.

    Raises:
        EncoderError: no patch at all, or a value that is not finite.
    """
    return merged(moments_of(piece, with_covariance) for piece in _pieces(blocks))


def moments_of(patches: np.ndarray, with_covariance: bool) -> Moments:
    """The moments of valid patch vectors (n, dimension) of any float type, computed in float64.

    Raises:
        EncoderError: a value that is not finite.
    """
    count = len(patches)
    if not count:
        return Moments(0, np.zeros(patches.shape[1]), np.zeros(patches.shape[1]))
    values = patches.astype(np.float64)
    mean = values.mean(axis=0)
    if not np.isfinite(mean).all():
        raise EncoderError("an embedding holds values that are not finite; embed again from a clean composite")
    values -= mean
    covariance = values.T @ values / count if with_covariance else None
    variance = np.einsum("ij,ij->j", values, values) / count if covariance is None else covariance.diagonal()
    return Moments(count, mean, variance, covariance)


def merged(parts: Iterable[Moments]) -> Moments:
    """The moments of all parts together, whichever way they were cut beyond the last digits.

    Merged in float64 after Chan, Golub and LeVeque 1983.

    Raises:
        EncoderError: no patch in any of them.
    """
    so_far: Moments | None = None
    for part in parts:
        if part.count:
            so_far = part if so_far is None else _merge(so_far, part)
    if so_far is None:
        raise EncoderError("no valid patch to fit the post-processing to; embed at least one tile first")
    return so_far


def _merge(a: Moments, b: Moments) -> Moments:
    count = a.count + b.count
    share, step = b.count / count, b.mean - a.mean

    def pooled(first: np.ndarray, second: np.ndarray, between: np.ndarray) -> np.ndarray:
        total: np.ndarray = first + (second - first) * share + between * (share * (1 - share))
        return total

    covariance = None
    if a.covariance is not None and b.covariance is not None:
        covariance = pooled(a.covariance, b.covariance, np.outer(step, step))
    return Moments(count, a.mean + step * share, pooled(a.variance, b.variance, step**2), covariance)


def from_moments(moments: Moments, method: str) -> PostProcessing:
    """The post-processing of a method; ``all_but_the_top`` needs the covariance."""
    mean = moments.mean.astype(np.float32)
    one = np.ones_like(mean)
    if method == "raw":
        return PostProcessing(method, np.zeros_like(mean), one)
    if method == "standardised":
        return PostProcessing(method, mean, _floored(np.sqrt(moments.variance), moments.mean))
    if method == "centred":
        return PostProcessing(method, mean, one)
    assert moments.covariance is not None
    return PostProcessing(method, mean, one, components=_first_components(moments.covariance))


def _first_components(covariance: np.ndarray) -> np.ndarray:
    """The eigenvectors of the largest eigenvalues, as rows, the largest first; each one's largest number positive."""
    n = max(1, round(len(covariance) / DIMENSIONS_PER_COMPONENT))
    first = np.linalg.eigh(covariance)[1][:, ::-1][:, :n].T
    largest = first[np.arange(n), np.abs(first).argmax(axis=1)]
    components: np.ndarray = (first * np.sign(largest)[:, None]).astype(np.float32)
    return components


def _pieces(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for block in blocks:
        patches = block.reshape(-1, block.shape[-1])
        yield from (patches[start : start + BLOCK] for start in range(0, len(patches), BLOCK))


def _floored(std: np.ndarray, mean: np.ndarray) -> np.ndarray:
    floor = np.maximum(STD_FLOOR_SHARE * np.median(std), FLOAT16_STEP * np.abs(mean))
    floored = np.maximum(std, floor)
    return np.where(floored > 0, floored, 1.0).astype(np.float32)
