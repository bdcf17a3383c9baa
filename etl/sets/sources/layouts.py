"""Layouts of published embeddings: which columns hold what, and how they are told apart."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.errors import SetError

AUTO = "auto"
POST_PROCESSINGS = ("none", "centred", "standardised")
CSV_SUFFIXES = (".csv", ".csv.gz")
PARQUET_SUFFIXES = (".parquet", ".geoparquet", ".gpq")
RASTER_SUFFIXES = (".tif", ".tiff")
NUMPY_SUFFIX, SCALES_SUFFIX, ZARR_SUFFIX = ".npy", "_scales.npy", ".zarr"
PIXEL_SUFFIXES = (*RASTER_SUFFIXES, NUMPY_SUFFIX, ZARR_SUFFIX)
SUFFIXES = PARQUET_SUFFIXES + CSV_SUFFIXES + PIXEL_SUFFIXES
ALPHAEARTH_PIXELS = "sign(v) (v / 127.5)^2 of each pixel, of unit length"
TESSERA_PIXELS = "numbers of each pixel times their scales"
ALPHAEARTH_NUMBER = re.compile(r"A\d\d")
DECODED = "as in the file"
POSITIONS = (
    ("lon", "lat"),
    ("longitude", "latitude"),
    ("centre_lon", "centre_lat"),
    ("center_lon", "center_lat"),
    ("centroid_lon", "centroid_lat"),
)
"""Names of the columns with a position in degrees."""


@dataclass(frozen=True)
class Layout:
    """A layout of files.

    Attributes:
        name: its name on the command line.
        marks: columns that tell it from the others; empty where there are none.
        ids: names of the column with the id, the first that exists.
        vectors: names of the column with the vector.
        dates: names of the column with the date.
        norm: least and largest length of a vector that was decoded correctly; None: any.
        size_m: side in metres of the area that the vector of a point describes.
        decoding: how numbers became vectors.
    """

    name: str
    marks: frozenset[str] = frozenset()
    ids: tuple[str, ...] = ("id", "ID", "unique_id", "index", "file_id", "system:index")
    vectors: tuple[str, ...] = ("embedding", "embeddings", "vector")
    dates: tuple[str, ...] = ("datetime", "date", "timestamp", "time")
    norm: tuple[float, float] | None = None
    size_m: float = 10
    decoding: str = DECODED


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("major-tom", frozenset({"unique_id", "grid_cell", "product_id"}), ids=("unique_id",), size_m=10_680),
        Layout("earth-index", ids=("id",), size_m=320),
        Layout("clay", frozenset({"source_url"}), ids=("id", "index")),
        Layout("planet", frozenset({"chip_size", "clear_percent"})),
        Layout("terratorch", frozenset({"file_id"}), ids=("file_id",)),
        Layout(
            "alphaearth",
            frozenset({"A00", "A63"}),
            norm=(0.95, 1.05),
            decoding="decoded by Earth Engine, as in the file",
        ),
        Layout("tessera"),
        Layout("parquet"),
    )
}
"""In the order in which they are tried. Sizes: a Major TOM cell of 1,068 pixels and an Earth Index chip of 32 pixels of
10 m, as their documentation gives them; a pixel of 10 m where none is given."""


def detect(file: Path, columns: Iterable[str], footer: Mapping[str, str]) -> Layout:
    """Return the layout of a file by its columns and the keys of its footer."""
    names = set(columns)
    if "emb" in footer:
        return LAYOUTS["earth-index"]
    for layout in LAYOUTS.values():
        if layout.marks and layout.marks <= names:
            return layout
    if file.suffix == ".gpq" and "embeddings" in names:
        return LAYOUTS["clay"]
    return LAYOUTS["parquet"]


def find_column(file: Path, what: str, wanted: Iterable[str], columns: Iterable[str]) -> str:
    """Return the first of the wanted columns that a file has.

    Raises:
        SetError: it has none of them.
    """
    there = list(columns)
    for name in wanted:
        if name in there:
            return name
    raise SetError(
        f"{file.name} has no column with the {what} ({', '.join(wanted)}); its columns are: {', '.join(there)}"
    )
