"""Reading the features of a vector file of any format, as city files and outlines of urban areas are read."""

import json
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import charset_normalizer
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from etl.errors import CityError

log = logging.getLogger(__name__)

CRS = "EPSG:4326"
LAYER = "|layername="
"""Separates a file from a layer, as in the data sources of QGIS: ``cities.gpkg|layername=europe``."""
TABLES = {".csv", ".tsv", ".txt"}
PARQUET = {".parquet", ".geoparquet", ".pq"}
JSON = {".geojson", ".json"}
SEPARATORS = ",;\t"


@dataclass(frozen=True)
class Feature:
    """One row of a file.

    Attributes:
        where: file and number of the feature (the first is 1), or line of a table; for error messages.
        properties: values by the name of their column.
        geometry: in EPSG:4326 without Z and M; None if there is none.
    """

    where: str
    properties: dict[str, Any]
    geometry: BaseGeometry | None


def read_features(source: Path) -> list[Feature]:
    """Read all features of a file: any vector format of GDAL, GeoParquet, Parquet, or a table of text.

    ``FILE|layername=LAYER`` names one layer of several. Geometries in another coordinate reference system are
    reprojected to EPSG:4326, which is assumed where the file names none. Z and M are dropped. A table has its geometry
    in a column ``wkt`` (EPSG:4326), if any; its separator is a comma, a semicolon or a tab.

    Raises:
        CityError: the file cannot be read or has several layers, a column occurs twice, a geometry cannot be read, or
            coordinates cannot be reprojected.
    """
    name, _, layer = str(source).partition(LAYER)
    path = Path(name)
    if not path.exists():
        raise CityError(f"cannot read the file {path}: No such file or directory")
    try:
        frame = _read(path, layer)
    except UnicodeDecodeError as error:
        raise CityError(f"{path} is not UTF-8, it {_encoding(path)}; save it as UTF-8") from error
    except OSError as error:
        raise CityError(f"cannot read the file {path}: {error.strerror or error}") from error
    except (RuntimeError, ValueError) as error:  # pyogrio, pyarrow and pandas raise kinds of these two
        raise CityError(f"cannot read the file {path}: {error}") from error
    frame.columns = _column_names(frame, path)
    places = [f"{path}, {frame.index.name} {number}" for number in frame.index]
    geometries = _geometries(frame, places)
    properties = pd.DataFrame(frame.drop(columns=_geometry_columns(frame))).to_dict("records")
    return [Feature(*row) for row in zip(places, properties, geometries, strict=True)]


def _read(path: Path, layer: str) -> pd.DataFrame:
    """Return the rows of a file; the index tells their numbers, and its name what is numbered."""
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return _read_table(path)
    if suffix in PARQUET:
        frame = _read_parquet(path)
    else:
        frame = _read_json(path) if suffix in JSON else _read_layer(path, layer)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="feature")
    return frame


def _read_layer(path: Path, layer: str) -> pd.DataFrame:
    """Read a layer of a file with GDAL."""
    layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if not layer and len(layers) > 1:
        raise CityError(f"{path} has several layers; name one of {', '.join(layers)}, as in {path}{LAYER}{layers[0]}")
    with warnings.catch_warnings(action="ignore"):  # of values and geometries that are checked one by one
        frame: pd.DataFrame = pyogrio.read_dataframe(
            path, layer=layer or layers[0], on_invalid="fix", datetime_as_string=True
        )
    return frame


def _read_parquet(path: Path) -> pd.DataFrame:
    """Read GeoParquet, or Parquet without a geometry."""
    try:
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ValueError as error:
        if "Missing geo metadata" not in str(error):
            raise
        frame = pd.read_parquet(path)
    return frame


