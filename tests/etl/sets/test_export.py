"""``terrakin sets export``: GeoParquet and STAC, which other tools open and terrakin imports again."""

import json
from pathlib import Path

import geopandas as gpd
import jsonschema_rs
import numpy as np
import pystac
import pytest

from db.settings import Settings
from etl.sets.export import export_set
from tests.builders.sets import no_bar
from tests.builders.towns import TownDatabase, town_database
from tests.etl.sets import files
from tests.etl.sets.conftest import Rows, Terrakin, failure

VECTORS = """
    SELECT i.embedding, i.source_id, ST_AsText(i.geometry), i.observed_at::text, i.properties::text
    FROM terrakin.imported_items AS i
    JOIN terrakin.imported_sets AS s ON s.imported_set_id = i.imported_set_id
    WHERE s.name = %s
    ORDER BY i.source_id
"""
LINK = {"type": "object", "required": ["rel", "href"]}
STAC_CORE = {
    "item": {"type": "object", "required": ["stac_version", "id", "geometry", "bbox", "properties", "links", "assets"]},
    "collection": {"type": "object", "required": ["stac_version", "id", "description", "license", "extent", "links"]},
}
"""What of the schemas of STAC itself can be had offline: the fields that they require."""


def exported(terrakin: Terrakin, name: str, folder: Path, *options: str) -> gpd.GeoDataFrame:
    answer = terrakin("sets", "export", name, "--to", folder, *options)
    assert answer.returncode == 0, answer.stderr
    return gpd.read_parquet(folder / f"{name}.parquet")


def core_schema(uri: str) -> dict[str, object]:
    if "processing" in uri:
        expression = {"type": "object", "required": ["format", "expression"]}
        return {"definitions": {"fields": {"properties": {"processing:expression": expression}}}}
    kind = "item" if "item-spec" in uri else "collection"
    return STAC_CORE[kind] | {"definitions": {"link": LINK}}


def test_what_is_exported_imports_again_with_equal_vectors(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    terrakin("sets", "import", files.major_tom(tmp_path / "a.parquet"), "--name", "tom")
    frame = exported(terrakin, "tom", tmp_path / "v1.0")
    assert (frame.crs.to_string(), len(frame)) == ("OGC:CRS84", files.N)
    assert list(frame.columns[:4]) == ["id", "datetime", "geometry", "embedding"]
    assert frame["grid_row_u"].dtype == np.int64
    assert terrakin("sets", "import", tmp_path / "v1.0", "--name", "again").returncode == 0
    first, again = rows(VECTORS, "tom"), rows(VECTORS, "again")
    np.testing.assert_array_equal([r[0].to_numpy() for r in again], [r[0].to_numpy() for r in first])
    assert [row[1:] for row in again] == [row[1:] for row in first]


def test_rows_are_sorted_by_place_and_have_boxes(terrakin: Terrakin, tmp_path: Path) -> None:
    terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet"), "--name", "index")
    frame = exported(terrakin, "index", tmp_path / "out")
    points = np.column_stack([frame.geometry.x, frame.geometry.y])
    path, unsorted = (np.linalg.norm(np.diff(xy, axis=0), axis=1).sum() for xy in (points, files.positions()))
    assert path < 0.2 * unsorted
    japan = gpd.read_parquet(tmp_path / "out" / "index.parquet", bbox=(138, 36, 139, 37))
    assert len(japan) == files.N // 4


def test_searched_vectors_are_those_that_searches_compare(terrakin: Terrakin, tmp_path: Path) -> None:
    terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet"), "--name", "index")
    frame = exported(terrakin, "index", tmp_path / "out", "--searched").sort_values(
        "id", key=lambda c: c.str[10:].astype(int)
    )
    unit = files.vectors() / np.linalg.norm(files.vectors(), axis=1, keepdims=True)
    np.testing.assert_allclose(np.stack(frame["embedding"]), unit - unit.mean(axis=0), atol=1e-5)


def test_collection_and_item_follow_the_extension(
    terrakin: Terrakin,
    real_data: Path,
    tmp_path: Path,
) -> None:
    terrakin("sets", "import", files.major_tom(tmp_path / "a.parquet"), "--name", "tom")
    exported(terrakin, "tom", tmp_path / "out")
    schema = json.loads((real_data / "embeddings" / "stac-embeddings" / "schema.json").read_text())
    validator = jsonschema_rs.Draft7Validator(schema, retriever=core_schema)
    item_file = tmp_path / "out" / "items" / "tom.json"
    for path in (tmp_path / "out" / "collection.json", item_file):
        validator.validate(json.loads(path.read_text()))
    collection = pystac.Collection.from_file(str(tmp_path / "out" / "collection.json"))
    (item,) = collection.get_items()
    assert Path(item.assets["embeddings"].get_absolute_href() or "").is_file()
    assert collection.extra_fields["emb:dimensions"] == files.DIMENSION
    assert (item.properties["start_datetime"], item.properties["end_datetime"]) == (
        "2024-06-01T10:00:00Z",
        "2024-06-28T10:00:00Z",
    )
    for link in ("emb:model", "emb:source-data"):
        target = collection.get_single_link(link)
        assert target
        assert Path(target.get_absolute_href() or "").is_file()
    broken = json.loads(item_file.read_text())
    broken["properties"]["emb:type"] = "chip"
    with pytest.raises(jsonschema_rs.ValidationError):
        validator.validate(broken)


@pytest.fixture
def towns(server_home: Path) -> object:
    with town_database(server_home) as towns:
        yield towns


@pytest.mark.parametrize("unit", ["tile", "block"])
def test_what_terrakin_made_is_exported_too(unit: str, towns: TownDatabase, tmp_path: Path) -> None:
    made = export_set(towns.settings, unit, tmp_path / unit, no_bar)
    frame = gpd.read_parquet(made.file)
    assert len(frame) == made.n_items > 40
    assert {"city", "country_code", "is_synthetic"} <= set(frame.columns)
    assert json.loads((tmp_path / unit / "model.json").read_text())["name"]


def test_a_mistake_gives_one_line_and_no_folder(terrakin: Terrakin, database: Settings, tmp_path: Path) -> None:
    assert "there is no imported set 'index'" in failure(terrakin("sets", "export", "index", "--to", tmp_path / "out"))
    assert "set 'tile' has no items" in failure(terrakin("sets", "export", "tile", "--to", tmp_path / "out"))
    assert list(tmp_path.glob("out*")) == []
    terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet"), "--name", "index")
    (tmp_path / "out").mkdir()
    assert "exists; name a new folder" in failure(terrakin("sets", "export", "index", "--to", tmp_path / "out"))
