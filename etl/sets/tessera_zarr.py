"""TESSERA as a Zarr store: a group per UTM zone, with int8 numbers and float32 scales."""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import xarray as xr
import zarr
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.windows import transform as window_transform

from etl.errors import SetError
from etl.sets.chunks import Chunk
from etl.sets.lattice import Lattice
from etl.sets.pixels import TESSERA, TESSERA_BANDS, Pixels, PixelSource, windows

NUMBERS, SCALES = "embeddings", "scales"
NUMBER_AXES, SCALE_AXES = ("time", "band", "y", "x"), ("time", "y", "x")
METADATA = "zarr.json"


class TesseraZarr:
    """The store as one source: the zones in which the lattice has squares, of the newest time.

    Attributes:
        about: what is known of the data set.
        notes: what a person should know of how it was read.
    """

    def __init__(self, path: Path, lattice: Lattice) -> None:
        """Open a store.

        Raises:
            SetError: it has no zone with numbers and scales, or one is malformed.
        """
        groups = sorted(name for name, _ in zarr.open_group(path, mode="r").groups())
        zones = [zone for zone in (TesseraZone(path, name) for name in groups) if _reaches(lattice.area, zone.srid)]
        if not zones:
            raise SetError(f"{path.name} has no UTM zone in the area; its groups are {', '.join(groups) or 'none'}")
        self._sources = [PixelSource(path, zone, lattice) for zone in zones]
        self.about = self._sources[0].about
        self.notes = [*self._sources[0].notes, *(zone.note for zone in zones)]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the squares of each zone of which at least half the pixels have data."""
        for source in self._sources:
            yield from source.chunks()


class TesseraZone:
    """The newest time of a zone: a raster of embeddings."""

    def __init__(self, path: Path, name: str) -> None:
        """Open the group of a zone.

        Raises:
            SetError: it lacks its numbers, scales, projection or position, or their shapes do not fit.
        """
        where = f"{path.name}, group {name}"
        self._group = xr.open_zarr(path, group=name, chunks=None, consolidated=False)
        for array, axes, dtype in ((NUMBERS, NUMBER_AXES, np.int8), (SCALES, SCALE_AXES, np.float32)):
            found = self._group.get(array)
            if found is None or found.dims != axes or found.dtype != dtype:
                seen = "missing" if found is None else f"{found.dtype} {found.dims}"
                raise SetError(f"{where}: {array} is {seen}; TESSERA has {np.dtype(dtype)} {axes}")
        sizes = self._group.sizes
        if sizes["band"] != TESSERA_BANDS or sizes["time"] == 0:
            raise SetError(f"{where} has {sizes['band']} bands of {sizes['time']} times; TESSERA has {TESSERA_BANDS}")
        self.srid, self._transform = _projection(where, self._group.attrs)
        self.about: dict[str, Any] = dict(TESSERA)
        newest = f" ({self._group['time'].to_numpy()[-1]})" if "time" in self._group.coords else ""
        self.note = f"{where}: the last of {sizes['time']} times{newest} is read"

    def parts(self, bounds: tuple[float, float, float, float]) -> Iterator[Pixels]:
        """Yield rows multiplied by their scales; a scale that is not finite is nodata."""
        width, height = self._group.sizes["x"], self._group.sizes["y"]
        for window in windows(self._transform, width, height, bounds):
            rows, cols = window.toslices()
            part = self._group.isel(time=-1, y=rows, x=cols)
            scales = part[SCALES].to_numpy()
            is_valid = np.isfinite(scales)
            vectors = part[NUMBERS].to_numpy() * np.where(is_valid, scales, 0)
            yield Pixels(vectors, is_valid, window_transform(window, self._transform))


def _reaches(area: shapely.Geometry, srid: int) -> bool:
    """Return whether an area touches a UTM zone or a degree beside it; True for another projection."""
    if not 32600 < srid <= 32760:
        return True
    west, south = 6 * (srid % 100) - 186, -90 if srid > 32700 else -1
    return bool(shapely.intersects(area, shapely.box(west - 1, south, west + 7, south + 91)))


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of the metadata of a store, and of the names and sizes of all its files."""
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()} {file.stat().st_size}\n".encode())
        if file.name == METADATA:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _projection(where: str, attributes: dict[Any, Any]) -> tuple[int, Affine]:
    """Return the EPSG code and the position of the pixels: proj:code or proj:epsg, and spatial:transform."""
    code, transform = attributes.get("proj:code") or attributes.get("proj:epsg"), attributes.get("spatial:transform")
    try:
        srid = CRS.from_user_input(code).to_epsg()
        position = Affine(*map(float, transform[:6]))  # type: ignore[index]
    except (CRSError, TypeError, ValueError) as error:
        raise SetError(f"{where}: proj:code is {code!r} and spatial:transform {transform!r}") from error
    if srid is None or not math.isfinite(sum(position)):
        raise SetError(f"{where}: proj:code is {code!r} and spatial:transform {transform!r}")
    return int(srid), position
