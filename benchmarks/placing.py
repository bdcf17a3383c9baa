"""Where new tiles go in a layout that stays: our weighted mean of neighbours against UMAP's own ``transform``."""

import pickle
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import umap

from benchmarks.world import build_world
from etl.metrics.neighbour_preservation import measure_preservation
from etl.vectors.umap_layout import UmapParameters, place

HELD_SHARE = 0.1
"""Of the tiles come after the fit."""
N_ASKED = 1500
PART = 500
"""New tiles that are placed once more, alone: they should go where they went among all."""
ROW = "{:<34}{:>9}{:>13}{:>17}{:>22}"
HEAD = ROW.format("new tiles placed by", "seconds", "10 nearest", "trustworthiness", "moved by its batch")


def run(real_tiles: Path, n_tiles: int, say: Callable[[str], None]) -> None:
    """Fit nine tenths, place the rest both ways, and print how well the plane keeps their ten nearest by cosine."""
    world = build_world(real_tiles, n_tiles, 0.57)
    order = np.random.default_rng(7).permutation(n_tiles)
    held, fitted = np.sort(order[: int(HELD_SHARE * n_tiles)]), np.sort(order[int(HELD_SHARE * n_tiles) :])
    asked = np.random.default_rng(8).permutation(held)[:N_ASKED]
    started = time.perf_counter()
    model = umap.UMAP(**asdict(UmapParameters()), n_jobs=1).fit(world.vectors[fitted])
    places = model.embedding_.astype(np.float32)
    seconds = time.perf_counter() - started
    say(f"{n_tiles} tiles, {world.source}, synthetic vectors; {len(fitted)} fitted in {seconds:.0f} s")
    say(f"the fitted model, which transform needs, is {len(pickle.dumps(model)) / 1e6:.0f} MB")
    whole = np.empty((n_tiles, 2), np.float32)
    whole[fitted] = places
    width = np.ptp(places, axis=0).max()

    def ours(vectors: np.ndarray) -> np.ndarray:
        return np.concatenate(list(place(vectors, world.vectors[fitted], places)))

    say(HEAD)
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "weighted mean of ten neighbours": ours, "UMAP's transform": model.transform
    }  # fmt: skip
    for name, way in ways.items():
        started = time.perf_counter()
        whole[held] = way(world.vectors[held])
        seconds = time.perf_counter() - started
        kept = measure_preservation(world.vectors, whole, queries=asked)
        moved = np.linalg.norm(way(world.vectors[held[:PART]]) - whole[held[:PART]], axis=1)
        share = f"{np.median(moved) / width:.2%} of the width"
        say(ROW.format(name, f"{seconds:.1f}", f"{kept.overlap:.3f}", f"{kept.trustworthiness:.4f}", share))
    own = np.random.default_rng(9).permutation(fitted)[:N_ASKED]
    kept = measure_preservation(world.vectors[fitted], places, queries=np.searchsorted(fitted, own))
    say(ROW.format("(the fitted tiles themselves)", "", f"{kept.overlap:.3f}", f"{kept.trustworthiness:.4f}", ""))
