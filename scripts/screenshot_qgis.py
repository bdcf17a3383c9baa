"""Clicks a tile in a QGIS with a window, and takes its picture: the one in docs/qgis.md.

    PGPASSFILE=.terrakin/passwords SCREENSHOT="--port 5432 --tile 2526150660209 --out docs/images/qgis-matches.png" \
        xvfb-run -a -s "-screen 0 1280x800x24" qgis --nologo --noversioncheck --profiles-path "$(mktemp -d)" \
        --code scripts/screenshot_qgis.py

Runs inside QGIS (apt-get install qgis xvfb xauth), whose command line leaves no room for arguments. Prints the filter
of the layer "Matches of a tile" after the click and ends QGIS; exit code 1 where it is not the tile that was clicked. A new
profile each time: no settings of an earlier run are in the picture.
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
"""Widths of a tile, of the map that is clicked into."""


def run() -> None:
    """Open, click, show the world, save, end."""
    end(click_and_save())


def end(code: int) -> None:
    """Without the question whether the changed project is to be saved."""
    sys.stdout.flush()
    os._exit(code)


def tell_and_end(*error: Any) -> None:
    """An error in Qt's event loop would be shown in a window, and QGIS would wait."""
    traceback.print_exception(*error)
    end(1)


def click_and_save() -> int:
    """What the page shows; 0 where the click asked about the tile."""
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
    found = project.mapLayer("terrakin_kin").subsetString()
    iface.mapCanvas().setExtent(project.viewSettings().defaultViewExtent())
    iface.mapCanvas().refresh()
    QTest.qWait(DRAW_MS)
    iface.mainWindow().grab().save(arguments.out)
    print(found)
    return 0 if found == f"query_tile_id = {arguments.tile}" else 1


def click(project: QgsProject, tile_id: int) -> None:
    """Choose the layer Tiles and the tool Run feature action, and press the mouse in the middle of a tile."""
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


sys.excepthook = tell_and_end
QTimer.singleShot(START_MS, run)
