"""`terrakin bench placing`: place new tiles by the weighted mean of neighbours, compared with UMAP's `transform`."""

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

NEW_SHARE = 0.1
"""Share of tiles that are placed after the fit."""
N_QUERIES = 1500
PART = 500
"""New tiles that are placed again in a smaller batch: their positions should not change."""
ROW = "{:<34}{:>9}{:>13}{:>17}{:>22}"
HEAD = ROW.format("new tiles placed by", "seconds", "10 nearest", "trustworthiness", "shift by batch size")


def run(real_tiles: Path, n_tiles: int, echo: Callable[[str], None]) -> None:
    """Fit nine tenths, place the rest by both methods, and print how many of their ten nearest tiles stay nearest."""
    world = build_world(real_tiles, n_tiles, 0.57)
    order = np.random.default_rng(7).permutation(n_tiles)
    new, fitted = np.sort(order[: int(NEW_SHARE * n_tiles)]), np.sort(order[int(NEW_SHARE * n_tiles) :])
    asked = np.random.default_rng(8).permutation(new)[:N_QUERIES]
    started = time.perf_counter()
    model = umap.UMAP(**asdict(UmapParameters()), n_jobs=1).fit(world.vectors[fitted])
    layout = model.embedding_.astype(np.float32)
    seconds = time.perf_counter() - started
    echo(f"{n_tiles} tiles, {world.source}, synthetic vectors; {len(fitted)} fitted in {seconds:.0f} s")
    echo(f"transform needs the fitted model, which takes {len(pickle.dumps(model)) / 1e6:.0f} MB")
    whole = np.empty((n_tiles, 2), np.float32)
    whole[fitted] = layout
    width = np.ptp(layout, axis=0).max()

    def by_neighbours(vectors: np.ndarray) -> np.ndarray:
        return np.concatenate(list(place(vectors, world.vectors[fitted], layout)))

    echo(HEAD)
    methods: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "weighted mean of ten neighbours": by_neighbours, "UMAP's transform": model.transform
    }  # fmt: skip
    for name, method in methods.items():
        started = time.perf_counter()
        whole[new] = method(world.vectors[new])
        seconds = time.perf_counter() - started
        kept = measure_preservation(world.vectors, whole, queries=asked)
        moved = np.linalg.norm(method(world.vectors[new[:PART]]) - whole[new[:PART]], axis=1)
        share = f"{np.median(moved) / width:.2%} of the width"
        echo(ROW.format(name, f"{seconds:.1f}", f"{kept.overlap:.3f}", f"{kept.trustworthiness:.4f}", share))
    own = np.random.default_rng(9).permutation(fitted)[:N_QUERIES]
    kept = measure_preservation(world.vectors[fitted], layout, queries=np.searchsorted(fitted, own))
    echo(ROW.format("(the fitted tiles themselves)", "", f"{kept.overlap:.3f}", f"{kept.trustworthiness:.4f}", ""))
