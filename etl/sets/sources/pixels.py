"""Embeddings of pixels, AlphaEarth and TESSERA, averaged over the squares of a lattice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.windows import Window
from rasterio.windows import transform as window_transform

from db.embedding_sets.basis import unit_vectors
from etl.errors import SetError
from etl.imagery.http import gdal_options
from etl.sets.sources.chunks import Chunk
from etl.sets.sources.lattice import Lattice
from etl.sets.sources.location import Address, Location

ROWS = 128
"""Rows of pixels in memory at a time."""
MIN_VALID_SHARE = 0.5
"""A square with a smaller share of pixels with data gets no vector."""
ALPHAEARTH_BANDS, ALPHAEARTH_NODATA, ALPHAEARTH_SCALE = 64, -128, 127.5
"""Of the COGs of the data set, as its documentation describes them."""
TESSERA_BANDS = 128
TESSERA = {"license": "CC0-1.0", "model": {"name": "TESSERA"}}
"""What is known of the data set."""
PIXEL_NORM = (0.9, 1.1)
"""Mean length of AlphaEarth pixels that were decoded rightly: 1, but for the quantisation."""


@dataclass(frozen=True)
class Pixels:
    """Some rows of pixels: vectors (bands, rows, columns) float32, decoded, and whether each pixel has data."""

    vectors: np.ndarray
    is_valid: np.ndarray
    transform: Affine


class Raster(Protocol):
    """A raster of embeddings."""

    about: dict[str, Any]
    date: np.datetime64
    """When it was taken; NaT where the file does not say."""

    @property
    def srid(self) -> int:
        """EPSG code of its projection."""

    def parts(self, bounds: tuple[float, float, float, float]) -> Iterator[Pixels]:
        """Yield the rows that touch these bounds (west, south, east, north; metres), some at a time."""


class PixelSource:
    """A raster whose pixels are averaged.

    Attributes:
        about: what is known of the data set.
        notes: what a person should know of how it was read.
    """

    part = ""

    def __init__(self, name: str, raster: Raster, lattice: Lattice, *, is_unit: bool = False) -> None:
        """Take a raster that is open, with the name of its file; is_unit: scale the means to unit length.

        Raises:
            SetError: it is in another projection than UTM.
        """
        if not (32600 < raster.srid <= 32660 or 32700 < raster.srid <= 32760):
            raise SetError(f"{name} is in EPSG:{raster.srid}; pixels are read in a UTM zone, as published")
        self._raster, self._lattice, self._is_unit = raster, lattice, is_unit
        self.about = raster.about
        self.notes = [f"{name}: each vector is the mean of the pixels of a square of {lattice.size_m:,} m"]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the squares of which at least half the pixels have data, all at once."""
        sums: dict[int, np.ndarray] = {}
        counts: dict[int, int] = {}
        srid, pixel_m2 = self._raster.srid, 0.0
        for part in self._raster.parts(self._bounds()):
            pixel_m2 = abs(part.transform.a * part.transform.e)
            for key, n, total in self._summed(part, srid):
                sums[key] = sums.get(key, 0) + total
                counts[key] = counts.get(key, 0) + n
        wanted = MIN_VALID_SHARE * self._lattice.size_m**2 / pixel_m2 if pixel_m2 else 0
        keys = np.array(sorted(key for key, n in counts.items() if n >= wanted), np.int64)
        vectors = np.array([sums[key] / counts[key] for key in keys.tolist()] or np.zeros((0, 1)), np.float32)
        if self._is_unit:
            vectors = unit_vectors(vectors)
        yield Chunk(
            [f"{srid}-{key}" for key in keys.tolist()],
            np.full(len(keys), self._raster.date, "datetime64[us]"),
            self._lattice.squares(keys, srid),
            vectors,
            [{"valid_pixels": counts[key]} for key in keys.tolist()],
            len(counts) - len(keys),
        )

    def _bounds(self) -> tuple[float, float, float, float]:
        """Return the bounds of the area in the projection of the raster."""
        to_raster = Transformer.from_crs(4326, self._raster.srid, always_xy=True)
        west, south, east, north = to_raster.transform_bounds(*shapely.bounds(self._lattice.area).tolist())
        margin = self._lattice.size_m
        return west - margin, south - margin, east + margin, north + margin

    def _summed(self, part: Pixels, srid: int) -> Iterator[tuple[int, int, np.ndarray]]:
        """Yield each wanted square, its number of pixels with data here, and the sum of their vectors."""
        rows, cols = np.nonzero(part.is_valid)
        t = part.transform
        x, y = t.a * (cols + 0.5) + t.b * (rows + 0.5) + t.c, t.d * (cols + 0.5) + t.e * (rows + 0.5) + t.f
        keys, squares = np.unique(self._lattice.keys(x, y), return_inverse=True)
        is_wanted = self._lattice.is_wanted(keys, srid)
        inside = is_wanted[squares]
        values, squares = part.vectors[:, rows[inside], cols[inside]], squares[inside]
        totals = np.stack([np.bincount(squares, band, len(keys)) for band in values.astype(np.float64)], axis=1)
        n_pixels = np.bincount(squares, minlength=len(keys))
        for i in np.flatnonzero(n_pixels).tolist():
            yield int(keys[i]), int(n_pixels[i]), totals[i]


