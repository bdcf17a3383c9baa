"""Write `sql/qgis/`: the QGIS project that `terrakin qgis setup` stores in a database, and the styles of its layers.

    PGPASSFILE=.terrakin/passwords /usr/bin/python3 scripts/build_qgis_project.py --port 5432

Needs the system's Python with PyQGIS (scripts/setup.sh qgis) and any migrated database: QGIS reads the columns, not the
rows. Values that depend on the database become placeholders: {{host}}, {{port}}, {{database}}, {{tile_id}}.
"""

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_HASH_SEED", "0")  # the same order of attributes in every run

from qgis.core import (
    QgsAction,
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsMapLayer,
    QgsMapThemeCollection,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QUuid
from qgis.PyQt.QtGui import QColor, QFont

OUT = Path(__file__).resolve().parent.parent / "sql" / "qgis"
READER = "terrakin_reader"
WORLD = QgsRectangle(-19_500_000, -8_000_000, 20_000_000, 13_000_000)
"""EPSG:3857, metres."""

# The colour-blind safe palette of Okabe and Ito.
CONTINENT_COLOURS = {
    "Africa": "#e69f00",
    "Antarctica": "#999999",
    "Asia": "#d55e00",
    "Europe": "#0072b2",
    "North America": "#009e73",
    "Oceania": "#cc79a7",
    "South America": "#f0e442",
}
# Steps of viridis, from dissimilar to similar.
SIMILARITY_CLASSES = (
    (-1.0, 0.2, "#440154"),
    (0.2, 0.4, "#3b528b"),
    (0.4, 0.6, "#21918c"),
    (0.6, 0.8, "#5ec962"),
    (0.8, 1.0, "#fde725"),
)
# PostgreSQL applies the filter on query_tile_id before the join: one search each time the layer is drawn.
MATCHES_QUERY = (
    "(SELECT q.tile_id AS query_tile_id, s.rank, s.tile_id, s.city, s.country_code, s.similarity, s.distance_m, "
    "s.footprint FROM terrakin.tiles AS q CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 20) AS s)"
)
# The same for an item of an imported set; the filter is on query_unit and query_item_id.
ITEM_MATCHES_QUERY = (
    "(SELECT q.unit AS query_unit, q.item_id AS query_item_id, s.rank, s.item_id, s.city, s.country_code, "
    "s.similarity, s.distance_m, s.footprint FROM api.imported_overview AS q "
    "CROSS JOIN LATERAL api.similar_to_examples(ARRAY[q.item_id], k => 20, unit => q.unit) AS s)"
)
# Runs in QGIS when the user clicks a tile of the layer Tiles with the tool "Run Feature Action".
QUERY_ACTION = """from qgis.core import QgsProject
for layer_id, column in (('terrakin_matches', 'query_tile_id'), ('terrakin_query', 'tile_id')):
    layer = QgsProject.instance().mapLayer(layer_id)
    if layer is not None:
        layer.setSubsetString(f'{column} = [% "tile_id" %]')
        layer.triggerRepaint()
"""
ITEM_ACTION = """from qgis.core import QgsProject
layer = QgsProject.instance().mapLayer('terrakin_item_matches')
if layer is not None:
    layer.setSubsetString("query_unit = '[% "unit" %]' AND query_item_id = [% "item_id" %]")
    layer.triggerRepaint()
"""
# QGIS uses the first that is installed, and warns if none is.
FONTS = ["Open Sans", "DejaVu Sans", "Noto Sans", "Liberation Sans", "Arial", "Helvetica"]
QUERY_ACTION_ID = QUuid("{8d7bd8c2-5f0e-4c57-9f6a-6d1f6c1e2a10}")
ITEM_ACTION_ID = QUuid("{5b0c1c1e-93a5-4b7e-9a55-0f4d3c2b7e61}")


@dataclass(frozen=True)
class Source:
    """Id, name and source of a layer; the schema is empty for a query."""

    layer_id: str
    name: str
    schema: str
    table: str
    geometry: str
    key: str
    type_: QgsWkbTypes.Type
    srid: str = "4326"
    filter_: str = ""


MULTIPOLYGON, POINT = QgsWkbTypes.MultiPolygon, QgsWkbTypes.Point
# From top to bottom.
SOURCES = (
    Source("query", "Query tile", "api", "tile_overview", "footprint", "tile_id", MULTIPOLYGON, filter_="tile_id = 0"),
    Source(
        "matches",
        "Matches of a tile",
        "",
        MATCHES_QUERY,
        "footprint",
        "rank",
        MULTIPOLYGON,
        filter_="query_tile_id = 0",
    ),
    Source(
        "item_matches",
        "Matches of an imported item",
        "",
        ITEM_MATCHES_QUERY,
        "footprint",
        "rank",
        MULTIPOLYGON,
        filter_="query_unit = '' AND query_item_id = 0",
    ),
    Source("items", "Imported items", "api", "imported_overview", "location", '"unit","item_id"', POINT),
    Source("cities", "Cities", "api", "city_overview", "location", "city_id", POINT),
    Source("grid", "Tiles", "api", "tile_overview", "footprint", "tile_id", MULTIPOLYGON),
    Source("umap", "UMAP plane", "api", "umap_overview", "place", "tile_id", POINT, srid="0"),
    Source("land", "Countries", "terrakin", "country_outlines", "outline", "outline_id", MULTIPOLYGON),
)
STYLED_BY_DEFAULT = ("items", "cities", "grid", "umap", "land")
"""Layers of a whole table or view: QGIS applies their style when it is added to another project."""


def main() -> None:
    """Build the project in memory; write it and the styles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="5432")
    parser.add_argument("--database", default="terrakin")
    arguments = parser.parse_args()
    application = QgsApplication([], False)
    application.initQgis()
    layers = {source.layer_id: open_layer(source, arguments) for source in SOURCES}
    style(layers)
    for layer_id in STYLED_BY_DEFAULT:
        write_style(layers[layer_id], OUT / f"{layer_id}.qml")
    add_action(layers["grid"], QUERY_ACTION_ID, "Matches of this tile", QUERY_ACTION)
    add_action(layers["items"], ITEM_ACTION_ID, "Matches of this item", ITEM_ACTION)
    write_project(layers, arguments)


def open_layer(source: Source, arguments: argparse.Namespace) -> QgsVectorLayer:
    """Return a layer; raise SystemExit if it cannot be read."""
    uri = QgsDataSourceUri()
    uri.setConnection(arguments.host, arguments.port, arguments.database, READER, "")
    uri.setDataSource(source.schema, source.table, source.geometry, source.filter_, source.key)
    uri.setWkbType(source.type_)
    uri.setSrid(source.srid)
    uri.setParam("checkPrimaryKeyUnicity", "0")
    layer = QgsVectorLayer(uri.uri(False), source.name, "postgres")
    if not layer.isValid():
        raise SystemExit(f"layer {source.layer_id} cannot be read (server, port, PGPASSFILE?): {uri.uri(False)}")
    return layer


def style(layers: dict[str, QgsVectorLayer]) -> None:
    """Set renderers and labels of all layers."""
    layers["query"].setRenderer(QgsSingleSymbolRenderer(outlined("#d7191c", "#d7191c", "star", 5)))
    for matches in ("matches", "item_matches"):
        layers[matches].setRenderer(by_similarity())
        layers[matches].setLabeling(labels("rank", 9, "#111111", 2_000_000))
        layers[matches].setLabelsEnabled(True)
    layers["items"].setRenderer(QgsSingleSymbolRenderer(marker("#7b3294", "#ffffff", 2.2, "diamond")))
    layers["cities"].setRenderer(QgsSingleSymbolRenderer(marker("#ffffff", "#222222", 1.8)))
    layers["cities"].setLabeling(labels("city", 8, "#222222"))
    layers["cities"].setLabelsEnabled(True)
    layers["grid"].setRenderer(by_continent(square))
    layers["umap"].setRenderer(by_continent(dot))
    layers["land"].setRenderer(
        QgsSingleSymbolRenderer(
            QgsFillSymbol.createSimple({"color": "#e8e6df", "outline_color": "#b3afa3", "outline_width": "0.15"})
        )
    )


def marker(fill: str, line: str, size_mm: float, shape: str = "circle") -> QgsMarkerSymbol:
    """Return a point symbol."""
    return QgsMarkerSymbol.createSimple(
        {"name": shape, "color": fill, "outline_color": line, "outline_width": "0.25", "size": str(size_mm)}
    )


def dot(colour: str) -> QgsSymbol:
    """Return the symbol of a point in the UMAP plane."""
    return QgsMarkerSymbol.createSimple({"color": colour, "outline_style": "no", "size": "1.8"})


def square(colour: str) -> QgsSymbol:
    """Return the symbol of a tile; its outline has a fixed width, so that it is visible at any scale."""
    fill = QColor(colour)
    fill.setAlpha(90)
    symbol = QgsFillSymbol.createSimple({"outline_color": colour, "outline_width": "0.4"})
    symbol.symbolLayer(0).setColor(fill)
    return symbol


def outlined(fill: str, line: str, shape: str, size_mm: float) -> QgsFillSymbol:
    """Return a tile's outline with a marker at its centre, for scales at which the tile is smaller than a pixel."""
    symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": line, "outline_width": "0.8"})
    centre = QgsFillSymbol()
    layer = QgsApplication.symbolLayerRegistry().symbolLayerMetadata("CentroidFill").createSymbolLayer({})
    layer.setSubSymbol(marker(fill, "#222222", size_mm, shape))
    centre.changeSymbolLayer(0, layer)
    symbol.appendSymbolLayer(centre.takeSymbolLayer(0))
    return symbol


def by_continent(symbol_of) -> QgsCategorizedSymbolRenderer:  # type: ignore[no-untyped-def]
    """Return a renderer with one colour per continent."""
    categories = [QgsRendererCategory(name, symbol_of(colour), name) for name, colour in CONTINENT_COLOURS.items()]
    return QgsCategorizedSymbolRenderer("continent", categories)


def by_similarity() -> QgsGraduatedSymbolRenderer:
    """Return a renderer with one colour per class of cosine similarity."""
    ranges = [
        QgsRendererRange(low, high, outlined(colour, colour, "circle", 3.6), f"{low:g} to {high:g}")
        for low, high, colour in SIMILARITY_CLASSES
    ]
    return QgsGraduatedSymbolRenderer("similarity", ranges)


def labels(column: str, size_pt: float, colour: str, from_scale: int = 0) -> QgsVectorLayerSimpleLabeling:
    """Return labels with a white halo; with from_scale 2,000,000 they are visible from 1:2,000,000 on."""
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.8)
    halo.setColor(QColor("#ffffff"))
    text = QgsTextFormat()
    text.setFont(QFont(FONTS[0]))
    text.setFamilies(FONTS)
    text.setSize(size_pt)
    text.setColor(QColor(colour))
    text.setBuffer(halo)
    settings = QgsPalLayerSettings()
    settings.fieldName = column
    settings.setFormat(text)
    settings.scaleVisibility = from_scale > 0
    settings.minimumScale = from_scale
    return QgsVectorLayerSimpleLabeling(settings)


