"""TESSERA as a Zarr store: a group per UTM zone, with int8 numbers and float32 scales."""

import logging
import math
from collections.abc import Iterator
from typing import Any

import aiohttp
import numpy as np
import shapely
import xarray as xr
import zarr
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.windows import transform as window_transform
from zarr.storage import FsspecStore

from etl.errors import SetError
from etl.imagery.http import retry_on
from etl.sets.sources.chunks import Chunk
from etl.sets.sources.lattice import Lattice
from etl.sets.sources.location import Address, Location
from etl.sets.sources.pixels import TESSERA, TESSERA_BANDS, Pixels, PixelSource, windows

log = logging.getLogger(__name__)

NUMBERS, SCALES, TIME = "embeddings", "scales", "time"
NUMBER_AXES, SCALE_AXES = ("time", "band", "y", "x"), ("time", "y", "x")
YEARS = range(1900, 2200)
"""Whole numbers of a time coordinate that are years."""


class TesseraZarr:
    """One time of a store as one source: the zones in which the lattice has squares.

    Attributes:
        about: what is known of the data set.
        notes: what a person should know of how it was read.
        part: the time that is read, of each zone.
    """

    def __init__(self, location: Location, lattice: Lattice, time: str | None) -> None:
        """Open a store.

        Args:
            location: the store.
            lattice: the squares over which pixels are averaged.
            time: the time that is read, or how its label begins; None: the newest.

        Raises:
            SetError: it has no zone with numbers and scales, or one is malformed, or has no such time.
        """
        groups = dict(zarr.open_group(_store(location), mode="r").groups())
        if not groups:
            needs = "; at an address it needs consolidated metadata" if isinstance(location, Address) else ""
            raise SetError(f"{location.name} has no groups of UTM zones{needs}")
        named = [(f"{location.name}, group {name}", groups[name]) for name in sorted(groups)]
        zones = [
            TesseraZone(where, group, time)
            for where, group in named
            if _reaches(lattice.area, _projection(where, group)[0])
        ]
        if not zones:
            raise SetError(f"{location.name} has no UTM zone in the area; its groups are {', '.join(sorted(groups))}")
        self._sources = [PixelSource(location.name, zone, lattice) for zone in zones]
        self.about = self._sources[0].about
        self.notes = [*self._sources[0].notes, *(zone.note for zone in zones)]
        self.part = ", ".join(sorted({zone.time for zone in zones}))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the squares of each zone of which at least half the pixels have data."""
        for source in self._sources:
            yield from source.chunks()


class TesseraZone:
    """One time of a zone: a raster of embeddings.

    Attributes:
        about: what is known of the data set.
        date: the time that is read.
        note: which that is, and of how many.
        srid: EPSG code of the zone.
        time: the label of the time that is read.
    """

    def __init__(self, where: str, group: zarr.Group, time: str | None) -> None:
        """Open the group of a zone.

        Args:
            where: the names of store and group, for messages.
            group: the group.
            time: the time that is read, or how its label begins; None: the newest.

        Raises:
            SetError: it lacks its numbers, scales, projection or position, their shapes do not fit, or it has no such
                time.
        """
        self._numbers = _array(where, group, NUMBERS, NUMBER_AXES, np.dtype(np.int8))
        self._scales = _array(where, group, SCALES, SCALE_AXES, np.dtype(np.float32))
        n_times, n_bands, height, width = self._numbers.shape
        if n_bands != TESSERA_BANDS or n_times == 0:
            raise SetError(f"{where} has {n_bands} bands of {n_times} times; TESSERA has {TESSERA_BANDS}")
        if self._scales.shape != (n_times, height, width):
            raise SetError(f"{where}: numbers {self._numbers.shape} and scales {self._scales.shape} do not fit")
        self.srid, self._transform = _projection(where, group)
        times = _times(group, n_times)
        labels = [_label(value) for value in times]
        self._index = _index_of(where, labels, time)
        self.time, self.date = labels[self._index], _date(times[self._index])
        self.about: dict[str, Any] = dict(TESSERA)
        self.note = f"{where}: time {self.time} of {', '.join(labels)} is read"

    def parts(self, bounds: tuple[float, float, float, float]) -> Iterator[Pixels]:
        """Yield rows multiplied by their scales; a scale that is not finite, or 0 as in missing chunks, is nodata."""
        height, width = self._scales.shape[1:]
        for window in windows(self._transform, width, height, bounds):
            rows, cols = window.toslices()
            scales, numbers = self._read(rows, cols)
            is_valid = np.isfinite(scales) & (scales != 0)
            vectors = numbers * np.where(is_valid, scales, 0)
            yield Pixels(vectors, is_valid, window_transform(window, self._transform))

    @retry_on(aiohttp.ClientError, TimeoutError, log=log)
    def _read(self, rows: slice, cols: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return the scales (h, w) and numbers (bands, h, w) of a window."""
        return np.asarray(self._scales[self._index, rows, cols]), np.asarray(self._numbers[self._index, :, rows, cols])


