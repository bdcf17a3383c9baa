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
    "rank", "item_id", "block_id", "tile_id", "city_id", "city", "country_code", "country", "similarity", "distance_m",
    "compared", "is_exact", "lon", "lat", "is_synthetic", "period", "is_date_known", "valid_share",
    "licences", "attributions", "has_thumbnail",
]  # fmt: skip
LISTS = ("licences", "attributions")


@pytest.fixture(params=["tile", "block"])
def query(request: pytest.FixtureRequest, tile_id: int) -> dict[str, int]:
    """A search by tile, and one by block."""
    return {"tile_id": tile_id} if request.param == "tile" else {"block_id": tile_id << 6}


def search(client: FlaskClient, query: dict[str, int], form: str, verb: str = "get", k: int = 7) -> Any:
    path = "/api/v1/similar" if "tile_id" in query else "/api/v1/similar-blocks"
    if verb == "get":
        return client.get(path, query_string={**query, "k": k, "format": form})
    return client.post(f"{path}?format={form}", json={**query, "k": k})


def check(frame: geopandas.GeoDataFrame, matches: list[dict[str, Any]]) -> None:
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_authority() == ("OGC", "CRS84")
    frame["block_id"] = frame["block_id"].astype("Int64").astype(object).where(frame["block_id"].notna(), None)
    for (_, row), outline, match in zip(frame.iterrows(), frame.geometry, matches, strict=True):
        lists = {name: list(row[name]) for name in LISTS}
        assert {name: row[name] for name in COLUMNS} | lists == {name: match[name] for name in COLUMNS}
        assert outline.equals_exact(shapely.from_geojson(json.dumps(match["footprint"])), 1e-9)


@pytest.mark.parametrize("verb", ["get", "post"])
def test_geojson_is_read_by_gdal(client: FlaskClient, query: dict[str, int], verb: str, tmp_path: Path) -> None:
    answer = search(client, query, "json").get_json()
    response = search(client, query, "geojson", verb)
    unit = answer["query"]["unit"]
    assert response.content_type == "application/geo+json"
    assert response.headers["Content-Disposition"] == f'attachment; filename="terrakin-similar-to-{unit}.geojson"'
    collection = response.get_json(force=True)
    assert collection["query"] == answer["query"]
    assert [feature["id"] for feature in collection["features"]] == [match[f"{unit}_id"] for match in answer["matches"]]
    path = tmp_path / "answer.geojson"
    path.write_bytes(response.data)
    check(geopandas.read_file(path), answer["matches"])


def test_geoparquet_is_read_by_geopandas(client: FlaskClient, query: dict[str, int], tmp_path: Path) -> None:
    answer = search(client, query, "json").get_json()
    response = search(client, query, "geoparquet")
    assert response.content_type == "application/vnd.apache.parquet"
    path = tmp_path / "answer.parquet"
    path.write_bytes(response.data)
    check(geopandas.read_parquet(path), answer["matches"])
    assert json.loads(pq.read_metadata(path).metadata[b"terrakin_query"]) == answer["query"]


def test_csv_has_all_columns_and_the_footprint_as_wkt(client: FlaskClient, query: dict[str, int]) -> None:
    answer = search(client, query, "json").get_json()
    response = search(client, query, "csv")
    assert response.content_type == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert list(rows[0]) == [*COLUMNS, "footprint_wkt"]
    for row, match in zip(rows, answer["matches"], strict=True):
        texts = {name: "; ".join(match[name]) for name in LISTS} | {"block_id": str(match["block_id"] or "")}
        assert {name: row[name] for name in COLUMNS} == {name: str(match[name]) for name in COLUMNS} | texts
        assert (row["period"], row["attributions"]) == ("2024-06-01/2024-08-31", "Made by terrakin; Not observed")
        outline = shapely.from_wkt(row["footprint_wkt"])
        assert outline.equals_exact(shapely.from_geojson(json.dumps(match["footprint"])), 1e-8)


@pytest.mark.parametrize("form", ["geojson", "csv", "geoparquet"])
def test_an_answer_without_matches_is_a_valid_file(
    client: FlaskClient, query: dict[str, int], form: str, tmp_path: Path
) -> None:
    response = search(client, query, form, k=0)
    assert response.status_code == 200
    if form == "geoparquet":
        (tmp_path / "none.parquet").write_bytes(response.data)
        assert list(geopandas.read_parquet(tmp_path / "none.parquet").columns) == [*COLUMNS, "footprint"]


def test_an_unknown_format_is_422(client: FlaskClient, query: dict[str, int]) -> None:
    for verb in ("get", "post"):
        assert invalid_fields(search(client, query, "xlsx", verb)) == ["format"]
