import psycopg
import pytest
from apiflask import APIFlask

from db.settings import Settings, read_settings
from webapp.database import EXTENSION


def test_the_app_cannot_write(app: APIFlask) -> None:
    with app.app_context(), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        app.extensions[EXTENSION].rows("DELETE FROM terrakin.tiles")


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "IMAGERY": "esri", "MAPBOX_TOKEN": "pk", "TILES_URL": "https://t", "RATE_LIMIT": "1/second",
        "PICTURE_RATE_LIMIT": "2/second", "UPLOAD_RATE_LIMIT": "3/second", "RATE_LIMIT_STORAGE": "redis://r",
        "PROXIES": "2",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TERRAKIN_{name}", value)
    settings = read_settings()
    assert settings == Settings(
        settings.home, settings.database_url, settings.reader_url, "esri", "pk", "https://t", "1/second", "2/second",
        "3/second", "redis://r", 2,
    )  # fmt: skip
