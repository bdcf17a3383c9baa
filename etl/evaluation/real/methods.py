"""The vectors of items (tiles or blocks) by every method, from their patches."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from etl.vectors.aggregation import AGGREGATIONS, aggregate
from etl.vectors.post_processing import PostProcessing
from etl.vectors.texture import Texture, fit_texture, mean_std, patch_std

MEAN_STD = "mean_std"
METHODS = (*AGGREGATIONS, MEAN_STD)
"""The aggregations, and the mean and the standard deviation side by side."""
ITEMS_AT_A_TIME = 64


@dataclass(frozen=True)
class Patches:
    """The patches of items: ``vectors`` (n, n_patches, dimension) float16, ``is_valid`` (n, n_patches) bool."""

    vectors: np.ndarray
    is_valid: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> "Patches":
        """Return the patches of some items."""
        return Patches(self.vectors[rows], self.is_valid[rows])


@dataclass(frozen=True)
class Methods:
    """The post-processing of patches, and the standardisation of their standard deviation, as in a database."""

    processing: PostProcessing
    texture: Texture

    @classmethod
    def fitted(cls, processing: PostProcessing, items: Patches) -> Self:
        """Return the methods with the texture fitted to items, which have at least two valid patches each."""
        deviations = [
            np.stack([patch_std(rows[valid]) for rows, valid in zip(processing.apply(v), m, strict=True)])
            for v, m in _parts(items)
        ]
        return cls(processing, fit_texture(np.concatenate(deviations)))

    def vectors(self, items: Patches) -> dict[str, np.ndarray]:
        """Return vectors by name of METHODS: (n, dimension) float32, for ``mean_std`` (n, 2 x dimension)."""
        found: dict[str, list[np.ndarray]] = {name: [] for name in METHODS}
        for vectors, is_valid in _parts(items):
            processed = self.processing.apply(vectors)
            some = aggregate(processed, is_valid, self.texture)
            for name in METHODS:
                found[name].append(mean_std(some.mean, some.std) if name == MEAN_STD else getattr(some, name))
        return {name: np.concatenate(parts) for name, parts in found.items()}


def _parts(items: Patches) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(items.vectors), ITEMS_AT_A_TIME):
        part = slice(start, start + ITEMS_AT_A_TIME)
        yield items.vectors[part], items.is_valid[part]
