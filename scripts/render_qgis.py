"""Open the project `terrakin` from a database in QGIS without a window, describe its layers and draw them.

    PGPASSFILE=.terrakin/passwords /usr/bin/python3 scripts/render_qgis.py --port 5432 --out build/qgis

Needs the system's Python with PyQGIS (scripts/setup.sh qgis). Writes a PNG of each layer, of each map theme and of the
surroundings of the query tile, and prints a description of the layers as JSON, which tests/qgis reads. With
`--click TILE_ID` and `--click-item UNIT ITEM_ID` the actions of clicks on them run first.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (
    QgsApplication,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsPythonRunner,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize

SIZE = QSize(960, 600)
DPI = 96
MARGIN = 1.15
NEIGHBOURHOOD = 8
"""Width of the picture around the query tile, in widths of the tile."""
READER = "terrakin_reader"


class Runner(QgsPythonRunner):
    """Runs the Python of a layer's action, as the desktop application does."""

    def runCommand(self, command: str, messageOnError: str = "") -> bool:  # noqa: N802, N803
        """Run statements."""
        exec(command, {})
        return True

    def evalCommand(self, command: str, result: str) -> bool:  # noqa: N802
        """Evaluate nothing: layer actions do not need it."""
        return False


def main() -> None:
    """Open the project, run the click, describe the layers and draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="5432")
    parser.add_argument("--database", default="terrakin")
    parser.add_argument("--click", type=int, metavar="TILE_ID")
    parser.add_argument("--click-item", nargs=2, metavar=("UNIT", "ITEM_ID"))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    application = QgsApplication([], False)
    application.initQgis()
    project = open_project(arguments)
    QgsPythonRunner.setInstance(Runner())
    if arguments.click is not None:
        click(project.mapLayer("terrakin_grid"), f'"tile_id" = {arguments.click}')
    if arguments.click_item is not None:
        unit, item_id = arguments.click_item
        click(project.mapLayer("terrakin_items"), f'"unit" = \'{unit}\' AND "item_id" = {item_id}')
    arguments.out.mkdir(parents=True, exist_ok=True)
    described = {layer_id: describe(layer) for layer_id, layer in project.mapLayers().items()}
    for layer_id, layer in project.mapLayers().items():
        extent = layer.extent() if layer.featureCount() else project.viewSettings().defaultViewExtent()
        draw(project, [layer], in_project(project, layer, extent), arguments.out / f"{layer_id}.png")
    for theme in project.mapThemeCollection().mapThemes():
        layers = project.mapThemeCollection().mapThemeVisibleLayers(theme)
        first = layers[0] if len(layers) == 1 else None
        extent = in_project(project, first, first.extent()) if first else project.viewSettings().defaultViewExtent()
        draw(project, layers, extent, arguments.out / f"theme {theme}.png")
    query = project.mapLayer("terrakin_query")
    if query.featureCount():
        around = in_project(project, query, query.extent())
        around.scale(NEIGHBOURHOOD)
        layers = project.mapThemeCollection().mapThemeVisibleLayers("Map")
        draw(project, layers, around, arguments.out / "around the tile.png")
    print(json.dumps({"title": project.title(), "layers": described, "default_styles": default_styles(project)}))


def open_project(arguments: argparse.Namespace) -> QgsProject:
    """Return the project `terrakin`, read from the database; raise SystemExit if that fails."""
    project = QgsProject.instance()
    server = f"{READER}@{arguments.host}:{arguments.port}"
    address = f"postgresql://{server}?dbname={arguments.database}&schema=public&project=terrakin"
    if not project.read(address):
        raise SystemExit(f"{address} cannot be read: {project.error()}")
    return project


def click(layer: QgsVectorLayer, expression: str) -> None:
    """Run the action of a click on a feature with the tool Run Feature Action."""
    feature = next(layer.getFeatures(QgsFeatureRequest().setFilterExpression(expression)))
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    layer.actions().defaultAction("Canvas").run(context)


def describe(layer: QgsVectorLayer) -> dict[str, Any]:
    """Return the properties of a layer that the tests check."""
    features = list(layer.getFeatures())
    return {
        "name": layer.name(),
        "valid": layer.isValid(),
        "renderer": layer.renderer().type() if layer.isValid() else None,
        "is_labelled": layer.labelsEnabled(),
        "crs": layer.crs().authid(),
        "key": [layer.fields()[i].name() for i in layer.primaryKeyAttributes()],
        "fields": {field.name(): field.typeName() for field in layer.fields()},
        "source": layer.source(),
        "filter": layer.subsetString(),
        "rows": [[str(value) for value in feature.attributes()] for feature in features[:50]],
        "n_features": len(features),
    }


def default_styles(project: QgsProject) -> dict[str, str]:
    """Return the renderer that QGIS applies to each table or view when it is added to another project."""
    found = {}
    for layer_id, layer in project.mapLayers().items():
        added = QgsVectorLayer(layer.source(), "added", "postgres")
        found[layer_id] = added.renderer().dump()
    return found


def in_project(project: QgsProject, layer: QgsVectorLayer, extent: QgsRectangle) -> QgsRectangle:
    """Return a layer's extent in the CRS of the project, with a margin."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setTransformContext(project.transformContext())
    moved = settings.layerExtentToOutputExtent(layer, QgsRectangle(extent))
    moved.scale(MARGIN)
    return moved


def draw(project: QgsProject, layers: list[QgsVectorLayer], extent: QgsRectangle, path: Path) -> None:
    """Write a picture of layers, drawn as on QGIS's canvas."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setTransformContext(project.transformContext())
    settings.setBackgroundColor(project.backgroundColor())
    settings.setOutputSize(SIZE)
    settings.setOutputDpi(DPI)
    settings.setLayers(layers)
    settings.setExtent(QgsRectangle(extent))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    errors = [f"{error.layerID}: {error.message}" for error in job.errors()]
    if errors or not job.renderedImage().save(str(path)):
        raise SystemExit(f"{path} cannot be drawn: {errors}")


if __name__ == "__main__":
    main()
