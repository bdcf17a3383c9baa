"""Synthetic files in published layouts, with vectors drawn at random."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

N = 40
DIMENSION = 16


def vectors(n: int = N, dimension: int = DIMENSION, seed: int = 0) -> np.ndarray:
    """Return random vectors (n, dimension) float32 around a common offset, as real ones have it."""
    drawn = np.random.default_rng(seed).normal(0.5, 1, (n, dimension))
    return drawn.astype(np.float32)


def positions(n: int = N) -> np.ndarray:
    """Return positions (n, 2) in degrees: in France, Brazil and Japan and at sea."""
    corners = np.array([[2.0, 47.0], [-52.0, -10.0], [138.5, 36.2], [-30.0, 0.0]])
    return corners[np.arange(n) % 4] + np.random.default_rng(1).uniform(0, 0.4, (n, 2))


def write_parquet(path: Path, columns: dict[str, Any], footer: dict[str, Any] | None = None) -> Path:
    """Write a Parquet file; arrays (n, d) become lists, footer its metadata."""
    table = pa.table({name: list(value) if isinstance(value, np.ndarray) else value for name, value in columns.items()})
    metadata = {key: json.dumps(value) for key, value in (footer or {}).items()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return path


def squares(width_deg: float = 0.01, n: int = N) -> list[bytes]:
    """Return squares around the positions, as WKB."""
    half = width_deg / 2
    return [shapely.to_wkb(shapely.box(x - half, y - half, x + half, y + half)) for x, y in positions(n)]


def points(n: int = N) -> list[bytes]:
    """Return the positions as WKB."""
    return [shapely.to_wkb(shapely.Point(x, y)) for x, y in positions(n)]


def geo(crs: Any = None) -> dict[str, Any]:
    """Return the footer of a GeoParquet file."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    return {
        "geo": {
            "version": "1.0.0",
            "primary_column": "geometry",
            "columns": {"geometry": column | ({"crs": crs} if crs else {})},
        }
    }


def earth_index(path: Path, n: int = N) -> Path:
    """Write an Earth Index file: float32 vectors of a fixed size, points, a footer that names the model."""
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(vectors(n).ravel()), DIMENSION)
    columns = {"id": [f"synthetic-{i}" for i in range(n)], "embedding": fixed, "geometry": points(n)}
    return write_parquet(path, columns, geo() | {"emb": {"model": {"name": "synthetic"}, "license": "CC-BY-4.0"}})


def major_tom(path: Path, n: int = N) -> Path:
    """Write a Major TOM file: a grid cell, a product and a time per row, a text of the UTM footprint beside the WKB."""
    return write_parquet(
        path,
        {
            "unique_id": [f"synthetic-{i}" for i in range(n)],
            "embedding": vectors(n),
            "timestamp": [f"2024-06-{1 + i % 28:02d}T10:00:00Z" for i in range(n)],
            "product_id": ["S2A_SYNTHETIC"] * n,
            "grid_cell": [f"{i}U_1R" for i in range(n)],
            "grid_row_u": list(range(n)),
            "geometry": squares(n=n),
            "centre_lat": positions(n)[:, 1],
            "centre_lon": positions(n)[:, 0],
            "utm_footprint": ["POLYGON EMPTY"] * n,
        },
    )


def embed2scale(path: Path, n: int = 3) -> Path:
    """Write a file as Embed2Scale publishes TerraMind: vectors as three nested lists of fixed sizes, 2 x 2 x 16."""
    nested = pa.array(vectors(4 * n).ravel())
    for size in (DIMENSION, 2, 2):
        nested = pa.FixedSizeListArray.from_arrays(nested, size)
    return write_parquet(
        path, {"ID": [f"synthetic-{i}" for i in range(n)], "geometry": squares(n=n), "embedding": nested}, geo()
    )


def terratorch(path: Path, n: int = 3) -> Path:
    """Write a TerraTorch file: nested lists of 2 x 2 vectors per image, in the image's UTM zone."""
    cubes = vectors(4 * n).reshape(n, 2, 2, DIMENSION)
    boxes = [
        shapely.to_wkb(shapely.box(500_000 + 2240 * i, 4_000_000, 502_240 + 2240 * i, 4_002_240)) for i in range(n)
    ]
    columns = {
        "file_id": [f"synthetic-{i}" for i in range(n)],
        "embedding": pa.array(cubes.tolist(), pa.list_(pa.list_(pa.list_(pa.float32())))),
        "geometry": boxes,
    }
    return write_parquet(path, columns, geo("EPSG:32633"))
