"""Rows of files, as all layouts give them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import shapely
from pyproj import CRS, Transformer

CHUNK = 20_000
"""Rows in memory at a time: 60 MB of vectors of 768 numbers."""
MAX_TEXT = 500
"""Longer values are not kept as properties."""


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file that have a vector.

    Attributes:
        source_ids: (n,) ids in the file, or None.
        dates: (n,) datetime64[us] in UTC; NaT where unknown.
        geometries: (n,) shapely polygons or points in degrees, EPSG:4326.
        vectors: (n, dimension) float32, decoded.
        properties: (n,) the other columns of each row.
        n_without_vector: number of rows that were left out because they have none.
    """

    source_ids: list[str | None]
    dates: np.ndarray
    geometries: np.ndarray
    vectors: np.ndarray
    properties: list[dict[str, Any]]
    n_without_vector: int


def kept(row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row that are kept as properties: those that JSON has, and no long texts."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and value == value and not (isinstance(value, str) and len(value) > MAX_TEXT)
    }


def in_degrees(shapes: np.ndarray, crs: CRS | int) -> np.ndarray:
    """Return geometries (n,) of a projection in degrees, EPSG:4326."""
    to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
    return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1]))))


class SourceFile(Protocol):
    """A file that is open for reading."""

    about: dict[str, Any]
    """What the file says of itself: model, licence and the like."""
    notes: list[str]
    """What a person should know of how it was read."""
    part: str
    """Which of the times of the file is read; empty where it has one."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows, chunk by chunk."""


@dataclass
class Norms:
    """Lengths of the vectors of a file, as they were read."""

    n: int = 0
    total: float = 0
    least: float = np.inf
    largest: float = 0
    dimensions: set[int] = field(default_factory=set)

    def add(self, vectors: np.ndarray) -> None:
        """Count the vectors (n, dimension) of a chunk."""
        if len(vectors) == 0:
            return
        lengths = np.linalg.norm(vectors, axis=1)
        self.n += len(lengths)
        self.total += float(lengths.sum())
        self.least, self.largest = min(self.least, float(lengths.min())), max(self.largest, float(lengths.max()))
        self.dimensions.add(vectors.shape[1])

    def __str__(self) -> str:
        if self.n == 0:
            return "no vector"
        return f"length {self.least:.3f} to {self.largest:.3f}, mean {self.total / self.n:.3f}"
