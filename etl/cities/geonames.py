"""The packaged GeoNames cities of at least 100,000 people, and the choice among them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import pandas as pd
import shapely
from shapely import MultiPolygon

from etl.cities.city import City
from etl.cities.extent import circle, radius_m
from etl.errors import CityError


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
    return [
        City(**row, extent=circle(row["lon"], row["lat"], radius_m(row["population"])), is_synthetic=False)
        for row in geonames_table().to_dict("records")
    ]


def other_names(city_id: int) -> str:
    """Return the other names of a GeoNames city, separated by ``|``; none for a city that is not in the table."""
    names = geonames_table().set_index("city_id")["other_names"]
    return str(names.get(city_id, ""))


@cache
def geonames_table() -> pd.DataFrame:
    """Return the GeoNames cities of at least 100,000 people, one row each, without extents; read-only."""
    packed = files("etl").joinpath("data/cities.csv.gz").read_bytes()
    return pd.read_csv(io.BytesIO(packed), compression="gzip", keep_default_na=False)  # NA is Namibia


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


def with_urban_areas(cities: Sequence[City], areas: Sequence[MultiPolygon]) -> list[City]:
    """Replace the extent of each city whose centre lies in an urban area (EPSG:4326) by the smallest such area."""
    tree = shapely.STRtree(list(areas))
    centres = shapely.points([city.lon for city in cities], [city.lat for city in cities])
    of_city, of_area = tree.query(centres, predicate="within")
    area_of: dict[int, int] = {}
    for c, a in zip(of_city.tolist(), of_area.tolist(), strict=True):
        smaller = c not in area_of or areas[a].area < areas[area_of[c]].area
        area_of[c] = a if smaller else area_of[c]
    return [replace(city, extent=areas[area_of[i]]) if i in area_of else city for i, city in enumerate(cities)]
