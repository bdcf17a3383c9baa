"""The materials of the demo: surface reflectance x 10000 of 13 materials in the 12 bands.

The values are plausible for the centre wavelengths of Sentinel-2: rounded, after several spectra of the ECOSTRESS
library (Meerdink et al. 2019, doi:10.1016/j.rse.2019.05.015: asphalt, concrete, roofing, soils, sand, vegetation) and
the USGS library (Kokaly et al. 2017, doi:10.3133/ds1035: grass, trees, water).
"""

from typing import Literal, get_args

import numpy as np

Material = Literal[
    "clear_water", "turbid_water", "trees", "grass", "green_crop", "ripe_crop", "bare_soil", "asphalt", "concrete",
    "clay_tiles", "metal_roof", "bitumen_roof", "sand",
]  # fmt: skip
MATERIALS: tuple[Material, ...] = get_args(Material)

REFLECTANCE = np.array(
    [
        # B01   B02   B03   B04   B05   B06   B07   B08   B8A   B09   B11   B12
        [350, 300, 250, 150, 120, 100, 90, 80, 70, 60, 30, 20],
        [700, 800, 1000, 900, 800, 400, 350, 300, 250, 200, 80, 50],
        [200, 250, 450, 300, 800, 2200, 2700, 2900, 3000, 3000, 1500, 700],
        [350, 450, 800, 600, 1300, 2600, 3000, 3300, 3400, 3400, 2200, 1200],
        [300, 350, 700, 400, 1100, 3200, 4000, 4300, 4400, 4400, 2000, 950],
        [700, 900, 1300, 1700, 2100, 2500, 2700, 2900, 3100, 3100, 3600, 2600],
        [900, 1100, 1500, 2000, 2300, 2500, 2700, 2900, 3100, 3100, 3800, 3300],
        [850, 900, 1000, 1050, 1100, 1150, 1200, 1250, 1300, 1300, 1500, 1450],
        [1700, 1900, 2200, 2400, 2500, 2600, 2700, 2800, 2900, 2900, 3200, 3000],
        [700, 800, 1200, 2100, 2500, 2700, 2800, 2900, 3100, 3100, 3700, 3300],
        [3300, 3600, 3900, 4100, 4200, 4200, 4200, 4200, 4200, 4100, 4200, 3800],
        [600, 650, 750, 800, 850, 900, 950, 1000, 1050, 1050, 1300, 1300],
        [1500, 1900, 2700, 3300, 3600, 3700, 3800, 3900, 4000, 4000, 4700, 4300],
    ],
    dtype=np.float32,
)
"""(13 materials, 12 bands)."""

SCL_WATER, SCL_VEGETATION, SCL_BARE = 6, 4, 5
SCL_CLASS = np.array(
    [SCL_WATER] * 2 + [SCL_VEGETATION] * 3 + [SCL_BARE] * 8,
    dtype=np.uint8,
)
"""Scene class of each material."""


def number(material: Material) -> int:
    """Return the row of a material in REFLECTANCE."""
    return MATERIALS.index(material)
