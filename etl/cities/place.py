"""A place that is in no city file: a circle around a position, with the country of the nearest city."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from etl.cities.city import City
from etl.cities.extent import GEOD, check_reach, circle
from etl.cities.geonames import geonames_table
from etl.errors import CityError

MAX_COUNTRY_M = 500_000.0
"""Farther from every city of at least 100,000 people, the country must be given."""
FIRST_ID = 10**10
"""Ids of places are below minus this: cities have GeoNames ids, and synthetic towns these with a minus."""
STEPS = 10_000
"""Places within 0.0001 degrees (11 m) are one."""


def make_place(
    lon: float,
    lat: float,
    name: str,
    radius_m: float,
    stored: Sequence[City],
    *,
    country_code: str | None = None,
    is_synthetic: bool = False,
) -> City:
    """Return a place whose extent is a circle, without what other cities of the database cover.

    The same position gives the same place.

    Args:
        lon: longitude of the centre, degrees, EPSG:4326.
        lat: latitude of the centre, degrees, EPSG:4326.
        name: name of the place.
        radius_m: radius of the circle.
        stored: the cities of the database.
        country_code: ISO 3166-1 alpha-2; None for the country of the nearest GeoNames city.
        is_synthetic: whether its pixels are generated.

    Raises:
        CityError: no country is near or has this code, the circle is too large, or another city covers the position.
    """
    country = _country(lon, lat, country_code)
    others = [city for city in stored if city.city_id != _id_of(lon, lat)]
    covering = next((city for city in others if city.extent.intersects(shapely.Point(lon, lat))), None)
    if covering is not None:
        raise CityError(
            f"{covering.name} covers lon {lon}, lat {lat} already: api.tile_at({lon}, {lat}) returns its tile; give "
            "another position"
        )
    extent = circle(lon, lat, radius_m)
    check_reach(extent, lon, lat, name)
    left = extent.difference(shapely.union_all([city.extent for city in others]))
    parts = shapely.MultiPolygon([part for part in shapely.get_parts(left) if part.area > 0])
    code, name_of_country, continent = country[["country_code", "country", "continent"]]
    return City(
        _id_of(lon, lat), name, code, name_of_country, continent, None, lon, lat, parts, is_synthetic=is_synthetic
    )


def _country(lon: float, lat: float, country_code: str | None) -> "pd.Series[Any]":
    """Return the row of a GeoNames city in the country: of the nearest one, or of any with the given code."""
    known = geonames_table()
    if country_code is not None:
        found = known[known["country_code"] == country_code]
        if found.empty:
            raise CityError(f"country code {country_code!r} is that of no country with cities; give one such as PT")
        return found.iloc[0]
    n = len(known)
    distance_m = GEOD.inv(np.full(n, lon), np.full(n, lat), known["lon"].to_numpy(), known["lat"].to_numpy())[2]
    nearest = int(np.argmin(distance_m))
    if distance_m[nearest] > MAX_COUNTRY_M:
        raise CityError(
            f"the nearest city to lon {lon}, lat {lat}, {known['name'][nearest]}, is "
            f"{distance_m[nearest] / 1000:,.0f} km away; give the country with --country-code"
        )
    return known.iloc[nearest]


def _id_of(lon: float, lat: float) -> int:
    return -(FIRST_ID + round((lat + 90) * STEPS) * 361 * STEPS + round((lon + 180) * STEPS))
