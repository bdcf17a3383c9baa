"""Reading patch embeddings from the work files: ``patches.zarr``, from which all stages after the model start."""

from pathlib import Path

import numpy as np

from etl.encoders.encoder import DefaultMethod
from etl.encoders.validity import MIN_PATCH_VALID_SHARE
from etl.store.work_files import open_array, read_attributes

ALL = slice(None)


def read_patches(path: Path, tiles: slice = ALL) -> tuple[np.ndarray, np.ndarray]:
    """Read patch embeddings, and which of the patches have enough valid pixels.

    Args:
        path: a ``patches.zarr``.
        tiles: which of its tiles.

    Returns:
        Embeddings (n, 196, dimension) float16 and validity (n, 196) bool.
    """
    is_valid = np.asarray(open_array(path, "patch_valid_share")[tiles]) >= MIN_PATCH_VALID_SHARE
    return np.asarray(open_array(path, "embedding")[tiles]), is_valid


def chunks(path: Path) -> list[slice]:
    """Return the tiles of each chunk of a ``patches.zarr``, so that each core can read its own chunk."""
    embedding = open_array(path, "embedding")
    n, step = embedding.shape[0], embedding.chunks[0]
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def encoder_of(path: Path) -> tuple[str, str, str]:
    """Return name, weights and SHA-256 of the weights of the encoder that made a ``patches.zarr``."""
    attributes = read_attributes(path) or {}
    return attributes["encoder"], attributes["weights"], attributes["weights_sha256"]


def default_method_of(path: Path) -> DefaultMethod:
    """Return the default aggregation of the encoder that made a ``patches.zarr``."""
    return "mean_std" if (read_attributes(path) or {}).get("default_method") == "mean_std" else "mean"
