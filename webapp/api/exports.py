"""Search results as files: GeoJSON, CSV and GeoParquet 1.1, each with every column of the JSON answer."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from flask import Response

from webapp.database import Row

Form = Literal["json", "geojson", "csv", "geoparquet"]
CONTENT_TYPES = {
    "geojson": "application/geo+json",
    "csv": "text/csv; charset=utf-8",
    "geoparquet": "application/vnd.apache.parquet",
}
SUFFIXES = {"geojson": "geojson", "csv": "csv", "geoparquet": "parquet"}
TEXTS = pa.list_(pa.string())
COLUMNS: dict[str, pa.DataType] = {
    "rank": pa.int32(), "item_id": pa.int64(), "block_id": pa.int64(), "tile_id": pa.int64(), "city_id": pa.int64(),
    "city": pa.string(), "country_code": pa.string(), "country": pa.string(), "similarity": pa.float64(),
    "distance_m": pa.float64(), "compared": pa.int64(), "is_exact": pa.bool_(), "lon": pa.float64(),
    "lat": pa.float64(), "is_synthetic": pa.bool_(), "period": pa.string(), "is_date_known": pa.bool_(),
    "valid_share": pa.float64(), "licences": TEXTS, "attributions": TEXTS, "has_thumbnail": pa.bool_(),
}  # fmt: skip
"""Columns of api.search except the footprint."""
GEOMETRY = "footprint"


def download(form: Form, answer: Row) -> Response:
    """Return the answer of a search (webapp.api.models.search.Matches) as a file to download."""
    body = WRITERS[form](answer)
    name = f"terrakin-similar-to-{answer['query']['kind']}.{SUFFIXES[form]}"
    response = Response(body, content_type=CONTENT_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _geojson(answer: Row) -> str:
    """Return a FeatureCollection (RFC 7946) with the query as the foreign member ``query``."""
    features = [
        {
            "type": "Feature",
            "id": match["item_id"],
            "geometry": match[GEOMETRY],
            "properties": {name: match[name] for name in COLUMNS},
        }
        for match in answer["matches"]
    ]
    return json.dumps({"type": "FeatureCollection", "query": answer["query"], "features": features})


def _csv(answer: Row) -> str:
    """Return one row per match: lists joined by semicolons; the last column is the footprint as WKT (EPSG:4326)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, "footprint_wkt"])
    for match in answer["matches"]:
        wkt = shapely.to_wkt(_outline(match), rounding_precision=9)
        writer.writerow([*(_cell(match[name]) for name in COLUMNS), wkt])
    return text.getvalue()


def _cell(value: Any) -> Any:
    return "; ".join(value) if isinstance(value, list) else value


def _geoparquet(answer: Row) -> bytes:
    """Return GeoParquet 1.1 (https://geoparquet.org): WKB and ``geo`` metadata; no CRS in it means OGC:CRS84."""
    matches = answer["matches"]
    outlines = [_outline(match) for match in matches]
    about: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["MultiPolygon"]}
    if outlines:
        about["bbox"] = shapely.total_bounds(outlines).tolist()
    geo = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: about}}
    columns = {name: pa.array([match[name] for match in matches], kind) for name, kind in COLUMNS.items()}
    columns[GEOMETRY] = pa.array([shapely.to_wkb(outline) for outline in outlines], pa.binary())
    table = pa.table(columns).replace_schema_metadata(
        {"geo": json.dumps(geo), "terrakin_query": json.dumps(answer["query"])}
    )
    data = io.BytesIO()
    pq.write_table(table, data, compression="zstd")
    return data.getvalue()


def _outline(match: Row) -> shapely.Geometry:
    return shapely.from_geojson(json.dumps(match[GEOMETRY]))


WRITERS: dict[str, Callable[[Row], str | bytes]] = {"geojson": _geojson, "csv": _csv, "geoparquet": _geoparquet}
