"""Chips: a user's GeoTIFF with the pixels of one tile, embedded as the pipeline embeds its tiles.

The file may be untrusted: its header is checked before any pixel is read, and only GDAL's GeoTIFF driver opens it
(other drivers follow references to files and servers).
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.warp import transform

from db.connect import connect
from db.errors import one_line
from db.settings import Settings
from etl.cities.grid import RESOLUTION_M, TILE_PX
from etl.encoders.choices import UNUSED_BANDS
from etl.encoders.encoder import N_BANDS, Encoder
from etl.encoders.validity import MIN_PATCH_VALID_SHARE, MIN_TILE_VALID_SHARE, patch_valid_share
from etl.errors import ChipError
from etl.imagery.sentinel2 import BANDS
from etl.stages.encoder import stored_encoder
from etl.store.date_range import newest_month
from etl.store.encoder import EncoderRecord, read_encoder
from etl.vectors.aggregation import MEAN_STD, aggregate
from etl.vectors.post_processing import PostProcessing

MAX_FILE_BYTES = 16 * 2**20
"""A chip has 1.2 MB of pixels."""
MAX_BLOCK_PX = 1024
"""GDAL decodes whole blocks, and a small image can be stored in a block of gigabytes."""
STAND_INS = {"B01": "B02", "B09": "B8A"}
"""The bands of 60 m, which a chip may lack if its encoder does not read them, and the bands whose pixels fill them."""
TEN_BANDS = tuple(band for band in BANDS if band not in STAND_INS)
BANDS_BY_COUNT = {N_BANDS: BANDS, len(TEN_BANDS): TEN_BANDS}
EXPECTED = (
    f"a chip is a GeoTIFF of {N_BANDS} bands ({BANDS[0]} to {BANDS[-1]} without B10; galileo_nano also takes "
    f"{len(TEN_BANDS)}, without B01 and B09), {TILE_PX} x {TILE_PX} px at 10 m in UTM, uint16 reflectance x 10000, "
    "nodata 0"
)


@dataclass(frozen=True)
class Chip:
    """A tile from a file.

    Attributes:
        pixels: (12, 224, 224) uint16; bands that the file lacks have the pixels of another.
        lon: longitude of the centre in degrees (EPSG:4326).
        lat: its latitude.
        bands: names of the bands in the file.
    """

    pixels: np.ndarray
    lon: float
    lat: float
    bands: tuple[str, ...] = BANDS


@dataclass(frozen=True)
class EmbeddedChip:
    """A tile as the recorded post-processing makes it.

    Attributes:
        vectors: vector by name of etl.vectors.aggregation.METHODS. Without
            ``std`` and ``mean_std`` if no texture is recorded.
        valid_share: share of its pixels with data, 0..1.
    """

    vectors: dict[str, np.ndarray]
    valid_share: float


def embed_file(settings: Settings, path: Path, weights: str | None) -> tuple[Chip, EmbeddedChip, EncoderRecord]:
    """Embed a chip with the encoder that made the database's vectors.

    Args:
        settings: which database and which home.
        path: the chip.
        weights: as for etl.stages.encoder.stored_encoder.

    Returns:
        The chip, its vectors, and the encoder.

    Raises:
        ChipError: the file is not a chip, lacks bands of the encoder, or too few of its pixels have data.
        EmptyDatabaseError: nothing is loaded yet.
        EncoderError: weights or filters are missing on this machine, or are not the recorded ones.
    """
    chip = read_chip(path)  # first, because loading the encoder takes time
    with connect(settings, "reader", autocommit=True) as conn:
        stored = read_encoder(conn)
        if stored is not None:
            require_bands(chip, stored.name)
        encoder = stored_encoder(conn, settings.home, stored, weights)
        month = newest_month(conn)
    assert stored is not None
    return chip, embed_chip(chip, encoder, stored.post_processing, month), stored


def read_chip(path: Path) -> Chip:
    """Read a chip of 12 bands, or of 10 in any order if the file names them, else in the order of ``TEN_BANDS``.

    Raises:
        ChipError: the file does not exist, is not a GeoTIFF as described in ``EXPECTED``, or is damaged.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ChipError(f"cannot read {path}: {error.strerror}; give another path") from error
    if not path.is_file() or size > MAX_FILE_BYTES:
        raise ChipError(f"{path} is not a regular file, or is larger than {MAX_FILE_BYTES >> 20} MiB; {EXPECTED}")
    try:
        # Files beside it (.aux.xml, .ovr) are ignored; a file without georeference is refused below.
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver="GTiff") as source:
                _check_header(source)
                lon, lat = _centre(source)
                bands = BANDS_BY_COUNT[source.count]
                return Chip(_all_bands(source.read(_band_numbers(source)), bands), lon, lat, bands)
    except RasterioError as error:
        reason = one_line(error)
        raise ChipError(f"{path} is not a readable GeoTIFF ({reason}); {EXPECTED}") from error


