"""The vectors of items (tiles or blocks) by every method, from their patches."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from etl.vectors.aggregation import METHODS, aggregate
from etl.vectors.post_processing import PostProcessing
from etl.vectors.texture import fit_texture, patch_std

ITEMS_AT_A_TIME = 64


@dataclass(frozen=True)
class Patches:
    """The patches of items: ``vectors`` (n, n_patches, dimension) float16, ``is_valid`` (n, n_patches) bool."""

    vectors: np.ndarray
    is_valid: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> "Patches":
        """Return the patches of some items."""
        return Patches(self.vectors[rows], self.is_valid[rows])


def with_item_texture(processing: PostProcessing, items: Patches) -> PostProcessing:
    """Return the post-processing with its texture fitted to items, which have at least two valid patches each."""
    deviations = [
        np.stack([patch_std(rows[valid]) for rows, valid in zip(processing.apply(v), m, strict=True)])
        for v, m in _parts(items)
    ]
    return replace(processing, texture=fit_texture(np.concatenate(deviations)))


def vectors_by_method(processing: PostProcessing, items: Patches) -> dict[str, np.ndarray]:
    """Return vectors by name of METHODS: (n, dimension) float32, for ``mean_std`` (n, 2 x dimension)."""
    parts = [
        aggregate(processing.apply(vectors), is_valid, processing.texture).by_method()
        for vectors, is_valid in _parts(items)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in METHODS}


def _parts(items: Patches) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(items.vectors), ITEMS_AT_A_TIME):
        part = slice(start, start + ITEMS_AT_A_TIME)
        yield items.vectors[part], items.is_valid[part]
