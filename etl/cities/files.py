"""City files and files of urban areas, in any vector format."""

import re
from collections.abc import Sequence
from pathlib import Path

import shapely
from shapely import MultiPolygon, Point

from db.constants import CONTINENTS
from etl.cities.city import City
from etl.cities.extent import MAX_REACH_M, check_reach, circle, outline, radius_m
from etl.cities.features import Feature, read_features
from etl.cities.properties import Properties
from etl.errors import CityError

MAX_LATITUDE = 84.0
"""Limit of UTM, and of Sentinel-2 imagery of land (degrees)."""


def read_cities(path: Path) -> list[City]:
    """Read the cities of a file whose columns are named as the attributes of City (docs/operator.md).

    A polygon is the extent of its city. Without one the extent is a circle of ``radius_m`` metres, or one by
    population.

    Raises:
        CityError: the file cannot be read, a property is missing or of the wrong type, an id occurs twice, or a country
            has two names or continents.
    """
    cities = [city_of(feature) for feature in read_features(path)]
    if not cities:
        raise CityError(f"the city file {path} has no cities; give at least one")
    _check_ids(cities, path)
    _check_countries(cities, path)
    return cities


def read_areas(path: Path) -> list[MultiPolygon]:
    """Read the polygons of a file, such as Natural Earth's urban areas, in EPSG:4326.

    Raises:
        CityError: the file cannot be read, or a feature is not a polygon.
    """
    return [outline(feature.geometry, feature.where) for feature in read_features(path)]


def city_of(feature: Feature) -> City:
    """Return the city of a feature.

    Raises:
        CityError: a property is missing or has a wrong value, or the geometry is neither a polygon nor a point.
    """
    properties, where = Properties(feature), feature.where
    population = properties.whole_number("population") if properties.has("population") else None
    if population is not None and population < 0:
        raise CityError(f"{where}: population is {population}; it must not be negative")
    has_outline = feature.geometry is not None and not isinstance(feature.geometry, Point)
    extent = outline(feature.geometry, where) if has_outline else None
    lon, lat = _centre(properties, feature, extent)
    city = City(
        city_id=properties.whole_number("city_id"),
        name=properties.text("name"),
        country_code=properties.text("country_code"),
        country=properties.text("country"),
        continent=properties.text("continent"),
        population=population,
        lon=lon,
        lat=lat,
        extent=extent or _circle(properties, lon, lat, population),
        is_synthetic=properties.truth("is_synthetic"),
        period=properties.period("period"),
        other_names=properties.text("other_names") if properties.has("other_names") else "",
    )
    check_reach(city.extent, lon, lat, where)
    if not re.fullmatch("[A-Z]{2}", city.country_code):
        raise CityError(f"{where}: country_code {city.country_code!r} is not an ISO 3166-1 alpha-2 code such as PT")
    if city.continent not in CONTINENTS:
        raise CityError(f"{where}: continent {city.continent!r} is not one of {', '.join(CONTINENTS)}")
    return city


def _centre(properties: Properties, feature: Feature, extent: MultiPolygon | None) -> tuple[float, float]:
    """Return lon and lat of a feature, else its point, else a point in its polygon."""
    if properties.has("lon", "lat") or feature.geometry is None:
        lon, lat = properties.number("lon"), properties.number("lat")
    else:
        ((lon, lat),) = shapely.get_coordinates(extent.representative_point() if extent else feature.geometry)
    if not (-180 <= lon <= 180 and abs(lat) <= MAX_LATITUDE):
        raise CityError(f"{feature.where}: centre ({lon}, {lat}) is outside lon -180..180, lat -84..84 degrees")
    return lon, lat


def _circle(properties: Properties, lon: float, lat: float, population: int | None) -> MultiPolygon:
    metres = properties.number("radius_m") if properties.has("radius_m") else radius_m(population)
    if not 0 < metres <= MAX_REACH_M:
        raise CityError(
            f"{properties.where}: radius_m is {metres}; it must be above 0 and at most {MAX_REACH_M:.0f} metres"
        )
    return circle(lon, lat, metres)


def _check_ids(cities: Sequence[City], path: Path) -> None:
    """Raise CityError if two cities have the same id."""
    seen: set[int] = set()
    for city in cities:
        if city.city_id in seen:
            raise CityError(f"city_id {city.city_id} occurs twice in {path}; give every city a unique id")
        seen.add(city.city_id)


def _check_countries(cities: Sequence[City], path: Path) -> None:
    """Raise CityError if cities of a country differ in the name of the country or in its continent."""
    first: dict[str, City] = {}
    for city in cities:
        other = first.setdefault(city.country_code, city)
        for key in ("country", "continent"):
            if getattr(city, key) != getattr(other, key):
                raise CityError(
                    f"{path}: {key} of {city.country_code} is {getattr(other, key)!r} for {other.name} and "
                    f"{getattr(city, key)!r} for {city.name}; a country has one name and one continent, give the same"
                )
