"""Composites of the real Thailand scene: correct pixels in the correct place, without clouds."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from shapely import MultiPolygon, box

from etl.cities.city import City
from etl.cities.grid import TILE_M, TILE_PX, Cell, assign_cells, city_geobox, tiles_in_box
from etl.errors import ImageryError
from etl.imagery.composite import Composite, examine_all, load_composite
from etl.imagery.selection import Selection, select_scenes
from etl.imagery.stac.catalogue import Source, find_scenes
from etl.period import Period
from tests.real.thailand import SRID, X, Y, write_catalogue

PERIOD = Period(date(2020, 2, 1), date(2020, 2, 29))
CLOUDY = (1, 2, 3, 4)
LEFT, BOTTOM = 162 * TILE_M, 883 * TILE_M
"""Lower left corner of the 4 x 4 tiles of the lattice that lie entirely within the scene."""


def thailand_city() -> City:
    """Return the area of the 4 x 4 tiles as a city, 200 m smaller so that rounding and curved edges add no tile."""
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
    """Composites of four cloudy dates, and of the clear date alone."""
    made = []
    for name, seeds in (("cloudy", CLOUDY), ("clear", (None,))):
        path = write_catalogue(real_data, tmp_path_factory.mktemp(name), seeds)
        selected = select(Source(str(path), None, PERIOD), cells)
        assert len(selected.scenes) == len(seeds)
        made.append(load_composite(selected.scenes, city_geobox(cells), thailand_city().lon))
    return made[0], made[1]


def select(source: Source, cells: list[Cell]) -> Selection:
    candidates, geobox = find_scenes(source, thailand_city()), city_geobox(cells)
    return select_scenes(
        candidates.items, source, thailand_city().lon, tiles_in_box(cells), lambda items: examine_all(items, geobox)
    )


def test_the_city_has_the_sixteen_expected_tiles(cells: list[Cell]) -> None:
    assert {(c.row, c.col) for c in cells} == {(r, c) for r in range(883, 887) for c in range(162, 166)}
    assert {c.srid for c in cells} == {SRID}


def test_the_composite_equals_the_clear_date_wherever_one_observation_is_clear(
    composites: tuple[Composite, Composite],
) -> None:
    cloudy, clear = composites
    seen = cloudy.n_clear > 0
    assert seen.mean() > 0.9
    difference = np.abs(cloudy.reflectance.astype(int) - clear.reflectance.astype(int))[:, seen]
    assert difference.max() == 0
    assert (cloudy.reflectance[:, ~seen] == 0).all()


def test_at_most_one_percent_of_the_pixels_remain_cloudy(composites: tuple[Composite, Composite]) -> None:
    """Injected clouds are 7000 DN in every band: pixels 500 DN brighter in blue than on the clear date are cloudy."""
    cloudy, clear = (composite.reflectance[1].astype(int) for composite in composites)
    assert (cloudy - clear > 500).mean() <= 0.01


def test_a_cloudy_scene_whose_mask_is_clear_is_refused_with_the_number_of_tiles(
    real_data: Path, tmp_path: Path, cells: list[Cell]
) -> None:
    """The real pixels of drc-cloudy, moved to the Thai lattice, with their original mask: all clear."""
    path = write_catalogue(real_data, tmp_path, (None,), scene="drc-cloudy", offset_applied=False)
    with pytest.raises(ImageryError, match=r"thailand-20200203.*16 of 16"):
        select(Source(str(path), None, PERIOD), cells)


def test_a_wrong_offset_flag_is_corrected_from_the_pixels_and_recorded(
    real_data: Path, tmp_path: Path, cells: list[Cell], composites: tuple[Composite, Composite]
) -> None:
    path = write_catalogue(real_data, tmp_path, (None,), offset_applied=False)
    (scene,) = select(Source(str(path), None, PERIOD), cells).scenes
    assert (scene.offset.claimed_dn, scene.offset.offset_dn) == (-1000, 0)
    assert scene.offset.dark_dn is not None
    assert scene.offset.dark_dn < 700
    composite = load_composite([scene], city_geobox(cells), thailand_city().lon)
    np.testing.assert_array_equal(composite.reflectance, composites[1].reflectance)


def test_pixels_of_10_m_bands_are_those_of_the_scene(real_data: Path, composites: tuple[Composite, Composite]) -> None:
    """Read with rasterio only, by row and column from the snapped corner: no resampling, no shift."""
    _, clear = composites
    with rasterio.open(real_data / "scenes/thailand-villages/B04.tif") as source:
        scene = source.read(1)
    col, row = (LEFT - X) // 10, (Y - (BOTTOM + 4 * TILE_M)) // 10
    size = 4 * TILE_PX
    np.testing.assert_array_equal(clear.reflectance[3], scene[row : row + size, col : col + size])


def test_footprints_equal_the_corners_of_the_pixels_to_the_centimetre(
    composites: tuple[Composite, Composite], cells: list[Cell]
) -> None:
    """Corners come from the composite's transform and are compared in metres, by an independent PROJ transformation."""
    affine, to_metres = composites[0].geobox.affine, Transformer.from_crs(4326, SRID, always_xy=True)
    for cell in cells:
        row, col = (886 - cell.row) * TILE_PX, (cell.col - 162) * TILE_PX
        pixels = [(col, row + TILE_PX), (col + TILE_PX, row + TILE_PX), (col + TILE_PX, row), (col, row)]
        expected = np.array([affine * corner for corner in pixels])
        lon, lat = zip(*cell.footprint().geoms[0].exterior.coords[:4], strict=True)
        got = np.column_stack(to_metres.transform(lon, lat))
        assert np.abs(got - expected).max() < 0.01
