"""Cities: reading them from a GeoJSON file, validating them, and selecting them by name or id."""

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import shapely
from pyproj import Geod
from shapely import MultiPolygon, Polygon
from shapely.geometry import shape

from db.constants import CONTINENTS
from etl.errors import CityError, PeriodError
from etl.period import Period

T = TypeVar("T", int, float, str)

MAX_LATITUDE = 84.0
"""Limit of UTM, and of Sentinel-2 imagery of land (degrees)."""

MAX_REACH_M = 200_000.0
"""Maximum distance of an extent from its centre. A city at the edge of its zone is 3 degrees from the central meridian;
a tile 200 km further on is stretched by at most 0.32 % (PROJ's scale factor on the equator)."""

GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class City:
    """A city and the area whose tiles are computed.

    Attributes:
        city_id: GeoNames id; negative for a synthetic town, and for a place that has none.
        name: English name.
        country_code: ISO 3166-1 alpha-2.
        country: English name of the country.
        continent: one of ``CONTINENTS``.
        population: number of inhabitants; None if unknown.
        lon: longitude of the centre, degrees, EPSG:4326.
        lat: latitude of the centre, degrees, EPSG:4326.
        extent: area in EPSG:4326.
        is_synthetic: True for a synthetic town.
        period: days of its scenes; None if the city file gives none.
    """

    city_id: int
    name: str
    country_code: str
    country: str
    continent: str
    population: int | None
    lon: float
    lat: float
    extent: MultiPolygon
    is_synthetic: bool
    period: Period | None = None


def read_cities(path: Path) -> list[City]:
    """Read the cities of a GeoJSON FeatureCollection (EPSG:4326) whose properties are named as the attributes of City.

    ``population`` and ``period`` ("2024-06-01/2024-08-31") may be null or missing, ``is_synthetic`` missing (false);
    the geometry is a Polygon or MultiPolygon.

    Raises:
        CityError: the file cannot be read or is not GeoJSON, a property is missing or of the wrong type, a polygon is
            invalid, or an id is not unique.
    """
    features = _features(path)
    cities = [city_of(feature, f"{path}, feature {i}") for i, feature in enumerate(features)]
    if not cities:
        raise CityError(f"the city file {path} has no cities; give at least one feature")
    check_ids(cities, str(path))
    return cities


def check_ids(cities: Sequence[City], where: str) -> None:
    """Raise CityError if two cities have the same id."""
    seen: set[int] = set()
    for city in cities:
        if city.city_id in seen:
            raise CityError(f"city_id {city.city_id} occurs twice in {where}; give every city a unique id")
        seen.add(city.city_id)


def read_areas(path: Path) -> list[Polygon | MultiPolygon]:
    """Read the polygons of a GeoJSON FeatureCollection (EPSG:4326), such as Natural Earth's urban areas.

    Raises:
        CityError: the file cannot be read or is not GeoJSON, or a feature is not a polygon.
    """
    geometries = [f.get("geometry") if isinstance(f, dict) else None for f in _features(path)]
    return [_extent(geometry, f"{path}, feature {i}") for i, geometry in enumerate(geometries)]


def select_cities(cities: Sequence[City], names: Sequence[str]) -> list[City]:
    """Return the cities with these names (ignoring case) or ids, or all of them if no name is given.

    Raises:
        CityError: a name is unknown; the text contains the closest names.
    """
    if not names:
        return list(cities)
    chosen: dict[int, City] = {}
    for name in names:
        found = [c for c in cities if name.casefold() == c.name.casefold() or name == str(c.city_id)]
        if not found:
            known = [c.name for c in cities]
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or sorted(known)[:3]
            raise CityError(f"unknown city {name!r}; did you mean {' or '.join(map(repr, near))}?")
        chosen |= {c.city_id: c for c in found}
    return list(chosen.values())


def by_period(cities: Sequence[City], default: Period | None) -> dict[Period, list[City]]:
    """Return the cities of each period, the earliest first; a city without one has the default.

    Raises:
        PeriodError: there is no default, and a city has no period.
    """
    groups: dict[Period, list[City]] = {}
    for city in cities:
        period = city.period or default
        if period is None:
            raise PeriodError(f"{city.name} ({city.city_id}) has no period; give --period, or one in the city file")
        groups.setdefault(period, []).append(city)
    return dict(sorted(groups.items(), key=lambda group: (group[0].start, group[0].end)))