def require_bands(chip: Chip, encoder: str) -> None:
    """Raise ChipError if a chip lacks bands that the encoder of this name reads."""
    missing = [band for band in BANDS if band not in chip.bands and band not in UNUSED_BANDS.get(encoder, ())]
    if missing:
        raise ChipError(
            f"the chip lacks {' and '.join(missing)}, which {encoder} reads; add them, or use a database made with "
            f"--encoder {' or '.join(UNUSED_BANDS)}"
        )


def embed_chip(chip: Chip, encoder: Encoder, processing: PostProcessing, month: int) -> EmbeddedChip:
    """Return the vectors that the pipeline makes of a tile with these pixels, observed in ``month``.

    Raises:
        ChipError: too few of its pixels have data.
    """
    share = patch_valid_share(chip.pixels[None])
    valid_share = float(share.mean())
    if valid_share < MIN_TILE_VALID_SHARE:
        raise ChipError(
            f"only {valid_share:.0%} of the chip's pixels have data in all bands (0 is nodata), but "
            f"{MIN_TILE_VALID_SHARE:.0%} are needed; take a clearer date or another place"
        )
    # Rounded as in the pipeline, which stores patch vectors as float16.
    patches = processing.apply(encoder.embed(chip.pixels[None], month).astype(np.float16))
    made = aggregate(patches, share >= MIN_PATCH_VALID_SHARE, processing.texture)
    unknown = ("std", MEAN_STD) if processing.texture is None else ()
    vectors = {name: some[0] for name, some in made.by_method().items() if name not in unknown}
    return EmbeddedChip(vectors, valid_share)


def _check_header(source: rasterio.DatasetReader) -> None:
    """Raise ChipError if a file is not a chip, without reading a pixel."""
    names = tuple(name or "" for name in source.descriptions)
    # Names that are not ours say nothing about the order.
    is_other_choice = source.count == len(TEN_BANDS) and set(names) <= set(BANDS) and set(names) != set(TEN_BANDS)
    faults = {
        f"{source.count} bands": source.count not in BANDS_BY_COUNT,
        f"the bands {' '.join(names)}": is_other_choice,
        f"{source.width} x {source.height} px": source.shape != (TILE_PX, TILE_PX),
        f"type {', '.join(sorted(set(source.dtypes)))}": set(source.dtypes) != {"uint16"},
        f"blocks of {max(source.block_shapes, default=None)} px": any(
            max(block) > MAX_BLOCK_PX for block in source.block_shapes
        ),
        f"nodata {source.nodata}": source.nodata not in (None, 0),
        f"bands in the order {' '.join(names)}": set(names) == set(BANDS) and names != BANDS,
        "no CRS": source.crs is None,
        "rows that do not run from north to south": source.transform.e >= 0 or not source.transform.is_rectilinear,
        f"pixels of {source.res[0]:g} x {source.res[1]:g} in {source.crs}": source.crs is not None
        and (not source.crs.is_projected or not np.allclose(source.res, RESOLUTION_M, rtol=0.01)),
    }
    found = [fault for fault, is_present in faults.items() if is_present]
    if found:
        raise ChipError(f"the file has {', '.join(found)}; {EXPECTED}")


def _band_numbers(source: rasterio.DatasetReader) -> list[int]:
    """Return the numbers (from 1) of the file's bands in our order."""
    names = list(source.descriptions)
    if set(names) == set(TEN_BANDS):
        return [names.index(band) + 1 for band in TEN_BANDS]
    return list(source.indexes)


def _all_bands(pixels: np.ndarray, bands: tuple[str, ...]) -> np.ndarray:
    """Return the pixels of all 12 bands. A stand-in keeps nodata where it is, and its values are not read."""
    return np.stack([pixels[bands.index(band if band in bands else STAND_INS[band])] for band in BANDS])


def _centre(source: rasterio.DatasetReader) -> tuple[float, float]:
    x, y = source.transform @ (source.width / 2, source.height / 2)
    (lon,), (lat,) = transform(source.crs, "EPSG:4326", [x], [y])
    if not (np.isfinite([lon, lat]).all() and abs(lat) <= 90):
        raise ChipError(f"the file's centre ({x:g}, {y:g} in {source.crs}) is not on Earth; {EXPECTED}")
    return float(lon), float(lat)
