"""GeoNames' cities, read once."""

import pytest

from etl.cities.city import City
from etl.cities.geonames import geonames_cities


@pytest.fixture(scope="session")
def table() -> list[City]:
    return geonames_cities()