class AlphaEarthRaster:
    """A COG of AlphaEarth: int8, 64 bands, nodata -128; rows may run from south to north."""

    date: np.datetime64 = np.datetime64("NaT")

    def __init__(self, location: Location, *, is_forced: bool) -> None:
        """Open a file.

        Raises:
            SetError: it has another number or type of bands.
        """
        self._location, self._is_forced = location, is_forced
        with _open(location) as source:
            seen = source.count, source.dtypes[0]
            self._srid = source.crs.to_epsg() if source.crs else None
        if seen != (ALPHAEARTH_BANDS, "int8"):
            raise SetError(f"{location.name} has {seen[0]} bands of {seen[1]}; AlphaEarth has 64 of int8")
        if self._srid is None:
            raise SetError(f"{location.name} has no CRS")
        self.about = {
            "license": "CC-BY-4.0",
            "attribution": "The AlphaEarth Foundations Satellite Embedding dataset is produced by Google and Google "
            "DeepMind.",
        }

    @property
    def srid(self) -> int:
        """EPSG code of its projection."""
        return int(self._srid or 0)

    def parts(self, bounds: tuple[float, float, float, float]) -> Iterator[Pixels]:
        """Yield decoded rows; raise SetError, unless forced, if their vectors are not of unit length."""
        with _open(self._location) as source:
            for window in windows(source.transform, source.width, source.height, bounds):
                stored = source.read(window=window)
                is_valid = (stored != ALPHAEARTH_NODATA).all(axis=0)
                scaled = stored.astype(np.float32) / ALPHAEARTH_SCALE
                vectors = np.sign(scaled) * scaled**2
                if is_valid.any() and not self._is_forced:
                    length = float(np.linalg.norm(vectors[:, is_valid], axis=0).mean())
                    if not PIXEL_NORM[0] <= length <= PIXEL_NORM[1]:
                        raise SetError(
                            f"{self._location.name}: decoded pixels have a mean length of {length:.3f}, not 1: these "
                            "are no AlphaEarth numbers; nothing was imported from it; if this is right, give --force"
                        )
                yield Pixels(vectors, is_valid, window_transform(window, source.transform))


class TesseraRaster:
    """A pair of TESSERA files: int8 numbers, and float32 scales a pixel or a number; the landmask has the position."""

    date: np.datetime64 = np.datetime64("NaT")

    def __init__(self, path: Path) -> None:
        """Open a file ``grid_LON_LAT.npy`` with its scales and landmask.

        Raises:
            SetError: one of the three is missing, or their shapes do not fit.
        """
        scales, landmask = (path.with_name(path.stem + ending) for ending in ("_scales.npy", ".tiff"))
        for file, what in ((scales, "scales"), (landmask, "landmask, which has CRS and position")):
            if not file.is_file():
                raise SetError(f"{path.name} needs its {what}: {file.name} is missing beside it")
        self._numbers, self._scales = np.load(path, mmap_mode="r"), np.load(scales, mmap_mode="r")
        with rasterio.open(landmask) as source:
            self._transform, shape, crs = source.transform, source.shape, source.crs
        if self._numbers.ndim != 3 or self._numbers.shape[2] != TESSERA_BANDS or self._numbers.dtype != np.int8:
            raise SetError(f"{path.name} is {self._numbers.dtype} {self._numbers.shape}; TESSERA is int8 (H, W, 128)")
        size = self._numbers.shape[:2]
        if self._scales.shape not in (self._numbers.shape, size) or shape != size:
            raise SetError(
                f"{path.name}: numbers {self._numbers.shape}, scales {self._scales.shape} and landmask {shape} "
                "do not fit"
            )
        self._srid = crs.to_epsg() if crs else None
        if self._srid is None:
            raise SetError(f"{landmask.name} has no CRS")
        self.about: dict[str, Any] = dict(TESSERA)

    @property
    def srid(self) -> int:
        """EPSG code of its projection."""
        return int(self._srid or 0)

    def parts(self, bounds: tuple[float, float, float, float]) -> Iterator[Pixels]:
        """Yield rows multiplied by their scales; a scale that is not finite is nodata."""
        height, width = self._numbers.shape[:2]
        for window in windows(self._transform, width, height, bounds):
            rows, cols = window.toslices()
            scales = np.asarray(self._scales[rows, cols], np.float32)
            scales = scales[..., None] if scales.ndim == 2 else scales
            is_valid = np.asarray(np.isfinite(scales).all(axis=2))
            vectors = self._numbers[rows, cols] * np.where(np.isfinite(scales), scales, 0)
            yield Pixels(np.moveaxis(vectors, 2, 0), is_valid, window_transform(window, self._transform))


@contextmanager
def _open(location: Location) -> Iterator[rasterio.DatasetReader]:
    """Open a raster: a file, or at an address only the parts that are read."""
    if isinstance(location, Address):
        path, options = location.url, gdal_options(round(location.timeout_s))
    else:
        path, options = str(location), {}
    with rasterio.Env(**options), rasterio.open(path) as source:
        yield source


def windows(transform: Affine, width: int, height: int, bounds: tuple[float, float, float, float]) -> Iterator[Window]:
    """Yield windows of at most ROWS rows that cover the part of a raster within bounds."""
    cols, rows = zip(*(~transform * corner for corner in ((bounds[0], bounds[1]), (bounds[2], bounds[3]))), strict=True)
    left, right = (int(np.clip(f(cols), 0, width)) for f in (min, max))
    top, bottom = (int(np.clip(f(rows), 0, height)) for f in (min, max))
    for row in range(top, bottom if right > left else top, ROWS):
        yield Window(left, row, right - left, min(ROWS, bottom - row))
