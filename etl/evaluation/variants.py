"""The forms that vectors can take: each post-processing, with and without bias removal, each way of aggregation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from etl.evaluation.dataset import Tiles
from etl.evaluation.variations import Look
from etl.stages.aggregate import METHODS
from etl.stages.patches import tile_means
from etl.store.encoder import EncoderRecord
from etl.store.work_files import TILES_PER_CHUNK
from etl.vectors.aggregation import aggregate
from etl.vectors.position_removal import fit_place_removal
from etl.vectors.post_processing import METHODS as POST_PROCESSINGS
from etl.vectors.post_processing import PostProcessing, from_moments, measure_moments
from etl.vectors.spatial_bias import Limits, TileMeans, measure

REMOVALS = ("none", "dimensions", "leace")
"""What is done about spatial bias: nothing, dimensions set to 0, or linear removal of place."""
BASELINE = "baseline"
ALL = "all tiles"


@dataclass(frozen=True)
class Variant:
    """One form of the vectors: a post-processing, what removes bias, and a way of aggregation."""

    post_processing: str
    removal: str
    method: str


BASELINE_VARIANT = Variant(BASELINE, "none", "mean and std of 12 bands")


def post_processings(tiles: Tiles, stored: EncoderRecord) -> tuple[dict[tuple[str, str], PostProcessing], str]:
    """Every post-processing with every removal, and where the excluded dimensions are from, in words.

    The recorded one is as it is recorded; the others are fitted to the patches of the tiles evaluated.
    """
    moments = measure_moments((patches[valid] for patches, valid in _patches(tiles)), with_covariance=True)
    raw_means = _raw_means(tiles)
    found = {}
    how = "as the database records them"
    excluded = stored.post_processing.excluded_dimensions
    for name in POST_PROCESSINGS:
        recorded = stored.post_processing
        plain = recorded if name == recorded.method else from_moments(moments, name)
        found[name, "none"] = replace(plain, excluded_dimensions=(), removal=None)
    if not excluded:
        bias = measure(_means(tiles, raw_means, found["standardised", "none"]), Limits())
        excluded, how = tuple(np.flatnonzero(bias.is_excluded).tolist()), "measured now: the database excludes none"
    for name in POST_PROCESSINGS:
        plain = found[name, "none"]
        found[name, "dimensions"] = replace(plain, excluded_dimensions=excluded)
        removal = stored.post_processing.removal if name == stored.post_processing.method else None
        removal = removal or fit_place_removal(_means(tiles, raw_means, plain), Limits().max_share)
        if removal is not None:
            found[name, "leace"] = replace(plain, removal=removal)
    return found, f"{len(excluded)} dimensions, {how}"


def vectors_of(
    tiles: Tiles, looks: Mapping[str, Look], processing: PostProcessing, advance: Callable[[int], Any]
) -> dict[str, dict[str, np.ndarray]]:
    """Vectors (n, dimension) by way of aggregation, then by look; the tiles as they are under ALL."""
    found: dict[str, dict[str, np.ndarray]] = {method: {} for method in METHODS}
    blocks = {ALL: _patches(tiles), **{name: iter([(look.patches, look.is_valid)]) for name, look in looks.items()}}
    for name, parts in blocks.items():
        rows: dict[str, list[np.ndarray]] = {method: [] for method in METHODS}
        for patches, valid in parts:
            for i in range(0, len(patches), TILES_PER_CHUNK):
                some = aggregate(processing.apply(patches[i : i + TILES_PER_CHUNK]), valid[i : i + TILES_PER_CHUNK])
                for method in METHODS:
                    rows[method].append(getattr(some, method))
                advance(len(some.mean))
        for method in METHODS:
            found[method][name] = np.concatenate(rows[method])
    return found


def baseline_vectors(statistics: np.ndarray, looks: Mapping[str, Look]) -> dict[str, np.ndarray]:
    """The baseline's numbers, standardised over all tiles, by look."""
    mean, std = statistics.mean(axis=0), statistics.std(axis=0)
    scale = np.where(std > 0, std, 1)
    return {ALL: (statistics - mean) / scale} | {k: (look.statistics - mean) / scale for k, look in looks.items()}


def _patches(tiles: Tiles) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for city in tiles.cities:
        yield city.patches()


def _raw_means(tiles: Tiles) -> np.ndarray:
    """The mean of each tile's filtered patches, as the encoder made them: (n, dimension) float32."""
    return np.concatenate([tile_means(patches, valid) for patches, valid in _patches(tiles)])


def _means(tiles: Tiles, raw_means: np.ndarray, processing: PostProcessing) -> TileMeans:
    """What spatial bias is measured on: post-processing is affine, so it may come after the mean."""
    return TileMeans(processing.apply(raw_means), tiles.cells, tiles.city_ids, tiles.city_ids)
