"""QGIS, without a window, opens the project from the database, reads its layers and draws them."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from db import cluster
from db.connect import connect
from db.qgis.setup import setup
from tests.builders import TownDatabase, town_database
from tests.builders.sets import POINTS, import_sets

PYTHON = "/usr/bin/python3"
"""The system's Python, for which Debian packages python3-qgis."""
SCRIPT = Path(__file__).parents[2] / "scripts" / "render_qgis.py"
REQUIRED = "TERRAKIN_REQUIRE_QGIS"
"""Set by `make test-qgis`: a missing QGIS is then a failure."""
RENDERERS = {
    "terrakin_query": "singleSymbol",
    "terrakin_matches": "graduatedSymbol",
    "terrakin_item_matches": "graduatedSymbol",
    "terrakin_items": "singleSymbol",
    "terrakin_cities": "singleSymbol",
    "terrakin_grid": "categorizedSymbol",
    "terrakin_umap": "categorizedSymbol",
    "terrakin_land": "singleSymbol",
}
KEYS = {
    "terrakin_query": ["tile_id"],
    "terrakin_matches": ["rank"],
    "terrakin_item_matches": ["rank"],
    "terrakin_items": ["unit", "item_id"],
    "terrakin_cities": ["city_id"],
    "terrakin_grid": ["tile_id"],
    "terrakin_umap": ["tile_id"],
    "terrakin_land": ["outline_id"],
}
PLAIN_TYPES = {"int4", "int8", "text", "_text", "float4", "float8", "bool", "date", "timestamptz", "jsonb"}
SCATTER = "UPDATE terrakin.tiles SET umap_x = tile_id % 17, umap_y = tile_id % 23"
ITEM_MATCH = "SELECT rank, item_id FROM api.similar_to_examples('{1}', unit => %s) ORDER BY rank"
N_ITEMS = "SELECT count(*) FROM api.imported_overview"
MATCH = "SELECT rank, tile_id FROM api.similar_tiles(%s, k => 20) ORDER BY rank"


@dataclass(frozen=True)
class Rendered:
    """The report of scripts/render_qgis.py, the folder of its pictures, and the clicked tile."""

    report: dict[str, Any]
    pictures: Path
    towns: TownDatabase
    clicked: int

    def layer(self, layer_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.report["layers"][layer_id]
        return found


def require_qgis() -> None:
    found = subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)("QGIS is not installed; run `make test-qgis`")


