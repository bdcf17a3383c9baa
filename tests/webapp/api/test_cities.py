from flask.testing import FlaskClient

from tests.builders.towns import TOWNS
from tests.webapp.problem import assert_problem


def test_cities_are_listed_in_pages(client: FlaskClient) -> None:
    first = client.get("/api/v1/cities?limit=3").get_json()
    second = client.get(f"/api/v1/cities?limit=3&offset={first['next']}").get_json()
    assert (first["total"], second["total"], second["next"]) == (5, 5, None)
    assert [city["city"] for city in first["cities"] + second["cities"]] == sorted(town.name for town in TOWNS)
    beyond = client.get("/api/v1/cities?offset=100").get_json()
    assert beyond == {"total": 5, "cities": [], "next": None}


def test_a_city_is_the_same_in_the_list_and_by_its_id(client: FlaskClient) -> None:
    for city in client.get("/api/v1/cities").get_json()["cities"]:
        assert client.get(f"/api/v1/cities/{city['city_id']}").get_json() == city
        west, south, east, north = city["bounds"]
        assert west < city["lon"] < east
        assert south < city["lat"] < north
        assert (city["n_tiles"], city["is_synthetic"], city["valid_share"]) == (9, True, 1)
        assert (city["period"], city["is_date_known"]) == ("2024-06-01/2024-08-31", True)
        assert (city["licences"], city["attributions"]) == (["CC0-1.0"], ["Made by terrakin", "Not observed"])
    assert_problem(client.get("/api/v1/cities/7"), 404, "city 7", "/api/v1/cities?q=")


def test_a_city_is_found_by_part_of_its_name(client: FlaskClient) -> None:
    assert [c["city_id"] for c in client.get("/api/v1/cities?q=BÉTAh").get_json()["cities"]] == [-2]
    assert client.get("/api/v1/cities?q=%25").get_json()["total"] == 0


def test_countries_are_those_with_tiles(client: FlaskClient) -> None:
    expected = [
        {"code": t.country_code, "name": t.country, "continent": t.continent, "n_cities": 1, "n_tiles": 9}
        for t in sorted(TOWNS, key=lambda town: town.country)
    ]
    assert client.get("/api/v1/countries").get_json()["countries"] == expected
