"""Synthetic chips: textured, each different, reproducible."""

import numpy as np

N_BANDS, SIDE_PX = 12, 224


def make_chips(n: int, seed: int = 0) -> np.ndarray:
    """Return (n, 12, 224, 224) uint16: every tile and band has its own brightness, wave pattern and noise."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    level = rng.uniform(800, 4000, (n, N_BANDS, 1, 1))
    wave = np.stack([np.sin(rows / rng.uniform(2, 30)) + np.cos(cols / rng.uniform(2, 30)) for _ in range(n)])[:, None]
    noise = rng.standard_normal((n, N_BANDS, SIDE_PX, SIDE_PX))
    return np.clip(level * (1 + 0.2 * wave + 0.05 * noise), 1, 65535).astype(np.uint16)
