"""The synthetic towns of the demo: positions of real cities, and a plan of urban forms tile by tile."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import shapely
from pyproj import Transformer

from etl.cities.city import City
from etl.cities.geonames import other_names
from etl.cities.grid import TILE_M, Cell, utm_srid, utm_zone

Form = Literal[
    "grid_centre", "old_centre", "suburb", "estate", "harbour", "river", "coast", "park", "farmland",
]  # fmt: skip
FORMS: tuple[Form, ...] = get_args(Form)

Plan = tuple[tuple[Form, ...], ...]

PORT: Plan = (
    ("farmland", "farmland", "suburb", "suburb"),
    ("suburb", "estate", "grid_centre", "park"),
    ("estate", "old_centre", "grid_centre", "suburb"),
    ("harbour", "harbour", "coast", "coast"),
)
RIVERSIDE: Plan = (
    ("farmland", "suburb", "river", "farmland"),
    ("suburb", "old_centre", "river", "estate"),
    ("park", "old_centre", "river", "grid_centre"),
    ("suburb", "estate", "harbour", "coast"),
)
INLAND: Plan = (
    ("farmland", "farmland", "river", "farmland"),
    ("suburb", "grid_centre", "river", "suburb"),
    ("estate", "grid_centre", "old_centre", "park"),
    ("suburb", "estate", "suburb", "farmland"),
)
SEASIDE: Plan = (
    ("coast", "suburb", "farmland", "farmland"),
    ("coast", "old_centre", "suburb", "suburb"),
    ("harbour", "grid_centre", "estate", "park"),
    ("harbour", "grid_centre", "suburb", "farmland"),
)
TINY_A: Plan = (("old_centre", "suburb"), ("harbour", "farmland"))
TINY_B: Plan = (("farmland", "old_centre"), ("suburb", "harbour"))


@dataclass(frozen=True)
class Town:
    """A synthetic town.

    Attributes:
        geonames_id: GeoNames id of the real city at whose position it lies.
        name: name of that city.
        country_code: ISO 3166-1 alpha-2.
        country: English name.
        continent: as in ``db.constants.CONTINENTS``.
        lon: longitude of the real city, degrees, EPSG:4326.
        lat: latitude of the real city, degrees, EPSG:4326.
        plan: form of each tile; rows from north to south.
    """

    geonames_id: int
    name: str
    country_code: str
    country: str
    continent: str
    lon: float
    lat: float
    plan: Plan

    @property
    def srid(self) -> int:
        """EPSG code of the town's UTM projection."""
        return utm_srid(utm_zone(self.lon), self.lat < 0)

    def cells(self) -> dict[Cell, Form]:
        """Return the town's cells with their forms; the real city's position lies in their middle."""
        x, y = Transformer.from_crs(4326, self.srid, always_xy=True).transform(self.lon, self.lat)
        n_rows, n_cols = np.shape(self.plan)
        left, top = round(x / TILE_M) - n_cols // 2, round(y / TILE_M) + n_rows // 2 - 1
        zone, is_south = utm_zone(self.lon), self.lat < 0
        return {
            Cell(zone, is_south, top - i, left + j): form
            for i, row in enumerate(self.plan)
            for j, form in enumerate(row)
        }

    def city(self) -> City:
        """Return the town as a city; its extent is slightly smaller than its tiles, so that it contains no others."""
        cells = list(self.cells())
        hull = shapely.union_all([cell.footprint() for cell in cells]).convex_hull
        extent = shapely.MultiPolygon([hull.buffer(-0.002)])
        name = f"{self.name} (synthetic)"
        place = (None, self.lon, self.lat, extent)
        return City(
            -self.geonames_id, name, self.country_code, self.country, self.continent, *place,
            is_synthetic=True, other_names=other_names(self.geonames_id),
        )  # fmt: skip


DEMO_TOWNS = (
    Town(2267057, "Lisbon", "PT", "Portugal", "Europe", -9.1333, 38.7167, PORT),
    Town(2747891, "Rotterdam", "NL", "Netherlands", "Europe", 4.4792, 51.9225, RIVERSIDE),
    Town(2553604, "Casablanca", "MA", "Morocco", "Africa", -7.6114, 33.5883, SEASIDE),
    Town(186301, "Mombasa", "KE", "Kenya", "Africa", 39.6636, -4.0547, PORT),
    Town(1853909, "Osaka", "JP", "Japan", "Asia", 135.5022, 34.6937, PORT),
    Town(1275339, "Mumbai", "IN", "India", "Asia", 72.8826, 19.0728, SEASIDE),
    Town(3449433, "Santos", "BR", "Brazil", "South America", -46.3336, -23.9608, SEASIDE),
    Town(6173331, "Vancouver", "CA", "Canada", "North America", -123.1193, 49.2497, RIVERSIDE),
    Town(4699066, "Houston", "US", "United States", "North America", -95.3633, 29.7633, INLAND),
    Town(2158177, "Melbourne", "AU", "Australia", "Oceania", 144.9633, -37.814, RIVERSIDE),
)
"""Positions: GeoNames (CC BY 4.0). Apart from their positions, the towns do not resemble the cities."""

TINY_TOWNS = (
    Town(2267057, "Lisbon", "PT", "Portugal", "Europe", -9.1333, 38.7167, TINY_A),
    Town(3449433, "Santos", "BR", "Brazil", "South America", -46.3336, -23.9608, TINY_B),
    Town(2158177, "Melbourne", "AU", "Australia", "Oceania", 144.9633, -37.814, TINY_A),
)
"""Four tiles each: for tests of the pipeline, not of similarity."""
