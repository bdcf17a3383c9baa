"""`terrakin bench keys`: how far the nearest blocks by key agree with the nearest by all numbers, on real pixels."""

from collections.abc import Callable

import numpy as np

from db.embedding_sets.basis import fit_basis, keys_of, unit_vectors
from etl.encoders.galileo import load_galileo
from etl.evaluation.real.samples.blocks import block_patches, places_of
from etl.evaluation.real.samples.chips import read_catalogue
from etl.evaluation.real.samples.patches import embed_chips
from etl.vectors.post_processing import from_moments, measure_moments

K = 20
POST_PROCESSING = "standardised"
Echo = Callable[[str], None]


def run(echo: Echo) -> None:
    """Embed the packed real places with galileo_nano, and print the agreement for two samples of the components."""
    vectors, place = real_blocks()
    half = np.random.default_rng(0).permutation(np.unique(place))[: len(np.unique(place)) // 2]
    in_half = np.isin(place, half)
    everything = np.ones(len(place), bool)
    echo(
        f"{len(vectors)} real blocks of {len(np.unique(place))} places, galileo_nano, {POST_PROCESSING}; "
        f"the {K} nearest in other places, by key and by all {vectors.shape[1]} numbers"
    )
    for name, sample, queries in (
        ("all blocks", everything, everything),
        ("one half of the places, queries from the other", in_half, ~in_half),
    ):
        basis = fit_basis(vectors[sample])
        keys = keys_of(basis.components, vectors).astype(np.float16).astype(np.float32)
        shares = agreement(keys, vectors, place)[queries]
        echo(
            f"components fitted to {name}: {keys.shape[1]} numbers; agreement mean {shares.mean():.4f}, "
            f"5th percentile {np.percentile(shares, 5):.2f}, worst {shares.min():.2f}"
        )


def real_blocks() -> tuple[np.ndarray, np.ndarray]:
    """Return the unit vectors (n, 768) of blocks of the packed places with data in all patches, and their places."""
    chips = embed_chips(load_galileo(), read_catalogue(), lambda _: None)
    processing = from_moments(
        measure_moments((chip.vectors[chip.is_valid] for chip in chips), with_covariance=False), POST_PROCESSING
    )
    patches = block_patches(chips)
    is_whole = np.all(patches.is_valid, axis=1)
    means = patches.vectors[is_whole].mean(axis=1, dtype=np.float32)
    return unit_vectors(processing.apply(means)), places_of(chips).chip[is_whole]


def agreement(keys: np.ndarray, vectors: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return, for each row, the share of its K nearest in other places by key that are among those by vector."""
    by_key, by_vector = (_nearest(unit_vectors(values), place) for values in (keys, vectors))
    return np.array([np.isin(a, b).mean() for a, b in zip(by_key, by_vector, strict=True)])


def _nearest(vectors: np.ndarray, place: np.ndarray) -> np.ndarray:
    similarity = vectors @ vectors.T
    similarity[place[:, None] == place] = -np.inf
    nearest: np.ndarray = np.argpartition(-similarity, K - 1, axis=1)[:, :K]
    return nearest
