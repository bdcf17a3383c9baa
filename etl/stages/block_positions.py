"""The block positions of a post-processing: the last part of its fit, because vectors must be complete before."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from etl.stages.patches import fitted_jobs, over_sample
from etl.store.patches import read_patches
from etl.store.work_files import open_array
from etl.tasks.job import Job
from etl.vectors.bias.block_positions import PositionSums, fit_block_positions, position_sums
from etl.vectors.blocks import block_vectors
from etl.vectors.post_processing import PostProcessing

N_TILES = 2000
"""Most tiles to which positions are fitted: on real chips, 25 tiles already have a reliability of 0.9."""


def with_block_positions(jobs: Sequence[Job], processing: PostProcessing) -> PostProcessing:
    """Return the post-processing with block positions fitted to a sample of the tiles: real ones, where there are any.

    Args:
        jobs: jobs whose cities all have patches on this machine.
        processing: complete except for its block positions.
    """
    _, fitted = fitted_jobs(jobs)
    plain = replace(processing, block_positions=None)
    halves = over_sample(fitted, "positions", N_TILES, _sums, plain)
    return replace(plain, block_positions=fit_block_positions(halves))


def _sums(path: Path, tiles: slice, rows: np.ndarray, processing: PostProcessing) -> tuple[PositionSums, PositionSums]:
    """Return the sums over every other tile of the file, and over the others."""
    share = np.asarray(open_array(path, "patch_valid_share")[tiles])[rows]
    patches, is_valid = read_patches(path, tiles)
    made = block_vectors(patches[rows], is_valid[rows], share, processing)
    first, second = (
        position_sums(made.tile[half], made.number[half], made.embedding[half])
        for half in (rows[made.tile] % 2 == 0, rows[made.tile] % 2 == 1)
    )
    return first, second
