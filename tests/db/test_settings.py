"""Settings from the environment."""

from pathlib import Path

import pytest

from db.errors import SettingsError
from db.settings import Settings, first_port, read_settings

VARIABLES = ("TERRAKIN_HOME", "DATABASE_URL", "TERRAKIN_READER_URL")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_are_a_home_in_this_folder_and_the_private_cluster(tmp_path: Path) -> None:
    assert read_settings() == Settings(tmp_path / ".terrakin", None, None)


def test_the_home_is_the_nearest_one_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / ".terrakin").mkdir()
    monkeypatch.chdir(deep)
    assert read_settings().home == tmp_path / ".terrakin"
    (tmp_path / "a" / ".terrakin").mkdir()
    assert read_settings().home == tmp_path / "a" / ".terrakin"


def test_variables_take_precedence_and_a_relative_home_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, text in zip(
        VARIABLES, ("here", "postgresql://owner@host/d", "postgresql://reader@host/d"), strict=True
    ):
        monkeypatch.setenv(variable, text)
    assert read_settings() == Settings(tmp_path / "here", "postgresql://owner@host/d", "postgresql://reader@host/d")


def test_an_empty_variable_counts_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")
    assert read_settings() == Settings(tmp_path / ".terrakin", None, None)


def test_a_timeout_must_be_whole_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAKIN_HTTP_TIMEOUT_S", "5")
    assert read_settings().http_timeout_s == 5
    for text in ("0", "-1", "1.5", "soon"):
        monkeypatch.setenv("TERRAKIN_HTTP_TIMEOUT_S", text)
        with pytest.raises(SettingsError, match=f"TERRAKIN_HTTP_TIMEOUT_S is '{text}'"):
            read_settings()


def test_the_first_port_must_be_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAKIN_FIRST_PORT", "")
    assert first_port() == 5440
    monkeypatch.setenv("TERRAKIN_FIRST_PORT", "6000")
    assert first_port() == 6000
    for text in ("0", "80", "65536", "-1", "any"):
        monkeypatch.setenv("TERRAKIN_FIRST_PORT", text)
        with pytest.raises(SettingsError, match=f"TERRAKIN_FIRST_PORT is '{text}'"):
            first_port()


def test_settings_of_the_map_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "IMAGERY": "esri", "MAPBOX_TOKEN": "pk", "MAP_TILES_URL": "https://t", "RATE_LIMIT": "1/second",
        "PICTURE_RATE_LIMIT": "2/second", "UPLOAD_RATE_LIMIT": "3/second", "RATE_LIMIT_STORAGE": "redis://r",
        "PROXIES": "2",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TERRAKIN_{name}", value)
    settings = read_settings()
    assert settings == Settings(
        settings.home, settings.database_url, settings.reader_url, "esri", "pk", "https://t", "1/second", "2/second",
        "3/second", "redis://r", 2,
    )  # fmt: skip
