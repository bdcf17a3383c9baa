"""Reading composites from the work files: tiles cut out of ``composite.zarr``."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from etl.cities.grid import TILE_PX, Cell
from etl.errors import WorkFileError
from etl.store.work_files import COMPOSITE, open_array, read_attributes


def read_chips(path: Path, cells: Sequence[Cell]) -> np.ndarray:
    """Cut tiles out of a composite.

    Args:
        path: a ``composite.zarr``.
        cells: tiles of the composite.

    Returns:
        (n, 12, 224, 224) uint16, reflectance x 10000; 0 is nodata.
    """
    return np.stack(list(each_chip(path, cells)))


def each_chip(path: Path, cells: Sequence[Cell]) -> Iterator[np.ndarray]:
    """Yield the tiles of ``read_chips`` one by one, (12, 224, 224) each."""
    attributes = read_attributes(path)
    assert attributes is not None, "only cities with a composite have chips"
    reflectance = open_array(path, "reflectance")
    for cell in cells:
        y, x = (attributes["top_row"] - cell.row) * TILE_PX, (cell.col - attributes["left_col"]) * TILE_PX
        yield np.asarray(reflectance[:, y : y + TILE_PX, x : x + TILE_PX])


def sample_chips(home: Path, n: int) -> np.ndarray:
    """Return the north-western tile of up to ``n`` composites on this machine, as ``read_chips`` does.

    Raises:
        WorkFileError: there are no composites.
    """
    paths = sorted((home / "work").glob(f"*/*/{COMPOSITE}"))[:n]
    if not paths:
        raise WorkFileError(
            f"there are no tiles to check the file on: no composites under {home / 'work'}; give some with --chip"
        )
    return np.stack([np.asarray(open_array(path, "reflectance")[:, :TILE_PX, :TILE_PX]) for path in paths])
