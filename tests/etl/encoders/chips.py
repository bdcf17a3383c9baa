"""Synthetic tiles for encoder tests: textured, all different, reproducible."""

import numpy as np


def make_chips(n: int, seed: int = 0) -> np.ndarray:
    """Return (n, 12, 224, 224) uint16: each band has its own brightness, each tile its own waves, plus noise."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:224, 0:224]
    level = rng.uniform(800, 4000, (n, 12, 1, 1))
    wave = np.stack([np.sin(rows / rng.uniform(2, 30)) + np.cos(cols / rng.uniform(2, 30)) for _ in range(n)])[:, None]
    noise = rng.standard_normal((n, 12, 224, 224))
    return np.clip(level * (1 + 0.2 * wave + 0.05 * noise), 1, 65535).astype(np.uint16)
