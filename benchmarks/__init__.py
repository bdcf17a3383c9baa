"""Benchmarks: tables against peers measured in the same run. Not tests; `make bench-search` runs them."""

from pathlib import Path

REAL_TILES = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "tiles" / "tiles.csv.gz"
"""Positions of the system before, where this machine has them."""