def _read_json(path: Path) -> pd.DataFrame:
    """Read a GeoJSON FeatureCollection; refuse what GDAL leaves out without an error."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise CityError(f"{path} is not JSON: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise CityError(f"{path} is not a GeoJSON FeatureCollection")
    for i, feature in enumerate(features, 1):
        is_feature = isinstance(feature, dict) and feature.get("type") == "Feature"
        if not is_feature or not isinstance(feature.get("properties"), dict):
            raise CityError(f"{path}, feature {i} is not a GeoJSON Feature with properties")
    layer = _read_layer(path, "")
    geometries = list(layer.geometry) if isinstance(layer, gpd.GeoDataFrame) else [None] * len(features)
    for i, (feature, geometry) in enumerate(zip(features, geometries, strict=True), 1):
        if geometry is None and feature.get("geometry") is not None:
            raise CityError(f"{path}, feature {i} has an unreadable geometry; give a Polygon or MultiPolygon")
    properties = pd.DataFrame([feature["properties"] for feature in features], dtype=object)
    return gpd.GeoDataFrame(properties, geometry=geometries, crs=getattr(layer, "crs", CRS))


def _read_table(path: Path) -> pd.DataFrame:
    """Read a table of text; rows are numbered by the line on which they begin."""
    with path.open(encoding="utf-8-sig") as file:
        separator = max(SEPARATORS, key=file.readline().count)
    rows = pd.read_csv(
        path, sep=separator, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False,
        encoding="utf-8-sig",
    ).fillna("")  # fmt: skip
    n_breaks = sum((rows[column].str.count("\n") for column in rows), np.zeros(len(rows), int))
    rows.index = pd.Index(1 + np.arange(len(rows)) + np.cumsum(n_breaks) - n_breaks, dtype=int, name="line")
    frame = rows.iloc[1:].set_axis(rows.iloc[0].tolist(), axis="columns")
    return frame[(frame != "").any(axis=1)]


def _encoding(path: Path) -> str:
    """Return what the encoding of a file seems to be."""
    best = charset_normalizer.from_path(path).best()
    return f"looks like {best.encoding}" if best else "is in an unknown encoding"


def _column_names(frame: pd.DataFrame, path: Path) -> list[str]:
    """Return the names of the columns in lower case, without blanks around them."""
    names = [str(column).strip().lower() for column in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CityError(f"{path} has several columns {', '.join(twice)}; leave one of each")
    return names


def _geometry_columns(frame: pd.DataFrame) -> list[str]:
    return [str(column) for column, kind in frame.dtypes.items() if str(kind) == "geometry"]


def _geometries(frame: pd.DataFrame, places: list[str]) -> list[BaseGeometry | None]:
    """Return the geometries of the rows in EPSG:4326, without Z and M."""
    if isinstance(frame, gpd.GeoDataFrame):
        geometries = _in_degrees(frame.geometry, places)
    elif "wkt" in frame:
        geometries = [_from_wkt(text, where) for text, where in zip(frame["wkt"], places, strict=True)]
    else:
        geometries = [None] * len(frame)
    for geometry, where in zip(geometries, places, strict=True):
        if not np.isfinite(shapely.get_coordinates(geometry)).all():
            raise CityError(f"{where} has coordinates that are no position on Earth; correct them, or name the CRS")
    return list(shapely.force_2d(geometries))


def _in_degrees(geometries: gpd.GeoSeries, places: list[str]) -> list[BaseGeometry | None]:
    crs = geometries.crs
    if places and crs is not None and not crs.equals(pyproj.CRS(CRS), ignore_axis_order=True):
        log.warning("file=%s event=reprojected from=%s to=%s", places[0].rpartition(",")[0], crs.to_string(), CRS)
        geometries = geometries.to_crs(CRS)
    return list(geometries)


def _from_wkt(text: Any, where: str) -> BaseGeometry | None:
    if pd.isna(text) or not str(text).strip():
        return None
    try:
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are refused with what is no position
            return shapely.from_wkt(str(text))
    except shapely.errors.ShapelyError as error:
        raise CityError(f"{where}: wkt is unreadable ({error}); give POLYGON(...) or MULTIPOLYGON(...)") from error
