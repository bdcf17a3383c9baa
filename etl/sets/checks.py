"""Signs that vectors were decoded wrongly: a wrong decoding looks plausible, and its searches look plausible too."""

import numpy as np

from etl.errors import SetError
from etl.sets.sources.layouts import Layout

MAX_ZEROS = 0.5
"""Share of zeros above which numbers are taken for a mask."""
MAX_RATIO = 1000
"""A vector this many times longer than another was most likely not decoded as the other was."""
FORCE = "; if this is right, give --force"


def check_vectors(file: str, layout: Layout, vectors: np.ndarray, *, is_forced: bool) -> None:
    """Refuse vectors (n, dimension) of a file that look as if they were not decoded, or decoded twice.

    Raises:
        SetError: a number is not finite, or, unless forced, the vectors look wrong. The text says what was seen.
    """
    bad = ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        raise SetError(f"{file}: {bad.sum()} vectors have numbers that are not finite; nothing was imported from it")
    sign = None if is_forced else suspicion(layout, vectors)
    if sign:
        raise SetError(f"{file}: {sign}; nothing was imported from it{FORCE}")


def suspicion(layout: Layout, vectors: np.ndarray) -> str | None:
    """Return what looks wrong about vectors (n, dimension), with figures; None if nothing does."""
    if len(vectors) == 0:
        return None
    zeros = float((vectors == 0).mean())
    if zeros > MAX_ZEROS:
        return f"{zeros:.0%} of the numbers are zero"
    if np.abs(vectors).max() > 1 and (vectors == np.round(vectors)).all():
        return f"all numbers are whole, {vectors.min():.0f} to {vectors.max():.0f}: they look quantised and not decoded"
    lengths = np.linalg.norm(vectors, axis=1)
    if layout.norm and not (layout.norm[0] <= lengths.min() and lengths.max() <= layout.norm[1]):
        return (
            f"vectors have lengths of {lengths.min():.3f} to {lengths.max():.3f}, those of layout {layout.name} "
            f"{layout.norm[0]} to {layout.norm[1]}: decoded twice, or not at all?"
        )
    shortest = lengths[lengths > 0].min() if lengths.any() else 0
    if shortest and lengths.max() / shortest > MAX_RATIO:
        return f"vectors have lengths of {shortest:.3g} to {lengths.max():.3g}"
    if len(vectors) > 1 and (vectors == vectors[0]).all():
        return f"all {len(vectors)} vectors are the same"
    return None
