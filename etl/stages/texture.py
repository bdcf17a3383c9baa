"""The texture of a post-processing: the last part of its fit, because it follows every removal of spatial bias."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from etl.stages.patches import fitted_jobs, over_sample
from etl.store.patches import read_patches
from etl.tasks.job import Job
from etl.vectors.post_processing import PostProcessing
from etl.vectors.texture import fit_texture, patch_std

N_TILES = 2000
"""Most tiles to which the texture is fitted: the standard error of its mean is then 2 % of the deviation over tiles."""


def with_texture(jobs: Sequence[Job], processing: PostProcessing) -> PostProcessing:
    """Return the post-processing with a texture fitted to a sample of the tiles: real ones, where there are any.

    Args:
        jobs: jobs whose cities all have patches on this machine.
        processing: complete except for its texture.
    """
    _, fitted = fitted_jobs(jobs)
    deviations = np.concatenate(list(over_sample(fitted, "texture", N_TILES, _deviations, processing)))
    return replace(processing, texture=fit_texture(deviations))


def _deviations(path: Path, tiles: slice, rows: np.ndarray, processing: PostProcessing) -> np.ndarray:
    patches, is_valid = read_patches(path, tiles)
    return np.stack([patch_std(processing.apply(patches[row][is_valid[row]])) for row in rows])
