"""The evaluated variants: each post-processing, with each removal of spatial bias, by each aggregation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from etl.evaluation.dataset import Dataset
from etl.evaluation.variations import Variation
from etl.store.encoder import EncoderRecord
from etl.store.work_files import TILES_PER_CHUNK
from etl.vectors.aggregation import AGGREGATIONS, MEAN_STD, METHODS, aggregate
from etl.vectors.bias.position_removal import fit_position_removal
from etl.vectors.bias.spatial_bias import Limits, TileMeans, measure
from etl.vectors.choices import POST_PROCESSINGS
from etl.vectors.post_processing import PostProcessing, from_moments, measure_moments
from etl.vectors.texture import fit_texture, mean_std
from etl.vectors.tile_means import tile_means

BASELINE = "baseline"
ALL = "all tiles"


@dataclass(frozen=True)
class Variant:
    """One way to make a tile vector.

    Attributes:
        post_processing: one of etl.vectors.choices.POST_PROCESSINGS, or BASELINE.
        removal: one of etl.vectors.choices.REMOVALS.
        aggregation: one of etl.vectors.aggregation.METHODS; for the baseline, its statistics in words.
    """

    post_processing: str
    removal: str
    aggregation: str


BASELINE_VARIANT = Variant(BASELINE, "none", "mean and std of 12 bands")


def post_processings(dataset: Dataset, stored: EncoderRecord) -> tuple[dict[tuple[str, str], PostProcessing], str]:
    """Return every post-processing with every removal, and the origin of the excluded dimensions in words.

    The recorded post-processing is used as it is; the others are fitted to the patches of the evaluated tiles.
    """
    moments = measure_moments((patches[valid] for patches, valid in _patches(dataset)), with_covariance=True)
    raw_means = _raw_means(dataset)
    recorded = stored.post_processing
    found = {}
    for name in POST_PROCESSINGS:
        plain = recorded if name == recorded.method else from_moments(moments, name)
        found[name, "none"] = replace(plain, excluded_dimensions=(), removal=None)
    excluded, origin = recorded.excluded_dimensions, "as recorded in the database"
    if not excluded:
        bias = measure(_means(dataset, raw_means, found["standardised", "none"]), Limits())
        excluded, origin = tuple(np.flatnonzero(bias.is_excluded).tolist()), "measured now: the database excludes none"
    for name in POST_PROCESSINGS:
        plain = found[name, "none"]
        found[name, "dimensions"] = replace(plain, excluded_dimensions=excluded)
        removal = recorded.removal if name == recorded.method else None
        removal = removal or fit_position_removal(_means(dataset, raw_means, plain), Limits().max_share)
        if removal is not None:
            found[name, "leace"] = replace(plain, removal=removal)
    return found, f"{len(excluded)} dimensions, {origin}"


def vectors_of(
    dataset: Dataset,
    variations: Mapping[str, Variation],
    processing: PostProcessing,
    advance: Callable[[int], Any],
) -> dict[str, dict[str, np.ndarray]]:
    """Return vectors by method, then by name of variation; the unchanged tiles are under ALL.

    They are (n, dimension), for ``mean_std`` (n, 2 x dimension). The std is standardised over the unchanged tiles.
    """
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in AGGREGATIONS}
    sources = {ALL: _patches(dataset)} | {k: iter([(v.patches, v.is_valid)]) for k, v in variations.items()}
    for variation, parts in sources.items():
        rows: dict[str, list[np.ndarray]] = {name: [] for name in AGGREGATIONS}
        for patches, valid in parts:
            for i in range(0, len(patches), TILES_PER_CHUNK):
                chunk = slice(i, i + TILES_PER_CHUNK)
                some = aggregate(processing.apply(patches[chunk]), valid[chunk])
                for name in AGGREGATIONS:
                    rows[name].append(getattr(some, name))
                advance(len(some.mean))
        for name in AGGREGATIONS:
            found[name][variation] = np.concatenate(rows[name])
    texture = fit_texture(found["std"][ALL])
    found["std"] = {variation: texture.apply(some) for variation, some in found["std"].items()}
    found[MEAN_STD] = {variation: mean_std(found["mean"][variation], std) for variation, std in found["std"].items()}
    return {name: found[name] for name in METHODS}


def baseline_vectors(statistics: np.ndarray, variations: Mapping[str, Variation]) -> dict[str, np.ndarray]:
    """Return band statistics, standardised over all tiles, by name of variation."""
    mean, std = statistics.mean(axis=0), statistics.std(axis=0)
    scale = np.where(std > 0, std, 1)
    return {ALL: (statistics - mean) / scale} | {k: (v.statistics - mean) / scale for k, v in variations.items()}


def _patches(dataset: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for city in dataset.cities:
        yield city.patches()


def _raw_means(dataset: Dataset) -> np.ndarray:
    """Return the mean of each tile's valid patches before post-processing: (n, dimension) float32."""
    return np.concatenate([tile_means(patches, valid) for patches, valid in _patches(dataset)])


def _means(dataset: Dataset, raw_means: np.ndarray, processing: PostProcessing) -> TileMeans:
    """Return the input for measuring spatial bias; post-processing is affine, so it may follow the mean."""
    return TileMeans(processing.apply(raw_means), dataset.cells, dataset.city_ids, dataset.city_ids)
