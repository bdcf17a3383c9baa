"""Benchmarks: terrakin compared with its peers in the same run; installed with the package (`terrakin bench`)."""

import os
from pathlib import Path

REAL_DATA = os.environ.get("TERRAKIN_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
REAL_TILES = Path(REAL_DATA) / "tiles" / "tiles.csv.gz"
"""Tile positions and UMAP of a real data set. If the file is missing, benchmarks generate positions."""
