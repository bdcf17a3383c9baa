"""Composites of the real Thailand scene: the right pixels, in the right place, and clouds gone."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from shapely import MultiPolygon, box

from etl.cities import City
from etl.grid import TILE_M, TILE_PX, Cell, assign_cells, city_geobox
from etl.imagery import Composite, load_composite
from etl.stac import Period, Source, find_scenes
from tests.real.thailand import SRID, X, Y, write_catalogue

PERIOD = Period(date(2020, 2, 1), date(2020, 2, 29))
CLOUDY = (1, 2, 3, 4)
LEFT, BOTTOM = 162 * TILE_M, 883 * TILE_M
"""Lower left corner of the 4 x 4 tiles of our lattice that lie whole in the scene."""


def thailand_city() -> City:
    """The 4 x 4 tiles' area as a city; a little smaller, so that neither rounding nor the curved edge adds a tile."""
    corners = box(LEFT + 200, BOTTOM + 200, LEFT + 4 * TILE_M - 200, BOTTOM + 4 * TILE_M - 200)
    to_degrees = Transformer.from_crs(SRID, 4326, always_xy=True)
    lon, lat = to_degrees.transform(*zip(*corners.exterior.coords, strict=True))
    area = MultiPolygon([[list(zip(lon, lat, strict=True)), []]])
    return City(1, "Villages", "TH", "Thailand", "Asia", None, area.centroid.x, area.centroid.y, area, False)


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    return assign_cells([thailand_city()])[1]


@pytest.fixture(scope="module")
def composites(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory, cells: list[Cell]
) -> tuple[Composite, Composite]:
    """Of four cloudy dates, and of the clean date alone."""
    made = []
    for name, seeds in (("cloudy", CLOUDY), ("clean", (None,))):
        path = write_catalogue(real_data, tmp_path_factory.mktemp(name), seeds)
        scenes = find_scenes(Source(str(path), None, PERIOD), thailand_city())
        assert len(scenes.items) == len(seeds)
        made.append(load_composite(scenes, city_geobox(cells)))
    return made[0], made[1]


def test_sixteen_tiles_fit(cells: list[Cell]) -> None:
    assert {(c.row, c.col) for c in cells} == {(r, c) for r in range(883, 887) for c in range(162, 166)}
    assert {c.srid for c in cells} == {SRID}


def test_composite_equals_the_clean_date_wherever_one_look_is_clear(composites: tuple[Composite, Composite]) -> None:
    cloudy, clean = composites
    seen = cloudy.n_clear > 0
    assert seen.mean() > 0.9
    difference = np.abs(cloudy.reflectance.astype(int) - clean.reflectance.astype(int))[:, seen]
    assert difference.max() <= 1
    assert (cloudy.reflectance[:, ~seen] == 0).all()


def test_pixels_of_10_m_bands_are_the_scenes_own(real_data: Path, composites: tuple[Composite, Composite]) -> None:
    """Read with rasterio alone, by row and column from the snapped corner: no resampling, no shift."""
    _, clean = composites
    with rasterio.open(real_data / "scenes/thailand-villages/B04.tif") as source:
        scene = source.read(1)
    col, row = (LEFT - X) // 10, (Y - (BOTTOM + 4 * TILE_M)) // 10
    size = 4 * TILE_PX
    np.testing.assert_array_equal(clean.reflectance[3], scene[row : row + size, col : col + size])


def test_footprints_are_the_pixels_own_corners_to_the_centimetre(
    composites: tuple[Composite, Composite], cells: list[Cell]
) -> None:
    """Corners from the composite's transform, through PROJ on their own, compared in metres."""
    affine, to_metres = composites[0].geobox.affine, Transformer.from_crs(4326, SRID, always_xy=True)
    for cell in cells:
        row, col = (886 - cell.row) * TILE_PX, (cell.col - 162) * TILE_PX
        pixels = [(col, row + TILE_PX), (col + TILE_PX, row + TILE_PX), (col + TILE_PX, row), (col, row)]
        expected = np.array([affine * corner for corner in pixels])
        lon, lat = zip(*cell.footprint().exterior.coords[:4], strict=True)
        got = np.column_stack(to_metres.transform(lon, lat))
        assert np.abs(got - expected).max() < 0.01
