"""Imported sets for tests: the blocks of synthetic towns, exported and imported again, and points at sea."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np

from db.settings import Settings
from etl.sets.export import export_set
from etl.sets.importing import Request, import_files
from tests.etl.sets.files import vectors, write_parquet

SQUARES = "synthetic-squares"
"""An item per block, in the order of the files, not of the blocks."""
POINTS = "synthetic-points"
N_POINTS = 30


def no_bar(*_: object) -> Any:
    """Return a progress bar that shows nothing."""
    return nullcontext(Mock(n=0))


def import_sets(settings: Settings, folder: Path) -> None:
    """Import both sets into a database with tiles and blocks."""
    exported = export_set(settings, "block", folder / "exported", no_bar)
    import_files(settings, Request(SQUARES, (exported.file,), layout="parquet"), print, no_bar)
    columns: dict[str, Any] = {
        "id": [f"synthetic-{i}" for i in range(N_POINTS)],
        "lon": list(-30 - np.arange(N_POINTS, dtype=float)),
        "lat": [-40.0] * N_POINTS,
        "embedding": vectors(N_POINTS),
    }
    points = write_parquet(folder / "points.parquet", columns)
    import_files(settings, Request(POINTS, (points,), layout="parquet"), print, no_bar)
