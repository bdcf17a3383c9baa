"""Finding the files of a set, and opening them as tables or as rasters."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from etl.errors import SetError
from etl.sets.sources.alphaearth import CsvSource
from etl.sets.sources.chunks import SourceFile
from etl.sets.sources.lattice import Lattice
from etl.sets.sources.layouts import (
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
    Layout,
    detect,
)
from etl.sets.sources.location import Address, Location, is_store
from etl.sets.sources.parquet import ParquetSource
from etl.sets.sources.pixels import AlphaEarthRaster, PixelSource, TesseraRaster
from etl.sets.sources.tessera_zarr import TesseraZarr


def files_in(locations: Iterable[Location]) -> Iterator[Location]:
    """Yield the files of locations, those of a folder by name."""
    for path in locations:
        if isinstance(path, Address) or (is_store(path) and path.is_dir()):
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


def open_source(
    location: Location, layout: str, lattice: Callable[[], Lattice], time: str | None, *, is_forced: bool
) -> tuple[SourceFile, Layout]:
    """Return a file that is open for reading, and its layout.

    Args:
        location: a file, or a Zarr store.
        layout: a name in LAYOUTS, or auto.
        lattice: called for rasters of pixels: the squares over which they are averaged.
        time: the time of a Zarr store, or how its label begins; None: the newest.
        is_forced: read AlphaEarth pixels that look wrong.

    Raises:
        SetError: it is not of this layout, or of no known one.
    """
    if is_store(location):
        return _open_store(location, layout, lattice(), time)
    if time is not None:
        raise SetError(f"{location.name} is no Zarr store: it has one time; leave out --time")
    if isinstance(location, Address) or location.name.endswith(PIXEL_SUFFIXES):
        return _open_raster(location, layout, lattice(), is_forced=is_forced)
    return _open_table(location, layout)


def _open_table(path: Path, layout: str) -> tuple[SourceFile, Layout]:
    """Return a table that is open for reading, and its layout.

    Raises:
        SetError: it is of another layout than the one that is wanted.
    """
    if path.name.endswith(CSV_SUFFIXES):
        if layout not in (AUTO, "alphaearth"):
            raise SetError(f"{path.name} is a CSV file; only layout alphaearth has these, not {layout}")
        return CsvSource(path, LAYOUTS["alphaearth"]), LAYOUTS["alphaearth"]
    schema = pq.read_schema(path)
    footer = {key.decode(): value.decode(errors="replace") for key, value in (schema.metadata or {}).items()}
    found = detect(path, schema.names, footer)
    if layout == "tessera":
        raise SetError(f"{path.name} is a table; layout tessera has rasters and Zarr stores alone")
    # Files without the marks of any layout may be of every one, and every table can be read as a plain one.
    if found.name != "parquet" and layout not in (AUTO, "parquet"):
        _check_layout(path, layout, found.name)
    used = found if layout == AUTO else LAYOUTS[layout]
    return ParquetSource(path, used), used


def _open_store(location: Location, layout: str, lattice: Lattice, time: str | None) -> tuple[SourceFile, Layout]:
    """Return a Zarr store that is open for reading, and its layout.

    Raises:
        SetError: another layout than that of TESSERA is wanted.
    """
    _check_layout(location, layout, "tessera")
    return TesseraZarr(location, lattice, time), _averaged("tessera", TESSERA_PIXELS, lattice)


def _open_raster(location: Location, layout: str, lattice: Lattice, *, is_forced: bool) -> tuple[SourceFile, Layout]:
    """Return a raster of pixels that is open for reading, and its layout.

    Raises:
        SetError: it is not of the layout that its name tells.
    """
    if isinstance(location, Path) and location.suffix == NUMPY_SUFFIX:
        _check_layout(location, layout, "tessera")
        source = PixelSource(location.name, TesseraRaster(location), lattice)
        return source, _averaged("tessera", TESSERA_PIXELS, lattice)
    _check_layout(location, layout, "alphaearth")
    raster = AlphaEarthRaster(location, is_forced=is_forced)
    source = PixelSource(location.name, raster, lattice, is_unit=True)
    return source, _averaged("alphaearth", ALPHAEARTH_PIXELS, lattice)


def _check_layout(location: Location, wanted: str, name: str) -> None:
    """Raise SetError if another layout is wanted than the one that a file is of."""
    if wanted not in (AUTO, name):
        raise SetError(f"{location.name} is of layout {name}, not {wanted}")


def _averaged(name: str, decoding: str, lattice: Lattice) -> Layout:
    """Return a layout whose pixels are averaged."""
    return replace(LAYOUTS[name], decoding=f"{decoding}; mean over squares of {lattice.size_m:,} m")
