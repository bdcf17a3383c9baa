"""AlphaEarth embeddings of points, as Earth Engine exports them: a CSV with columns A00 to A63, decoded already."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from etl.errors import SetError
from etl.sets.sources.chunks import CHUNK, Chunk, kept
from etl.sets.sources.layouts import ALPHAEARTH_NUMBER, POSITIONS, Layout

GEOMETRY = ".geo"
YEAR = "year"


class CsvSource:
    """A CSV file of AlphaEarth embeddings.

    Attributes:
        about: licence and attribution of the data set.
        notes: what a person should know of how it was read.
    """

    part = ""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open a file.

        Raises:
            SetError: it has no column with a position.
        """
        self._path = path
        columns = list(pd.read_csv(path, nrows=0).columns)
        self._numbers = [name for name in columns if ALPHAEARTH_NUMBER.fullmatch(name)]
        self._position = next((pair for pair in POSITIONS if set(pair) <= set(columns)), None)
        if self._position is None and GEOMETRY not in columns:
            raise SetError(f"{path.name} has no column with a position (lon and lat, or .geo)")
        self._id = next((name for name in layout.ids if name in columns), None)
        used = {*self._numbers, self._id, GEOMETRY, *(self._position or ())}
        self._others = [name for name in columns if name not in used]
        self.about: dict[str, Any] = {
            "license": "CC-BY-4.0",
            "attribution": "The AlphaEarth Foundations Satellite Embedding dataset is produced by Google and Google "
            "DeepMind.",
        }
        self.notes: list[str] = []

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows that have all numbers; rows without data end early, or have empty cells."""
        ids = {self._id: str} if self._id else {}
        with pd.read_csv(self._path, chunksize=CHUNK, dtype=ids) as frames:
            for frame in frames:
                rows = frame[frame[self._numbers].notna().all(axis=1)]
                yield Chunk(
                    [None] * len(rows) if self._id is None else rows[self._id].tolist(),
                    _dates(rows),
                    self._points(rows),
                    rows[self._numbers].to_numpy(np.float32),
                    [kept(row) for row in rows[self._others].to_dict("records")],
                    len(frame) - len(rows),
                )

    def _points(self, rows: pd.DataFrame) -> np.ndarray:
        if self._position:
            return np.asarray(
                shapely.points(rows[self._position[0]].to_numpy(float), rows[self._position[1]].to_numpy(float))
            )
        return np.array([shapely.geometry.shape(json.loads(text)) for text in rows[GEOMETRY]], object)


def _dates(rows: pd.DataFrame) -> np.ndarray:
    """Return the first day of the year that a row describes."""
    if YEAR not in rows:
        return np.full(len(rows), "NaT", "datetime64[us]")
    return np.asarray(rows[YEAR].astype(str).to_numpy("datetime64[Y]"), "datetime64[us]")
