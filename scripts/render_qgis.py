"""Opens the project `terrakin` from a database in a QGIS without a window, looks at its layers and draws them.

    PGPASSFILE=.terrakin/passwords /usr/bin/python3 scripts/render_qgis.py --port 5432 --out build/qgis

Runs with the system's Python (PyQGIS: scripts/setup.sh qgis). Writes a PNG of each layer and each map theme,
and of the tile's neighbourhood, and prints what it saw as JSON. ``--ask TILE_ID`` first does what a click on that
tile does. The tests read this too.
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
"""Widths of a tile, of the picture around it."""
READER = "terrakin_reader"


class Runner(QgsPythonRunner):
    """Runs the Python of a layer's action, as QGIS with a window does."""

    def runCommand(self, command: str, messageOnError: str = "") -> bool:  # noqa: N802, N803
        """Run statements."""
        exec(command, {})
        return True

    def evalCommand(self, command: str, result: str) -> bool:  # noqa: N802
        """Not needed."""
        return False


def main() -> None:
    """Open, ask, look, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="5432")
    parser.add_argument("--database", default="terrakin")
    parser.add_argument("--ask", type=int, metavar="TILE_ID")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    application = QgsApplication([], False)
    application.initQgis()
    project = open_project(arguments)
    if arguments.ask is not None:
        ask(project.mapLayer("terrakin_grid"), arguments.ask)
    arguments.out.mkdir(parents=True, exist_ok=True)
    seen = {layer_id: look(layer) for layer_id, layer in project.mapLayers().items()}
    for layer_id, layer in project.mapLayers().items():
        extent = layer.extent() if layer.featureCount() else project.viewSettings().defaultViewExtent()
        draw(project, [layer], in_project(project, layer, extent), arguments.out / f"{layer_id}.png")
    for theme in project.mapThemeCollection().mapThemes():
        layers = project.mapThemeCollection().mapThemeVisibleLayers(theme)
        first = layers[0] if len(layers) == 1 else None
        extent = in_project(project, first, first.extent()) if first else project.viewSettings().defaultViewExtent()
        draw(project, layers, extent, arguments.out / f"theme {theme}.png")
    asked = project.mapLayer("terrakin_asked")
    if asked.featureCount():
        around = in_project(project, asked, asked.extent())
        around.scale(NEIGHBOURHOOD)
        layers = project.mapThemeCollection().mapThemeVisibleLayers("Map")
        draw(project, layers, around, arguments.out / "around the tile.png")
    print(json.dumps({"title": project.title(), "layers": seen, "default_styles": default_styles(project)}))


def open_project(arguments: argparse.Namespace) -> QgsProject:
    """The project `terrakin`, read from the database as QGIS's users read it, or SystemExit."""
    project = QgsProject.instance()
    server = f"{READER}@{arguments.host}:{arguments.port}"
    address = f"postgresql://{server}?dbname={arguments.database}&schema=public&project=terrakin"
    if not project.read(address):
        raise SystemExit(f"{address} cannot be read: {project.error()}")
    return project


def ask(tiles: QgsVectorLayer, tile_id: int) -> None:
    """Do what a click on a tile with the tool `Run feature action` does."""
    QgsPythonRunner.setInstance(Runner())
    feature = next(tiles.getFeatures(QgsFeatureRequest().setFilterExpression(f'"tile_id" = {tile_id}')))
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(tiles))
    context.setFeature(feature)
    tiles.actions().defaultAction("Canvas").run(context)


def look(layer: QgsVectorLayer) -> dict[str, Any]:
    """What the tests ask about a layer."""
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
    """The renderer that each table or view gets when somebody adds it to a project of his own."""
    found = {}
    for layer_id, layer in project.mapLayers().items():
        added = QgsVectorLayer(layer.source(), "added", "postgres")
        found[layer_id] = added.renderer().dump()
    return found


def in_project(project: QgsProject, layer: QgsVectorLayer, extent: QgsRectangle) -> QgsRectangle:
    """A layer's extent in the CRS of the project, with a margin."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setTransformContext(project.transformContext())
    moved = settings.layerExtentToOutputExtent(layer, QgsRectangle(extent))
    moved.scale(MARGIN)
    return moved


def draw(project: QgsProject, layers: list[QgsVectorLayer], extent: QgsRectangle, path: Path) -> None:
    """A picture of layers, drawn as QGIS's canvas draws them."""
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
