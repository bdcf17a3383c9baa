"""Post-processing of patch vectors before aggregation, fitted to the data set and recorded with the encoder.

Raw patch vectors share a large common mean, which dominates their cosine; POST_PROCESSINGS are the ways to remove it.
All are affine, as is the removal of spatial bias, so that they commute with a mean over patches.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from etl.errors import EmbeddingError, PostProcessingError
from etl.vectors.bias.block_positions import BlockPositions
from etl.vectors.bias.leace import LinearRemoval, shortest
from etl.vectors.choices import POST_PROCESSINGS
from etl.vectors.scaling import floored
from etl.vectors.texture import Texture

DEFAULT_METHOD = "standardised"
DIMENSIONS_PER_COMPONENT = 100
"""All-but-the-top subtracts dimension / 100 components: the authors' rule of thumb, 8 of 768."""
PROVENANCE = ("fitted_on", "n_tiles")
"""Attributes that record to what a post-processing is fitted, and do not change what it does."""
BLOCK = 8192
"""Patches converted to float64 at a time: 50 MB; those of a large city would take 2 GB."""


@dataclass(frozen=True)
class PostProcessing:
    """The affine map applied to every patch vector before aggregation, and what follows for textures and blocks.

    ``(patch - mean) / std``, minus its projection on ``components``, then ``removal``, then 0 in excluded dimensions.

    Attributes:
        method: one of POST_PROCESSINGS.
        mean: (dimension,) float32.
        std: (dimension,) float32, positive; 1 if the method does not scale.
        excluded_dimensions: ascending, from 0; they encode location rather than content, see
            etl.vectors.bias.spatial_bias.
        components: (n, dimension) float32, orthonormal rows; None except for all-but-the-top.
        removal: LEACE removal of position, or None.
        texture: standardises the standard deviation over a tile's post-processed patches; None before it is fitted.
        block_positions: subtracted from the vectors of blocks; None if there is no effect of the position.
        fitted_on: ``real`` or ``synthetic``, the origin of the tiles to which everything here is fitted; None if it is
            not recorded.
        n_tiles: number of the tiles to which mean, std and components are fitted; None if it is not recorded.
    """

    method: str
    mean: np.ndarray
    std: np.ndarray
    excluded_dimensions: tuple[int, ...] = ()
    components: np.ndarray | None = None
    removal: LinearRemoval | None = None
    texture: Texture | None = None
    block_positions: BlockPositions | None = None
    fitted_on: str | None = None
    n_tiles: int | None = None

    @property
    def removes(self) -> str:
        """Return how spatial bias is removed, one of etl.vectors.choices.REMOVALS."""
        if self.removal is not None:
            return "leace"
        return "dimensions" if self.excluded_dimensions else "none"

    def apply(self, patches: np.ndarray) -> np.ndarray:
        """Return post-processed vectors (..., dimension) float32 of patch vectors of any float dtype."""
        done: np.ndarray = (np.asarray(patches, dtype=np.float32) - self.mean) / self.std
        if self.components is not None:
            done -= (done @ self.components.T) @ self.components
        if self.removal is not None:
            done = self.removal.apply(done)
        done[..., list(self.excluded_dimensions)] = 0
        return done

    def to_json(self) -> str:
        """Return a JSON object from which ``from_json`` restores the same float32 numbers."""
        values: dict[str, Any] = {"method": self.method, "mean": self.mean.tolist(), "std": self.std.tolist()}
        if self.components is not None:
            values["components"] = shortest(self.components)
        if self.removal is not None:
            values["removal"] = self.removal.to_values()
        if self.excluded_dimensions:
            values["excluded_dimensions"] = self.excluded_dimensions
        if self.texture is not None:
            values["texture"] = self.texture.to_values()
        if self.block_positions is not None:
            values["block_positions"] = self.block_positions.to_values()
        values |= {name: value for name in PROVENANCE if (value := getattr(self, name)) is not None}
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the post-processing that ``to_json`` wrote.

        Raises:
            PostProcessingError: not such an object.
        """
        try:
            values = json.loads(text)
            mean, std = (np.asarray(values[key], dtype=np.float32) for key in ("mean", "std"))
            method = str(values["method"])
            excluded = tuple(int(dimension) for dimension in values.get("excluded_dimensions", ()))
            components = np.asarray(values["components"], np.float32) if "components" in values else None
            removal = LinearRemoval.from_values(values["removal"]) if "removal" in values else None
            texture = Texture.from_values(values["texture"], len(mean)) if "texture" in values else None
            positions = (
                BlockPositions.from_values(values["block_positions"], len(mean))
                if "block_positions" in values
                else None
            )
            provenance = {name: values.get(name) for name in PROVENANCE}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PostProcessingError(f"stored post-processing cannot be read: {error!r}") from error
        processing = cls(method, mean, std, excluded, components, removal, texture, positions, **provenance)
        processing._check()
        return processing

    def _check(self) -> None:
        mean, std, components, removal = self.mean, self.std, self.components, self.removal
        if self.method not in POST_PROCESSINGS:
            raise PostProcessingError(
                f"stored post-processing {self.method!r} is not one of {', '.join(POST_PROCESSINGS)}; update terrakin"
            )
        if mean.ndim != 1 or mean.shape != std.shape or not np.isfinite(mean).all() or not (std > 0).all():
            raise PostProcessingError(
                f"stored post-processing needs mean and std > 0 of equal shape, not {mean.shape}, {std.shape}"
            )
        if components is not None and (components.ndim != 2 or components.shape[1:] != mean.shape):
            raise PostProcessingError(
                f"stored post-processing has mean {mean.shape}, but components {components.shape}; they must match"
            )
        if components is not None and not np.isfinite(components).all():
            raise PostProcessingError("stored post-processing has components that are not finite")
        if removal is not None and removal.mean.shape != mean.shape:
            raise PostProcessingError(
                f"stored post-processing has mean {mean.shape}, but removal {removal.mean.shape}; they must match"
            )
        if not all(0 <= dimension < len(mean) for dimension in self.excluded_dimensions):
            raise PostProcessingError(
                f"stored post-processing excludes dimensions {self.excluded_dimensions}, but has only {len(mean)}"
            )


@dataclass(frozen=True)
class Moments:
    """Mean, variance and covariance of patch vectors, float64.

    Attributes:
        count: number of patches.
        mean: (dimension,).
        variance: (dimension,), of the population (divided by ``count``).
        covariance: (dimension, dimension), or None if it was not computed.
    """

    count: int
    mean: np.ndarray
    variance: np.ndarray
    covariance: np.ndarray | None = None


def needs_covariance(method: str) -> bool:
    """Return whether ``from_moments`` needs the covariance for one of POST_PROCESSINGS.

    Raises:
        PostProcessingError: the method is unknown.
    """
    if method not in POST_PROCESSINGS:
        raise PostProcessingError(f"unknown post-processing {method!r}; choose one of {', '.join(POST_PROCESSINGS)}")
    return method == "all_but_the_top"


def measure_moments(blocks: Iterable[np.ndarray], with_covariance: bool) -> Moments:
    """Return mean, variance and, on request, covariance of all valid patches, in one pass.

    Args:
        blocks: arrays (..., dimension) of valid patch vectors, any float dtype; may be empty.
        with_covariance: whether to compute the covariance.

    Raises:
        EmbeddingError: a value is not finite.
        PostProcessingError: there is no patch.
    """
    return merged(moments_of(piece, with_covariance) for piece in _pieces(blocks))


def moments_of(patches: np.ndarray, with_covariance: bool) -> Moments:
    """Return the moments of valid patch vectors (n, dimension) of any float dtype, computed in float64.

    Raises:
        EmbeddingError: a value is not finite.
    """
    count = len(patches)
    if not count:
        return Moments(0, np.zeros(patches.shape[1]), np.zeros(patches.shape[1]))
    values = patches.astype(np.float64)
    mean = values.mean(axis=0)
    if not np.isfinite(mean).all():
        raise EmbeddingError("an embedding contains values that are not finite; embed again from a clean composite")
    values -= mean
    covariance = values.T @ values / count if with_covariance else None
    variance = np.einsum("ij,ij->j", values, values) / count if covariance is None else covariance.diagonal()
    return Moments(count, mean, variance, covariance)


def merged(parts: Iterable[Moments]) -> Moments:
    """Return the moments of all parts together; how the patches were split affects only the last digits.

    Merged in float64 after Chan, Golub and LeVeque 1983.

    Raises:
        PostProcessingError: no part contains a patch.
    """
    so_far: Moments | None = None
    for part in parts:
        if part.count:
            so_far = part if so_far is None else _merge(so_far, part)
    if so_far is None:
        raise PostProcessingError("no valid patch to fit the post-processing to; embed at least one tile first")
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
    """Return the post-processing of a method; ``all_but_the_top`` needs the covariance."""
    mean = moments.mean.astype(np.float32)
    one = np.ones_like(mean)
    if method == "raw":
        return PostProcessing(method, np.zeros_like(mean), one)
    if method == "standardised":
        return PostProcessing(method, mean, floored(np.sqrt(moments.variance), moments.mean))
    if method == "centred":
        return PostProcessing(method, mean, one)
    assert moments.covariance is not None
    return PostProcessing(method, mean, one, components=_first_components(moments.covariance))


def _first_components(covariance: np.ndarray) -> np.ndarray:
    """Return the first eigenvectors as rows, by descending eigenvalue; the largest element of each is positive."""
    n = max(1, round(len(covariance) / DIMENSIONS_PER_COMPONENT))
    first = np.linalg.eigh(covariance)[1][:, ::-1][:, :n].T
    largest = first[np.arange(n), np.abs(first).argmax(axis=1)]
    components: np.ndarray = (first * np.sign(largest)[:, None]).astype(np.float32)
    return components


def _pieces(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for block in blocks:
        patches = block.reshape(-1, block.shape[-1])
        yield from (patches[start : start + BLOCK] for start in range(0, len(patches), BLOCK))
