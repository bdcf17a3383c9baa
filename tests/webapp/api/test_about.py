from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from db.settings import Settings
from tests.builders.towns import TownDatabase
from webapp import create_app
from webapp.database import EXTENSION
from webapp.errors import ServerError


def test_the_configuration_contains_the_operators_settings(towns: TownDatabase) -> None:
    settings = replace(towns.settings, imagery="none", mapbox_token="pk.abc", tiles_url="https://martin.example/tiles")
    answer = create_app(settings).test_client().get("/api/v1/config").get_json()
    imagery = {provider["id"]: provider for provider in answer["imagery"]}
    assert set(imagery) == {"eox", "mapbox", "esri", "none"}
    assert (answer["default_imagery"], answer["tiles_url"]) == ("none", "https://martin.example/tiles")
    assert imagery["mapbox"]["tiles_url"].endswith("access_token=pk.abc")
    assert imagery["mapbox"]["needs_token"] is False
    assert imagery["none"]["tiles_url"] is None


def test_without_an_operators_token_mapbox_needs_one_from_the_user(client: FlaskClient) -> None:
    answer = client.get("/api/v1/config").get_json()
    needing = {provider["id"]: provider["tiles_url"] for provider in answer["imagery"] if provider["needs_token"]}
    assert list(needing) == ["mapbox"]
    assert "{token}" in needing["mapbox"]
    assert (answer["default_imagery"], answer["tiles_url"]) == ("eox", "/tiles")


def test_unknown_imagery_is_an_error_with_the_choices(towns: TownDatabase) -> None:
    with pytest.raises(ServerError, match=r"TERRAKIN_IMAGERY.*'bing'.*eox, mapbox, esri, none"):
        create_app(replace(towns.settings, imagery="bing"))


def test_the_encoder_is_described_with_counts_and_synthetic_data(client: FlaskClient) -> None:
    answer = client.get("/api/v1/encoder").get_json()
    assert (answer["name"], answer["weights"], answer["post_processing"]) == ("mosaiks", "fitted", "standardised")
    assert (answer["n_tiles"], answer["n_cities"], answer["n_countries"]) == (45, 5, 5)
    assert (answer["is_synthetic"], answer["n_synthetic_tiles"]) == (True, 45)
    assert answer["attributions"] == ["Made by terrakin", "Not observed"]
    assert answer["default_method"] == "mean"
    assert client.get(f"/api/v1/tiles/{answer['start_tile_id']}").get_json()["has_thumbnail"] is True
    others = [client.get(f"/api/v1/tiles/{tile_id}").get_json() for tile_id in answer["start_tile_ids"]]
    assert len({tile["city_id"] for tile in others}) == len(others) > 1
    assert answer["start_tile_id"] not in answer["start_tile_ids"]


def test_an_empty_database_has_no_encoder(database: Settings) -> None:
    app = create_app(database)
    answer = app.test_client().get("/api/v1/encoder").get_json()
    app.extensions[EXTENSION].close()
    assert answer["name"] is None
    assert (answer["n_tiles"], answer["start_tile_id"], answer["default_method"]) == (0, None, "mean")
    assert answer["is_synthetic"] is False
