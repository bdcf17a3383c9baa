"""The clouds of two real series of scene classes stay masked, and are dilated as before."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from etl.imagery.bright_ground import find_patches, ground_of
from etl.imagery.cloud_mask import clear_pixels
from etl.imagery.sentinel2 import BANDS

RESOLUTION_M = 10


@pytest.mark.parametrize("name", ["test_optical_cube", "cdse_sentinel2_l2a"])
def test_the_clouds_of_real_dates_stay_masked(real_data: Path, name: str) -> None:
    """Most dates are cloudy; the reflectance is made constant, as that of ground."""
    path = real_data / "timeseries" / "openeo-scl" / f"{name}.nc"
    with rasterio.open(f"netcdf:{path}:S2-L2A-SCL") as source:
        scl = source.read().astype(np.uint8)
    patches = find_patches(scl, RESOLUTION_M)
    assert not ground_of(patches, np.full((len(scl), len(BANDS), *scl.shape[1:]), 3000, np.uint16)).any()
    for classes in scl:
        before = clear_pixels(classes, RESOLUTION_M)
        np.testing.assert_array_equal(clear_pixels(classes, RESOLUTION_M, patches.is_recurring), before)
