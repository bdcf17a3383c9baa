"""Standard deviations that are safe to divide by."""

import numpy as np

# A dimension that hardly varies is noise: its standard deviation is at least this share of the median one ...
STD_FLOOR_SHARE = 1e-3
# ... and at least one step of float16 (the dtype of stored patch vectors) at its mean.
FLOAT16_STEP = 2.0**-10


def floored(std: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return standard deviations (dimension,) as positive float32: raised to the noise, and 1 where all are 0."""
    floor = np.maximum(STD_FLOOR_SHARE * np.median(std), FLOAT16_STEP * np.abs(mean))
    raised = np.maximum(std, floor)
    return np.where(raised > 0, raised, 1.0).astype(np.float32)