def _store(location: Location) -> FsspecStore | str:
    """Return what zarr opens."""
    if not isinstance(location, Address):
        return str(location)
    timeout = aiohttp.ClientTimeout(total=location.timeout_s)
    return FsspecStore.from_url(location.url, read_only=True, storage_options={"client_kwargs": {"timeout": timeout}})


def _array(where: str, group: zarr.Group, name: str, axes: tuple[str, ...], dtype: np.dtype[Any]) -> zarr.Array[Any]:
    """Return an array of a zone; raise SetError if it is missing, or has other axes or another type."""
    found = group.get(name)
    seen = "missing"
    if isinstance(found, zarr.Array):
        found_axes = tuple(getattr(found.metadata, "dimension_names", None) or ())
        if found_axes == axes and found.dtype == dtype:
            return found
        seen = f"{found.dtype} {found_axes}"
    raise SetError(f"{where}: {name} is {seen}; TESSERA has {dtype} {axes}")


def _times(group: zarr.Group, n_times: int) -> np.ndarray:
    """Return the times of a zone (n_times,), decoded; their numbers from 0 where it has no coordinate of them."""
    stored = group.get(TIME)
    if not isinstance(stored, zarr.Array):
        return np.arange(n_times)
    coordinate = xr.Dataset(coords={TIME: (TIME, stored[:], dict(stored.attrs))})
    return np.asarray(xr.decode_cf(coordinate)[TIME].to_numpy())


def _label(time: Any) -> str:
    return str(np.datetime_as_string(time, unit="D")) if isinstance(time, np.datetime64) else str(time)


def _date(time: Any) -> np.datetime64:
    """Return a time as a date: that of the first of January for a year, NaT for what is no time."""
    if isinstance(time, np.datetime64):
        return time
    is_year = str(time).isdecimal() and int(time) in YEARS
    return np.datetime64(f"{time}-01-01" if is_year else "NaT")


def _index_of(where: str, labels: list[str], time: str | None) -> int:
    """Return the index of the one label that begins so, or of the last one."""
    if time is None:
        return len(labels) - 1
    found = [i for i, label in enumerate(labels) if label.startswith(time)]
    if len(found) != 1:
        raise SetError(f"{where} has {len(found)} times that begin with {time!r}; it has {', '.join(labels)}")
    return found[0]


def _reaches(area: shapely.Geometry, srid: int) -> bool:
    """Return whether an area touches a UTM zone or a degree beside it; True for another projection."""
    if not 32600 < srid <= 32760:
        return True
    west, south = 6 * (srid % 100) - 186, -90 if srid > 32700 else -1
    return bool(shapely.intersects(area, shapely.box(west - 1, south, west + 7, south + 91)))


def _projection(where: str, group: zarr.Group) -> tuple[int, Affine]:
    """Return the EPSG code and the position of the pixels: proj:code or proj:epsg, and spatial:transform."""
    code = group.attrs.get("proj:code") or group.attrs.get("proj:epsg")
    transform: Any = group.attrs.get("spatial:transform")
    try:
        srid = CRS.from_user_input(code).to_epsg()
        position = Affine(*map(float, transform[:6]))
    except (CRSError, TypeError, ValueError) as error:
        raise SetError(f"{where}: proj:code is {code!r} and spatial:transform {transform!r}") from error
    if srid is None or not math.isfinite(sum(position)):
        raise SetError(f"{where}: proj:code is {code!r} and spatial:transform {transform!r}")
    return int(srid), position
