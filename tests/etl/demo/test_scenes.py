"""The scenes of the demo: ground, clouds and mask."""

import numpy as np
import pystac
import rasterio

from etl.demo.catalogue import DemoCatalogue
from etl.demo.scenes import town_ground
from etl.demo.towns import TINY_TOWNS
from etl.imagery.cloud_mask import CLEAR_CLASSES


def test_pixels_that_the_mask_calls_clear_show_the_ground(tiny_demo: DemoCatalogue) -> None:
    """Where the SCL is clear, the red band equals the ground up to light and noise; elsewhere it does not."""
    ground = town_ground(TINY_TOWNS[0], 2026).reflectance[3]
    for item in pystac.Catalog.from_file(str(tiny_demo.catalogue)).get_items(recursive=True):
        if "LISBON" not in item.id:
            continue
        with rasterio.open(str(item.assets["red"].get_absolute_href())) as file:
            red = file.read(1).astype(float)
        with rasterio.open(str(item.assets["scl"].get_absolute_href())) as file:
            scl = np.kron(file.read(1), np.ones((2, 2), np.uint8))
        clear = np.isin(scl, CLEAR_CLASSES)
        ratio = red / ground
        assert 0.05 < 1 - clear.mean() < 0.95 or item.properties["eo:cloud_cover"] < 6
        assert np.abs(ratio[clear] - np.median(ratio[clear])).max() < 0.1
        assert np.median(np.abs(ratio[~clear] - 1)) > 0.4