@pytest.fixture(scope="module")
def rendered(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rendered]:
    require_qgis()
    pictures = tmp_path_factory.mktemp("qgis")
    address = cluster.running(server_home)
    assert address is not None
    with town_database(server_home) as towns:
        with connect(towns.settings) as conn:
            conn.execute(SCATTER)
            database = conn.info.dbname
        import_sets(towns.settings, pictures)
        setup(towns.settings, host="127.0.0.1")
        clicked = towns.tile_of(-3, "harbour")
        place = ["--port", str(address.port), "--database", database]
        answer = subprocess.run(
            [PYTHON, str(SCRIPT), *place, "--click", str(clicked), "--click-item", POINTS, "1", "--out", str(pictures)],
            env={"PATH": os.environ["PATH"], "HOME": str(pictures), "PGPASSFILE": str(server_home / "passwords")},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert answer.returncode == 0, answer.stderr
        yield Rendered(json.loads(answer.stdout), pictures, towns, clicked)


def colours(path: Path) -> tuple[int, float]:
    """Return the number of colours, and the share of pixels that do not have the most frequent one."""
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    _, counts = np.unique(pixels, axis=0, return_counts=True)
    return len(counts), 1 - counts.max() / counts.sum()


def test_the_project_has_exactly_these_layers(rendered: Rendered) -> None:
    assert rendered.report["title"] == "terrakin"
    assert set(rendered.report["layers"]) == set(RENDERERS)


@pytest.mark.parametrize("layer_id", RENDERERS)
def test_a_layer_is_valid_styled_and_keyed(rendered: Rendered, layer_id: str) -> None:
    layer = rendered.layer(layer_id)
    assert layer["valid"]
    assert layer["renderer"] == RENDERERS[layer_id]
    assert layer["key"] == KEYS[layer_id]
    assert layer["is_labelled"] == (layer_id in {"terrakin_matches", "terrakin_item_matches", "terrakin_cities"})
    assert layer["crs"] == ("" if layer_id == "terrakin_umap" else "EPSG:4326")


@pytest.mark.parametrize("layer_id", RENDERERS)
def test_a_layer_contains_no_vector_and_no_password(rendered: Rendered, layer_id: str) -> None:
    layer = rendered.layer(layer_id)
    # An item has its centre, which is drawn, and its area.
    assert set(layer["fields"].values()) - ({"geometry"} if layer_id == "terrakin_items" else set()) <= PLAIN_TYPES
    assert not [name for name in layer["fields"] if "embedding" in name]
    assert "password" not in layer["source"]
    assert "user='terrakin_reader'" in layer["source"]


@pytest.mark.parametrize("layer_id", RENDERERS)
def test_a_layer_is_drawn(rendered: Rendered, layer_id: str) -> None:
    n_colours, drawn_share = colours(rendered.pictures / f"{layer_id}.png")
    assert n_colours >= 3
    assert drawn_share > 0.00005  # 29 pixels: five towns on a map of the world


@pytest.mark.parametrize("theme", ["Map", "UMAP plane"])
def test_a_theme_is_drawn(rendered: Rendered, theme: str) -> None:
    n_colours, drawn_share = colours(rendered.pictures / f"theme {theme}.png")
    assert n_colours > 10
    assert drawn_share > (0.2 if theme == "Map" else 0.001)


def test_the_surroundings_of_the_query_tile_are_drawn(rendered: Rendered) -> None:
    n_colours, drawn_share = colours(rendered.pictures / "around the tile.png")
    assert n_colours > 10
    assert drawn_share > 0.05


def test_layers_have_all_rows(rendered: Rendered) -> None:
    with connect(rendered.towns.settings) as conn:
        (n_items,) = conn.execute(N_ITEMS).fetchone() or (0,)
    counts = {layer_id: rendered.layer(layer_id)["n_features"] for layer_id in RENDERERS}
    assert counts == {
        "terrakin_query": 1,
        "terrakin_matches": 20,
        "terrakin_item_matches": 20,
        "terrakin_items": n_items,
        "terrakin_cities": 5,
        "terrakin_grid": 45,
        "terrakin_umap": 45,
        "terrakin_land": 239,
    }


def test_a_click_on_a_tile_shows_the_matches_that_sql_returns(rendered: Rendered) -> None:
    matches = rendered.layer("terrakin_matches")
    assert matches["filter"] == f"query_tile_id = {rendered.clicked}"
    assert [row[0] for row in rendered.layer("terrakin_query")["rows"]] == [str(rendered.clicked)]
    names = list(matches["fields"])
    shown = sorted((int(row[names.index("rank")]), int(row[names.index("tile_id")])) for row in matches["rows"])
    with connect(rendered.towns.settings) as conn:
        assert shown == conn.execute(MATCH, (rendered.clicked,)).fetchall()


def test_a_click_on_an_item_shows_the_matches_that_sql_returns(rendered: Rendered) -> None:
    matches = rendered.layer("terrakin_item_matches")
    assert matches["filter"] == f"query_unit = '{POINTS}' AND query_item_id = 1"
    names = list(matches["fields"])
    shown = sorted((int(row[names.index("rank")]), int(row[names.index("item_id")])) for row in matches["rows"])
    with connect(rendered.towns.settings) as conn:
        assert shown == conn.execute(ITEM_MATCH, (POINTS,)).fetchall()


def test_a_view_added_to_another_project_gets_its_style_from_the_database(rendered: Rendered) -> None:
    styles = rendered.report["default_styles"]
    assert styles["terrakin_grid"].startswith("CATEGORIZED: idx continent")
    assert styles["terrakin_umap"].startswith("CATEGORIZED: idx continent")
    assert "255,255,255" in styles["terrakin_cities"]
    assert "232,230,223" in styles["terrakin_land"]