def add_action(layer: QgsVectorLayer, id_: QUuid, name: str, code: str) -> None:
    """Let a click on a feature run Python code in QGIS."""
    action = QgsAction(id_, QgsAction.GenericPython, name, code, "", False, name, {"Canvas", "Feature"})
    layer.actions().addAction(action)
    layer.actions().setDefaultAction("Canvas", action.id())


def write_style(layer: QgsVectorLayer, path: Path) -> None:
    """Write symbols and labels as QML, the format of layer_styles."""
    categories = QgsMapLayer.Symbology | QgsMapLayer.Labeling
    text, ok = layer.saveNamedStyle(str(path), categories)
    if not ok:
        raise SystemExit(f"{path} cannot be written: {text}")


def write_project(layers: dict[str, QgsVectorLayer], arguments: argparse.Namespace) -> None:
    """Write the project as XML, with placeholders for values that depend on the database."""
    project = QgsProject.instance()
    project.setTitle("terrakin")
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    project.setBackgroundColor(QColor("#cfe0e8"))
    project.addMapLayers(list(layers.values()))
    root = project.layerTreeRoot()
    root.clear()
    for layer in layers.values():
        root.addLayer(layer)
    add_themes(project, layers)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(WORLD, project.crs()))
    path = OUT / "project.qgs"
    if not project.write(str(path)):
        raise SystemExit(f"{path} cannot be written: {project.error()}")
    text = path.read_text(encoding="utf-8")
    path.write_text(templated(text, layers, arguments), encoding="utf-8")
    for leftover in OUT.glob("project.qg*~"):
        leftover.unlink()


