"""Cities, and their selection by name, id or period."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from shapely import MultiPolygon

from etl.errors import CityError, PeriodError
from etl.period import Period


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
        other_names: names in other languages and of other times, separated by ``|``.
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
    other_names: str = ""


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
