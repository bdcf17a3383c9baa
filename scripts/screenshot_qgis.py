"""Click a tile in the QGIS desktop application and take the picture of docs/qgis.md.

    PGPASSFILE=.terrakin/passwords SCREENSHOT="--port 5432 --tile 2526150660209 --out docs/images/qgis-matches.png" \
        xvfb-run -a -s "-screen 0 1280x800x24" qgis --nologo --noversioncheck --profiles-path "$(mktemp -d)" \
        --code scripts/screenshot_qgis.py

Runs inside QGIS (apt-get install qgis xvfb xauth), whose command line passes no arguments on: they are read from
SCREENSHOT. Prints the filter of the layer "Matches of a tile" after the click and ends QGIS, with exit code 1 if the
filter does not name the clicked tile. The new profile keeps earlier settings out of the picture.
"""

import argparse
import os
import shlex
import sys
import traceback
from typing import Any

from qgis.core import QgsCoordinateTransform, QgsFeatureRequest, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction
from qgis.utils import iface

START_MS = 2000
DRAW_MS = 3000
NEIGHBOURHOOD = 8
"""Width of the map that is clicked, in widths of the tile."""


def run() -> None:
    """Take the picture and end QGIS."""
    end(click_and_save())


def end(code: int) -> None:
    """End QGIS without its question whether to save the project."""
    sys.stdout.flush()
    os._exit(code)


def report_and_end(*error: Any) -> None:
    """Print an error and end. By default QGIS shows errors of the event loop in a window, and waits."""
    traceback.print_exception(*error)
    end(1)


def click_and_save() -> int:
    """Save the picture; return 0 if the click set the filter to the tile, else 1."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="5432")
    parser.add_argument("--database", default="terrakin")
    parser.add_argument("--tile", type=int, required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args(shlex.split(os.environ["SCREENSHOT"]))
    server = f"terrakin_reader@{arguments.host}:{arguments.port}"
    iface.mainWindow().resize(1200, 740)
    iface.addProject(f"postgresql://{server}?dbname={arguments.database}&schema=public&project=terrakin")
    project = QgsProject.instance()
    click(project, arguments.tile)
    found = project.mapLayer("terrakin_matches").subsetString()
    iface.mapCanvas().setExtent(project.viewSettings().defaultViewExtent())
    iface.mapCanvas().refresh()
    QTest.qWait(DRAW_MS)
    iface.mainWindow().grab().save(arguments.out)
    print(found)
    return 0 if found == f"query_tile_id = {arguments.tile}" else 1


def click(project: QgsProject, tile_id: int) -> None:
    """Choose the layer Tiles and the tool Run Feature Action, and click the middle of a tile."""
    tiles, canvas = project.mapLayer("terrakin_grid"), iface.mapCanvas()
    feature = next(tiles.getFeatures(QgsFeatureRequest().setFilterExpression(f'"tile_id" = {tile_id}')))
    to_map = QgsCoordinateTransform(tiles.crs(), project.crs(), project)
    footprint = to_map.transformBoundingBox(feature.geometry().boundingBox())
    around = QgsRectangle(footprint)
    around.scale(NEIGHBOURHOOD)
    canvas.setExtent(around)
    canvas.refresh()
    iface.setActiveLayer(tiles)
    iface.mainWindow().findChild(QAction, "mActionFeatureAction").trigger()
    QTest.qWait(DRAW_MS)
    place = canvas.getCoordinateTransform().transform(footprint.center())
    QTest.mouseClick(canvas.viewport(), Qt.LeftButton, Qt.NoModifier, QPoint(int(place.x()), int(place.y())))
    QTest.qWait(DRAW_MS)


sys.excepthook = report_and_end
QTimer.singleShot(START_MS, run)