def city_of(feature: Any, where: str) -> City:
    """Return the city of a GeoJSON feature; ``where`` names it in errors.

    Without ``lon`` and ``lat`` its centre is a point in its polygon.

    Raises:
        CityError: a property is missing or of the wrong type, or the polygon is invalid.
    """
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise CityError(f"{where} has no properties; see docs/operator.md")
    city_id = _property(properties, "city_id", int, where)
    lon, lat = _centre(properties, feature.get("geometry"), where)
    extent = _extent(feature.get("geometry"), where)
    _check_reach(extent, lon, lat, where)
    city = City(
        city_id=city_id,
        name=_property(properties, "name", str, where),
        country_code=_property(properties, "country_code", str, where),
        country=_property(properties, "country", str, where),
        continent=_property(properties, "continent", str, where),
        population=None if properties.get("population") is None else _property(properties, "population", int, where),
        lon=lon,
        lat=lat,
        extent=extent,
        is_synthetic=bool(properties.get("is_synthetic", False)),
        period=_period(properties.get("period"), where),
    )
    if not re.fullmatch("[A-Z]{2}", city.country_code):
        raise CityError(f"{where}: country_code {city.country_code!r} is not an ISO 3166-1 alpha-2 code such as PT")
    if city.continent not in CONTINENTS:
        raise CityError(f"{where}: continent {city.continent!r} is not one of {', '.join(CONTINENTS)}")
    return city


def _period(text: Any, where: str) -> Period | None:
    if text in (None, ""):
        return None
    try:
        return Period.parse(str(text))
    except ValueError as error:
        raise CityError(f"{where}: period {error}") from error


def _centre(properties: dict[str, Any], geometry: Any, where: str) -> tuple[float, float]:
    if not {"lon", "lat"} & properties.keys():
        inside = _extent(geometry, where).representative_point()
        properties = {"lon": inside.x, "lat": inside.y}
    lon, lat = (_property(properties, key, float, where) for key in ("lon", "lat"))
    if not (-180 <= lon <= 180 and abs(lat) <= MAX_LATITUDE):
        raise CityError(f"{where}: centre ({lon}, {lat}) is outside lon -180..180, lat -84..84 degrees")
    return lon, lat


def _features(path: Path) -> list[Any]:
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise CityError(f"cannot read the city file {path}: {error.strerror}") from error
    except ValueError as error:
        raise CityError(f"the city file {path} is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise CityError(f"the city file {path} is not a GeoJSON FeatureCollection")
    features: list[Any] = document.get("features", [])
    return features


def _property(properties: dict[str, Any], key: str, kind: type[T], where: str) -> T:
    value: Any = properties.get(key)
    is_kind = isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
    if not is_kind or value == "":
        raise CityError(f"{where}: property {key!r} is {value!r}; it must be {kind.__name__}")
    return kind(value)


def _extent(geometry: Any, where: str) -> MultiPolygon:
    try:
        area = shape(geometry)
    except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
        raise CityError(f"{where} has no readable geometry ({error}); give a Polygon or MultiPolygon") from error
    if isinstance(area, Polygon):
        area = MultiPolygon([area])
    if not isinstance(area, MultiPolygon) or area.is_empty:
        raise CityError(f"{where} has a {area.geom_type}; give a Polygon or MultiPolygon that is not empty")
    if not area.is_valid:
        raise CityError(f"{where} has an invalid polygon ({shapely.is_valid_reason(area)}); fix it in QGIS")
    west, south, east, north = area.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise CityError(f"{where} lies outside lon -180..180, lat -90..90; is it in EPSG:4326?")
    return area


def _check_reach(extent: MultiPolygon, lon: float, lat: float, where: str) -> None:
    """Raise CityError if an extent reaches so far from the centre that one UTM zone distorts it."""
    corners = shapely.get_coordinates(extent)
    n = len(corners)
    reach_m = max(GEOD.inv([lon] * n, [lat] * n, corners[:, 0], corners[:, 1])[2])
    if round(reach_m) > MAX_REACH_M:
        raise CityError(
            f"{where} reaches {reach_m / 1000:,.0f} km from its centre ({lon}, {lat}), more than "
            f"{MAX_REACH_M / 1000:,.0f} km, but its tiles lie in one UTM zone; split the city, or correct the centre"
        )