def add_themes(project: QgsProject, layers: dict[str, QgsVectorLayer]) -> None:
    """Add the map themes: the map, and the UMAP plane, which has no position on it."""
    for name, shown in (("UMAP plane", {"umap"}), ("Map", set(layers) - {"umap"})):
        for layer_id, layer in layers.items():
            project.layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(layer_id in shown)
        record = QgsMapThemeCollection.MapThemeRecord()
        record.setLayerRecords(
            [QgsMapThemeCollection.MapThemeLayerRecord(layers[layer_id]) for layer_id in layers if layer_id in shown]
        )
        project.mapThemeCollection().insert(name, record)


def templated(text: str, layers: dict[str, QgsVectorLayer], arguments: argparse.Namespace) -> str:
    """Return the project's text with fixed layer ids, placeholders, and no user name or time."""
    for layer_id, layer in layers.items():
        text = text.replace(layer.id(), f"terrakin_{layer_id}")  # QGIS drops ids of 10 characters or fewer
    connection = f"dbname='{arguments.database}' host={arguments.host} port={arguments.port} "
    assert text.count(connection) >= len(layers), "a layer has another connection than expected"
    text = text.replace(connection, "dbname='{{database}}' host={{host}} port={{port}} ")
    text = re.sub(r"tile_id = 0\b", "tile_id = {{tile_id}}", text)
    text = re.sub(r"Annotations_\w+", "terrakin_annotations", text)
    text = re.sub(r' (saveUser|saveUserFull|saveDateTime)="[^"]*"', r' \1=""', text)
    return re.sub(r"<(author|creation)>[^<]*</\1>", r"<\1></\1>", text)


if __name__ == "__main__":
    main()
