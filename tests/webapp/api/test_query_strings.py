"""A parameter that is given twice: the values of a list, or an error, never half of the question."""

import pytest
from flask.testing import FlaskClient

from webapp.api.query_strings import LISTS


def test_the_lists_are_those_of_the_searches() -> None:
    assert {"exclude_city_ids", "countries", "exclude_countries", "continents"} == LISTS


@pytest.mark.parametrize("name", ["countries", "exclude_countries", "continents", "exclude_city_ids"])
@pytest.mark.parametrize("path", ["similar", "similar-at"])
def test_a_repeated_list_has_all_values(client: FlaskClient, tile_id: int, path: str, name: str) -> None:
    one, other, third = {"continents": ("Europe", "Asia", "Africa"), "exclude_city_ids": ("1", "2", "3")}.get(
        name, ("PT", "ES", "FR")
    )
    tile = client.get(f"/api/v1/tiles/{tile_id}").get_json()
    place = f"lon={tile['lon']}&lat={tile['lat']}" if path == "similar-at" else f"tile_id={tile_id}"
    joined = client.get(f"/api/v1/{path}?{place}&{name}={one},{other},{third}").get_json()
    repeated = client.get(f"/api/v1/{path}?{place}&{name}={one}&{name}={other},{third}").get_json()
    assert len(joined["query"][name]) == 3
    assert repeated == joined


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/similar?tile_id={0}&k=2&k=3",
        "/api/v1/similar?tile_id={0}&tile_id=7",
        "/api/v1/cities?limit=2&limit=3",
        "/api/v1/tile-at?lon=1&lon=2&lat=3",
        "/tiles/similarity/6/1/2?tile_id={0}&tile_id=7",
    ],
)
def test_a_single_value_given_twice_is_refused(client: FlaskClient, tile_id: int, path: str) -> None:
    answer = client.get(path.format(tile_id))
    assert answer.status_code == 422
    assert "given more than once" in answer.get_json()["detail"]
