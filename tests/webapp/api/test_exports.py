"""GeoJSON, CSV and GeoParquet, read with the libraries that users have, equal the JSON answer."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import geopandas
import pyarrow.parquet as pq
import pytest
import shapely
from flask.testing import FlaskClient

from tests.webapp.problem import invalid_fields

COLUMNS = [
    "rank", "tile_id", "city_id", "city", "country_code", "country", "similarity", "distance_m", "found_by",
    "candidates", "lon", "lat", "is_synthetic", "period", "is_date_known", "valid_share",
    "licences", "attributions", "has_thumbnail",
]  # fmt: skip
LISTS = ("licences", "attributions")


def search(client: FlaskClient, tile_id: int, form: str, verb: str = "get", k: int = 7) -> Any:
    if verb == "get":
        return client.get(f"/api/v1/similar?tile_id={tile_id}&k={k}&format={form}")
    return client.post(f"/api/v1/similar?format={form}", json={"tile_id": tile_id, "k": k})


def check(frame: geopandas.GeoDataFrame, tiles: list[dict[str, Any]]) -> None:
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_authority() == ("OGC", "CRS84")
    for (_, row), outline, tile in zip(frame.iterrows(), frame.geometry, tiles, strict=True):
        lists = {name: list(row[name]) for name in LISTS}
        assert {name: row[name] for name in COLUMNS} | lists == {name: tile[name] for name in COLUMNS}
        assert outline.equals_exact(shapely.from_geojson(json.dumps(tile["footprint"])), 1e-9)


@pytest.mark.parametrize("verb", ["get", "post"])
def test_geojson_is_read_by_gdal(client: FlaskClient, tile_id: int, verb: str, tmp_path: Path) -> None:
    answer = search(client, tile_id, "json").get_json()
    response = search(client, tile_id, "geojson", verb)
    assert response.content_type == "application/geo+json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="terrakin-similar-to-tile.geojson"'
    collection = response.get_json(force=True)
    assert collection["query"] == answer["query"]
    assert [feature["id"] for feature in collection["features"]] == [tile["tile_id"] for tile in answer["tiles"]]
    path = tmp_path / "answer.geojson"
    path.write_bytes(response.data)
    check(geopandas.read_file(path), answer["tiles"])


def test_geoparquet_is_read_by_geopandas(client: FlaskClient, tile_id: int, tmp_path: Path) -> None:
    answer = search(client, tile_id, "json").get_json()
    response = search(client, tile_id, "geoparquet")
    assert response.content_type == "application/vnd.apache.parquet"
    path = tmp_path / "answer.parquet"
    path.write_bytes(response.data)
    check(geopandas.read_parquet(path), answer["tiles"])
    assert json.loads(pq.read_metadata(path).metadata[b"terrakin_query"]) == answer["query"]


def test_csv_has_all_columns_and_the_footprint_as_wkt(client: FlaskClient, tile_id: int) -> None:
    answer = search(client, tile_id, "json").get_json()
    response = search(client, tile_id, "csv")
    assert response.content_type == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert list(rows[0]) == [*COLUMNS, "footprint_wkt"]
    for row, tile in zip(rows, answer["tiles"], strict=True):
        texts = {name: "; ".join(tile[name]) for name in LISTS}
        assert {name: row[name] for name in COLUMNS} == {name: str(tile[name]) for name in COLUMNS} | texts
        assert (row["period"], row["attributions"]) == ("2024-06-01/2024-08-31", "Made by terrakin; Not observed")
        outline = shapely.from_wkt(row["footprint_wkt"])
        assert outline.equals_exact(shapely.from_geojson(json.dumps(tile["footprint"])), 1e-8)


@pytest.mark.parametrize("form", ["geojson", "csv", "geoparquet"])
def test_an_answer_without_tiles_is_a_valid_file(client: FlaskClient, tile_id: int, form: str, tmp_path: Path) -> None:
    response = search(client, tile_id, form, k=0)
    assert response.status_code == 200
    if form == "geoparquet":
        (tmp_path / "none.parquet").write_bytes(response.data)
        assert list(geopandas.read_parquet(tmp_path / "none.parquet").columns) == [*COLUMNS, "footprint"]


def test_an_unknown_format_is_422(client: FlaskClient, tile_id: int) -> None:
    for verb in ("get", "post"):
        assert invalid_fields(search(client, tile_id, "xlsx", verb)) == ["format"]
