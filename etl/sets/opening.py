"""Finding the files of a set, and opening them as tables or as rasters."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from etl.errors import SetError
from etl.sets.alphaearth import CsvSource
from etl.sets.chunks import SourceFile
from etl.sets.lattice import Lattice
from etl.sets.layouts import (
    ALPHAEARTH_PIXELS,
    AUTO,
    CSV_SUFFIXES,
    LAYOUTS,
    NUMPY_SUFFIX,
    PIXEL_SUFFIXES,
    RASTER_SUFFIXES,
    SCALES_SUFFIX,
    SUFFIXES,
    TESSERA_PIXELS,
    ZARR_SUFFIX,
    Layout,
    detect,
)
from etl.sets.parquet import ParquetSource
from etl.sets.pixels import AlphaEarthRaster, PixelSource, TesseraRaster
from etl.sets.tessera_zarr import TesseraZarr, fingerprint


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files of paths, those of a folder by name."""
    for path in paths:
        if path.suffix == ZARR_SUFFIX and path.is_dir():
            yield path
        elif path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.name.endswith(SUFFIXES) and not _is_part(p))
            if not inside:
                raise SetError(f"{path} has no file that ends in {', '.join(SUFFIXES)}")
            yield from inside
        elif path.is_file():
            if not _is_part(path):
                yield path
        else:
            raise SetError(f"{path} does not exist")


def _is_part(path: Path) -> bool:
    """Return whether a file belongs to another one: scales, and the landmask of TESSERA."""
    is_landmask = path.suffix in RASTER_SUFFIXES and path.with_suffix(NUMPY_SUFFIX).is_file()
    return is_landmask or path.name.endswith(SCALES_SUFFIX)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, or the fingerprint of a Zarr store."""
    if path.is_dir():
        return fingerprint(path)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def open_source(
    path: Path, layout: str, lattice: Callable[[], Lattice], *, is_forced: bool
) -> tuple[SourceFile, Layout]:
    """Return a file that is open for reading, and its layout.

    Args:
        path: a file, or the folder of a Zarr store.
        layout: a name in LAYOUTS, or auto.
        lattice: called for rasters of pixels: the squares over which they are averaged.
        is_forced: read AlphaEarth pixels that look wrong.

    Raises:
        SetError: it is not of this layout, or of no known one.
    """
    if path.name.endswith(PIXEL_SUFFIXES):
        return _open_raster(path, layout, lattice(), is_forced=is_forced)
    return _open_table(path, layout)


def _open_table(path: Path, layout: str) -> tuple[SourceFile, Layout]:
    """Return a table that is open for reading, and its layout.

    Raises:
        SetError: it is not of a known layout.
    """
    if path.name.endswith(CSV_SUFFIXES):
        if layout not in (AUTO, "alphaearth"):
            raise SetError(f"{path.name} is a CSV file; only layout alphaearth has these, not {layout}")
        return CsvSource(path, LAYOUTS["alphaearth"]), LAYOUTS["alphaearth"]
    schema = pq.read_schema(path)
    footer = {key.decode(): value.decode(errors="replace") for key, value in (schema.metadata or {}).items()}
    used = detect(path, schema.names, footer) if layout == AUTO else LAYOUTS[layout]
    return ParquetSource(path, used), used


def _open_raster(path: Path, layout: str, lattice: Lattice, *, is_forced: bool) -> tuple[SourceFile, Layout]:
    """Return a raster of pixels that is open for reading, and its layout.

    Raises:
        SetError: it is not of the layout that its name tells.
    """
    name = "alphaearth" if path.suffix in RASTER_SUFFIXES else "tessera"
    if layout not in (AUTO, name):
        raise SetError(f"{path.name} would be of layout {name}, not {layout}")
    decoding = TESSERA_PIXELS
    if path.suffix == ZARR_SUFFIX:
        source: SourceFile = TesseraZarr(path, lattice)
    elif name == "tessera":
        source = PixelSource(path, TesseraRaster(path), lattice)
    else:
        source = PixelSource(path, AlphaEarthRaster(path, is_forced=is_forced), lattice, is_unit=True)
        decoding = ALPHAEARTH_PIXELS
    return source, replace(LAYOUTS[name], decoding=f"{decoding}; mean over squares of {lattice.size_m:,} m")
