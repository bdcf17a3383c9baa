"""Precision within the known urban forms of the synthetic towns, before and after the removal of spatial bias."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from etl.cities.grid import Cell
from etl.encoders.encoder import Encoder
from etl.encoders.validity import MIN_PATCH_VALID_SHARE, patch_valid_share
from etl.errors import SpatialBiasError
from etl.evaluation.real.figures import K
from etl.evaluation.real.methods import Patches, vectors_by_method, with_item_texture
from etl.evaluation.real.samples.patches import WINDOWS_PER_CALL
from etl.metrics.retrieval import precision_at_k
from etl.vectors.bias.position_removal import fit_position_removal
from etl.vectors.bias.spatial_bias import Limits, TileMeans, measure
from etl.vectors.post_processing import PostProcessing, from_moments, measure_moments
from etl.vectors.tile_means import tile_means

ByMethod = dict[str, np.ndarray]


@dataclass(frozen=True)
class FormTiles:
    """Synthetic tiles of known urban form.

    Attributes:
        chips: returns the pixels (m, 12, 224, 224) uint16 of some rows.
        recorded: returns the patches of all rows by the encoder of the database.
        recorded_sha256: SHA-256 of that encoder's weights.
        month: of the pixels, 1 to 12.
        cells: lattice cell of each tile.
        city_ids: (n,) int64.
        forms: (n,) str.
    """

    chips: Callable[[np.ndarray], np.ndarray]
    recorded: Callable[[], Patches]
    recorded_sha256: str
    month: int
    cells: Sequence[Cell]
    city_ids: np.ndarray
    forms: np.ndarray

    def random_precision(self) -> np.ndarray:
        """Return the share of other tiles that have each tile's form, (n,) float64."""
        n_same = (self.forms[:, None] == self.forms).sum(axis=1) - 1
        share: np.ndarray = n_same / (len(self.forms) - 1)
        return share


def measure_forms(tiles: FormTiles, encoder: Encoder, advance: Callable[[int], Any]) -> Mapping[str, ByMethod]:
    """Return the precision of each tile's first ten, (n,) in 0..1, by removal of spatial bias and method.

    A removal is missing if it cannot be fitted, or removes nothing.
    """
    patches = _patches(tiles, encoder, advance)
    moments = measure_moments([patches.vectors[patches.is_valid]], with_covariance=False)
    found = {}
    for removal, processing in removals(tiles, patches, from_moments(moments, "standardised")).items():
        vectors = vectors_by_method(with_item_texture(processing, patches), patches)
        found[removal] = {name: precision_at_k(some, tiles.forms, K) for name, some in vectors.items()}
    return found


def removals(tiles: FormTiles, patches: Patches, plain: PostProcessing) -> dict[str, PostProcessing]:
    """Return a post-processing without and with each removal of spatial bias that is possible and removes something."""
    vectors = plain.apply(tile_means(patches.vectors, patches.is_valid))
    means = TileMeans(vectors, tiles.cells, tiles.city_ids, tiles.city_ids)
    found = {"none": plain}
    try:
        excluded = tuple(np.flatnonzero(measure(means, Limits()).is_excluded).tolist())
    except SpatialBiasError:
        return found  # single tiles: nothing to measure
    if excluded:
        found["dimensions"] = replace(plain, excluded_dimensions=excluded)
    removal = fit_position_removal(means, Limits().max_share)
    if removal is not None:
        found["leace"] = replace(plain, removal=removal)
    return found


def _patches(tiles: FormTiles, encoder: Encoder, advance: Callable[[int], Any]) -> Patches:
    if encoder.weights_sha256 == tiles.recorded_sha256:
        advance(len(tiles.forms))
        return tiles.recorded()
    vectors, is_valid = [], []
    for start in range(0, len(tiles.forms), WINDOWS_PER_CALL):
        chips = tiles.chips(np.arange(start, min(start + WINDOWS_PER_CALL, len(tiles.forms))))
        vectors.append(encoder.embed(chips, tiles.month).astype(np.float16))
        is_valid.append(patch_valid_share(chips) >= MIN_PATCH_VALID_SHARE)
        advance(len(chips))
    return Patches(np.concatenate(vectors), np.concatenate(is_valid))
