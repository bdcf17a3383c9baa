"""Post-processing of patches in memory."""

from collections.abc import Iterable

import numpy as np

from etl.vectors.post_processing import DEFAULT_METHOD, PostProcessing, from_moments, measure_moments, needs_covariance


def fit_post_processing(blocks: Iterable[np.ndarray], method: str = DEFAULT_METHOD) -> PostProcessing:
    """Fit a post-processing to patches (..., dimension) in memory, as the stages do to work files."""
    return from_moments(measure_moments(blocks, needs_covariance(method)), method)
