"""Cities from a table: the packaged GeoNames cities of at least 100,000 people, or a user's CSV.

A city without a polygon gets a circle, whose radius is given in the table or derived from the population.
"""

import csv
import gzip
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.affinity import translate

from etl.cities.city import GEOD, MAX_REACH_M, City, check_ids, city_of
from etl.errors import CityError

AREA_KM2 = 80.0
AREA_EXPONENT = 0.65
"""A city of 100,000 people covers 80 km2, and area grows with population to the power of 0.65: least squares in
logarithms over 286 cities with known extents (r = 0.66)."""
CIRCLE_POINTS = 64
NUMBERS: dict[str, Callable[[str], Any]] = {
    "city_id": int,
    "population": int,
    "lon": float,
    "lat": float,
    "radius_m": float,
}
REQUIRED = ("city_id", "name", "country_code", "country", "continent", "lon", "lat")


@dataclass(frozen=True)
class Selection:
    """Which cities of a table to choose.

    Attributes:
        per_country: maximum number of cities per country, the largest first.
        at_least: minimum number of cities in all; more per country are chosen to reach it.
        min_population: minimum population; 0 includes cities of unknown population.
        countries: only these countries (ISO 3166-1 alpha-2 codes); empty for all.
        continents: only these continents (English names); empty for all.
    """

    per_country: int = 5
    at_least: int = 200
    min_population: int = 100_000
    countries: tuple[str, ...] = ()
    continents: tuple[str, ...] = ()


def geonames_cities() -> list[City]:
    """Return the GeoNames cities of at least 100,000 people, each with a circle as its extent."""
    packed = files("etl").joinpath("data/cities.csv.gz").read_bytes()
    return _read(gzip.decompress(packed).decode(), "GeoNames' table")


def read_city_table(path: Path) -> list[City]:
    """Read the cities of a CSV file with the columns ``REQUIRED`` and perhaps population, radius_m, wkt, period.

    The extent is wkt (Polygon or MultiPolygon, EPSG:4326), else a circle of radius_m metres, else one by population.

    Raises:
        CityError: a column or a value is missing or wrong; the text gives the file and the line.
    """
    try:
        return _read(path.read_text(encoding="utf-8-sig"), str(path))
    except OSError as error:
        raise CityError(f"cannot read the city file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CityError(f"the city file {path} is not UTF-8 ({error}); save it as UTF-8") from error


def pick(cities: Sequence[City], selection: Selection) -> list[City]:
    """Return the selected cities, by city_id; fewer than ``at_least`` only if there are no more.

    Raises:
        CityError: a country or continent has no city in the table, or no city matches.
    """
    for kind, wanted, known in (
        ("country", selection.countries, {city.country_code for city in cities}),
        ("continent", selection.continents, {city.continent for city in cities}),
    ):
        unknown = sorted(set(wanted) - known)
        if unknown:
            raise CityError(
                f"no city of the table is in {kind} {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            )
    eligible = [
        city
        for city in cities
        if (city.population or 0) >= selection.min_population
        and (not selection.countries or city.country_code in selection.countries)
        and (not selection.continents or city.continent in selection.continents)
    ]
    if not eligible:
        raise CityError(
            f"no city of the table matches {selection}; allow smaller cities, more countries or more continents"
        )
    eligible.sort(key=lambda city: (-(city.population or 0), city.city_id))
    rank_in_country: dict[int, int] = {}
    seen: dict[str, int] = {}
    for city in eligible:
        rank_in_country[city.city_id] = seen[city.country_code] = seen.get(city.country_code, 0) + 1
    # A stable sort: cities of the same rank in their countries stay in the order of their size.
    eligible.sort(key=lambda city: rank_in_country[city.city_id])
    n_within = sum(rank <= selection.per_country for rank in rank_in_country.values())
    return sorted(eligible[: max(n_within, selection.at_least)], key=lambda city: city.city_id)


def with_urban_areas(cities: Sequence[City], areas: Sequence[Polygon | MultiPolygon]) -> list[City]:
    """Replace the extent of each city whose centre lies in an urban area (EPSG:4326) by the smallest such area."""
    tree = shapely.STRtree(list(areas))
    centres = shapely.points([city.lon for city in cities], [city.lat for city in cities])
    of_city, of_area = tree.query(centres, predicate="within")
    area_of: dict[int, int] = {}
    for c, a in zip(of_city.tolist(), of_area.tolist(), strict=True):
        smaller = c not in area_of or areas[a].area < areas[area_of[c]].area
        area_of[c] = a if smaller else area_of[c]
    return [replace(city, extent=_multi(areas[area_of[i]])) if i in area_of else city for i, city in enumerate(cities)]


def radius_m(population: int | None) -> float:
    """Return the radius in metres of the circle for a city; an unknown population counts as 100,000."""
    area_km2 = AREA_KM2 * ((population or 100_000) / 100_000) ** AREA_EXPONENT
    return math.sqrt(area_km2 / math.pi) * 1000


def circle(lon: float, lat: float, radius_m: float) -> MultiPolygon:
    """Return a geodesic circle as a 64-gon in EPSG:4326, in two parts if it crosses the antimeridian."""
    azimuths = np.linspace(0, 360, CIRCLE_POINTS, endpoint=False)
    n = len(azimuths)
    ring_lon, ring_lat, _ = GEOD.fwd([lon] * n, [lat] * n, azimuths, [radius_m] * n)
    continuous = lon + (np.asarray(ring_lon) - lon + 180) % 360 - 180
    whole = Polygon(zip(continuous, ring_lat, strict=True))
    parts = [translate(whole.intersection(shapely.box(w, -90, w + 360, 90)), -180 - w) for w in (-540, -180, 180)]
    return _multi(shapely.union_all([part for part in parts if part.area > 0]))


def _multi(area: Any) -> MultiPolygon:
    return area if isinstance(area, MultiPolygon) else MultiPolygon([area])


def _read(text: str, name: str) -> list[City]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [column for column in REQUIRED if column not in (reader.fieldnames or ())]
    if missing:
        raise CityError(f"{name} has no column {', '.join(missing)}; its first line must name {', '.join(REQUIRED)}")
    cities = [_city(row, f"{name}, line {reader.line_num}") for row in reader]
    if not cities:
        raise CityError(f"{name} has no cities; give at least one line")
    check_ids(cities, name)
    return cities


def _city(row: dict[str, str], where: str) -> City:
    properties: dict[str, Any] = {key: value for key, value in row.items() if key not in NUMBERS}
    for key, number in NUMBERS.items():
        try:
            properties[key] = number(row[key]) if row.get(key) else None
        except ValueError as error:
            raise CityError(f"{where}: {key} is {row[key]!r}; it must be a number") from error
    return city_of({"properties": properties, "geometry": _geometry(properties, where)}, where)


def _geometry(properties: dict[str, Any], where: str) -> dict[str, Any] | None:
    if properties.get("wkt"):
        try:
            return dict(shapely.geometry.mapping(shapely.from_wkt(properties["wkt"])))
        except shapely.errors.ShapelyError as error:
            raise CityError(f"{where}: wkt is unreadable ({error}); give POLYGON(...) or MULTIPOLYGON(...)") from error
    lon, lat, metres = properties["lon"], properties["lat"], properties["radius_m"]
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None  # city_of raises for the centre
    metres = radius_m(properties["population"]) if metres is None else metres
    if not 0 < metres <= MAX_REACH_M:
        raise CityError(f"{where}: radius_m is {metres}; it must be above 0 and at most {MAX_REACH_M:.0f} metres")
    return dict(shapely.geometry.mapping(circle(lon, lat, metres)))
