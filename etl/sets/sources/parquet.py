"""Parquet and GeoParquet files of embeddings, read in batches."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from etl.errors import SetError
from etl.sets.sources.chunks import CHUNK, Chunk, in_degrees, kept
from etl.sets.sources.layouts import POSITIONS, Layout, find_column

ABOUT = ("model", "providers", "license", "licence", "attribution", "datasets")
"""Keys of the footer that are kept with the set."""
PLAIN = (pa.types.is_integer, pa.types.is_floating, pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean)


class ParquetSource:
    """A Parquet file of embeddings.

    Attributes:
        about: what the footer says.
        notes: what a person should know of how it was read.
    """

    part = ""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open a file.

        Raises:
            SetError: it has no column with vectors or positions.
        """
        self._path = path
        # Buffered ahead, all of the file would stay in memory.
        self._file = pq.ParquetFile(path, pre_buffer=False)
        names = self._file.schema_arrow.names
        self._vector = find_column(path, "vector", layout.vectors, names)
        self._id = next((name for name in layout.ids if name in names), None)
        self._date = next((name for name in layout.dates if name in names), None)
        self._position = next((pair for pair in POSITIONS if set(pair) <= set(names)), None)
        self._geometry = "geometry" if "geometry" in names else None
        if not (self._geometry or self._position):
            raise SetError(f"{path.name} has neither a column geometry nor one of a position (lon, lat)")
        self.about = {key: value for key, value in _footer(self._file).items() if key in ABOUT}
        self.notes: list[str] = []
        self._crs = _crs_of(self._file, self._geometry)
        used = {self._vector, self._id, self._date, "geometry"}
        self._others = [
            f.name for f in self._file.schema_arrow if f.name not in used and any(is_(f.type) for is_ in PLAIN)
        ]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows that have a vector.

        Raises:
            SetError: vectors have different numbers of numbers, or a position is missing.
        """
        columns = {self._vector, self._id, self._date, self._geometry, *(self._position or ()), *self._others} - {None}
        for batch in self._file.iter_batches(
            CHUNK, columns=[name for name in self._file.schema_arrow.names if name in columns]
        ):
            has_vector = pc.is_valid(batch[self._vector])
            rows = batch.filter(has_vector)
            vectors = self._vectors(rows[self._vector])
            yield Chunk(
                [None if value is None else str(value) for value in self._values(rows, self._id)],
                self._dates(rows),
                self._geometries(rows),
                vectors,
                [kept(row) for row in rows.select(self._others).to_pylist()],
                batch.num_rows - rows.num_rows,
            )

    def _vectors(self, column: pa.Array) -> np.ndarray:
        """Return vectors (n, dimension) float32; of nested lists, the mean over all but the innermost."""
        shape, values = [len(column)], column
        while pa.types.is_nested(values.type):
            lengths = np.unique(pc.list_value_length(values).to_numpy(zero_copy_only=False))
            if len(lengths) > 1:
                raise SetError(
                    f"{self._path.name}: vectors have {lengths[0]} to {lengths[-1]} numbers; all of a set have as many"
                )
            shape.append(int(lengths[0]) if len(lengths) else 0)
            values = values.flatten()
        numbers = values.cast(pa.float32()).to_numpy(zero_copy_only=False)
        if len(numbers) == 0:
            return np.zeros((0, shape[-1]), np.float32)
        cube = np.asarray(numbers, np.float32).reshape(shape)
        if cube.ndim > 2:
            self._note(f"each vector is the mean of {' x '.join(map(str, shape[1:-1]))} vectors")
        return np.asarray(cube.reshape(shape[0], -1, shape[-1]).mean(axis=1))

    def _note(self, text: str) -> None:
        """Keep a note once, however many chunks it is about."""
        note = f"{self._path.name}: {text}"
        if note not in self.notes:
            self.notes.append(note)

    def _values(self, rows: pa.RecordBatch, name: str | None) -> list[Any]:
        return [None] * rows.num_rows if name is None else rows[name].to_pylist()

    def _dates(self, rows: pa.RecordBatch) -> np.ndarray:
        if self._date is None:
            return np.full(rows.num_rows, "NaT", "datetime64[us]")
        column = rows[self._date]
        try:
            dates = column.cast(pa.timestamp("us", tz="UTC") if pa.types.is_string(column.type) else pa.timestamp("us"))
        except pa.ArrowInvalid as error:
            raise SetError(f"{self._path.name}: column {self._date} has a value that is no date: {error}") from error
        return np.asarray(dates.to_numpy(zero_copy_only=False), "datetime64[us]")

    def _geometries(self, rows: pa.RecordBatch) -> np.ndarray:
        if self._geometry and rows[self._geometry].type in (pa.binary(), pa.large_binary()):
            shapes = shapely.from_wkb(rows[self._geometry].to_numpy(zero_copy_only=False))
        elif self._position:
            lon, lat = (rows[name].to_numpy(zero_copy_only=False).astype(float) for name in self._position)
            shapes = shapely.points(lon, lat)
        else:
            raise SetError(f"{self._path.name}: the geometry is not WKB; it is {rows[self._geometry].type}")
        is_without = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        if is_without.any():
            raise SetError(f"{self._path.name}: {is_without.sum()} rows have a vector and no geometry")
        return self._in_degrees(shapes)

    def _in_degrees(self, shapes: np.ndarray) -> np.ndarray:
        """Return geometries in EPSG:4326."""
        if len(shapes) == 0:
            return shapes
        west, south, east, north = shapely.total_bounds(shapes)
        looks_like_degrees = west >= -360 and east <= 360 and south >= -90 and north <= 90
        if self._crs is None or self._crs.is_geographic:
            if looks_like_degrees:
                return shapes
            raise SetError(
                f"{self._path.name}: coordinates from {west:.0f} {south:.0f} to {east:.0f} {north:.0f} are no degrees, "
                "and no other CRS is given"
            )
        if looks_like_degrees:
            said = f"its footer says {self._crs.to_string()}"
            self._note(f"{said}, but its coordinates are degrees, and are read so")
            return shapes
        return in_degrees(shapes, self._crs)


def _footer(file: pq.ParquetFile) -> dict[str, Any]:
    """Return what the key ``emb`` of the footer says; nothing without it."""
    try:
        found: dict[str, Any] = json.loads((file.schema_arrow.metadata or {}).get(b"emb", b"{}"))
    except ValueError:
        return {}
    return found


def _crs_of(file: pq.ParquetFile, geometry: str | None) -> CRS | None:
    """Return the CRS in the footer of a GeoParquet file: OGC:CRS84 if it names none; None without a footer."""
    text = (file.schema_arrow.metadata or {}).get(b"geo")
    if text is None or geometry is None:
        return None
    column = json.loads(text).get("columns", {}).get(geometry, {})
    try:
        return CRS.from_user_input(column["crs"]) if column.get("crs") else CRS.from_user_input("OGC:CRS84")
    except CRSError as error:
        raise SetError(f"the CRS in the footer cannot be read: {error}") from error
