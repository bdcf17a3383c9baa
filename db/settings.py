"""Settings from environment variables; no other module reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from db.errors import SettingsError

HOME_NAME = ".terrakin"
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Read by Prometheus's client library when it is imported."""
DEFAULT_HTTP_TIMEOUT_S = 60
DEFAULT_FIRST_PORT = 5440
LAST_PORT = 65535


@dataclass(frozen=True)
class Settings:
    """The configuration of this process.

    Attributes:
        home: folder of the private cluster, the work files and the demo.
        database_url: libpq URL of an external server; None means the private cluster under ``home``.
        reader_url: libpq URL of the web app for an external server; None means ``database_url`` with the role
            ``terrakin_reader``.
        imagery: default imagery of the map: ``eox``, ``mapbox``, ``esri`` or ``none``.
        mapbox_token: the operator's Mapbox token; it is sent to every browser, as Mapbox expects.
        tiles_url: base URL of the vector tiles: a path on this server, or the URL of Martin.
        rate_limit: requests per client address, such as ``600/minute``; ``none`` disables all limits.
        picture_rate_limit: the same for vector tiles and thumbnails, of which a page requests dozens.
        upload_rate_limit: the same for uploaded chips.
        rate_limit_storage: where requests are counted: ``memory://`` (per worker) or ``redis://...``.
        proxies: number of trusted proxies that report the client's address (X-Forwarded-For).
        http_timeout_s: seconds after which a request for imagery is cancelled and repeated.
    """

    home: Path
    database_url: str | None = None
    reader_url: str | None = None
    imagery: str = "eox"
    mapbox_token: str | None = None
    tiles_url: str = "/tiles"
    rate_limit: str = "600/minute"
    picture_rate_limit: str = "6000/minute"
    upload_rate_limit: str = "10/minute"
    rate_limit_storage: str = "memory://"
    proxies: int = 0
    http_timeout_s: int = DEFAULT_HTTP_TIMEOUT_S


def read_settings() -> Settings:
    """Return the settings from ``DATABASE_URL`` and ``TERRAKIN_*`` (see docs/operator.md); empty means unset.

    Raises:
        SettingsError: TERRAKIN_HTTP_TIMEOUT_S is not a positive whole number.
    """
    home = os.environ.get("TERRAKIN_HOME")
    return Settings(
        home=Path(home).absolute() if home else _nearest_home(Path.cwd()),
        database_url=os.environ.get("DATABASE_URL") or None,
        reader_url=os.environ.get("TERRAKIN_READER_URL") or None,
        imagery=os.environ.get("TERRAKIN_IMAGERY") or Settings.imagery,
        mapbox_token=os.environ.get("TERRAKIN_MAPBOX_TOKEN") or None,
        tiles_url=os.environ.get("TERRAKIN_MAP_TILES_URL") or Settings.tiles_url,
        rate_limit=os.environ.get("TERRAKIN_RATE_LIMIT") or Settings.rate_limit,
        picture_rate_limit=os.environ.get("TERRAKIN_PICTURE_RATE_LIMIT") or Settings.picture_rate_limit,
        upload_rate_limit=os.environ.get("TERRAKIN_UPLOAD_RATE_LIMIT") or Settings.upload_rate_limit,
        rate_limit_storage=os.environ.get("TERRAKIN_RATE_LIMIT_STORAGE") or Settings.rate_limit_storage,
        proxies=_count(os.environ.get("TERRAKIN_PROXIES")),
        http_timeout_s=_seconds(os.environ.get("TERRAKIN_HTTP_TIMEOUT_S") or str(DEFAULT_HTTP_TIMEOUT_S)),
    )


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"TERRAKIN_HTTP_TIMEOUT_S is {text!r}; set it to whole seconds, 1 or more")
    return int(text)


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment for a child process with the same database and files."""
    settings_variables = {
        "TERRAKIN_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url or "",
        "TERRAKIN_READER_URL": settings.reader_url or "",
    }
    return environment_with(settings_variables)


def first_port() -> int:
    """Return the lowest TCP port that a private cluster may take: ``TERRAKIN_FIRST_PORT``, or 5440.

    Raises:
        SettingsError: it is not a port that a server without root's rights can listen on.
    """
    text = os.environ.get("TERRAKIN_FIRST_PORT") or str(DEFAULT_FIRST_PORT)
    if not text.isdecimal() or not 1024 <= int(text) <= LAST_PORT:
        raise SettingsError(f"TERRAKIN_FIRST_PORT is {text!r}; set it to a port from 1024 to {LAST_PORT}")
    return int(text)


def metrics_folder() -> Path | None:
    """Return the folder in which the processes of a web server share Prometheus metrics; None if they share none."""
    folder = os.environ.get(METRICS_VARIABLE)
    return Path(folder) if folder else None


def share_metrics(folder: Path) -> None:
    """Share metrics with child processes in a folder; call this before prometheus_client is imported."""
    os.environ[METRICS_VARIABLE] = str(folder)


def _count(text: str | None) -> int:
    """Return a count; anything else counts as 0, the safe number of proxies to trust."""
    return int(text) if text and text.isdecimal() else 0


def _nearest_home(start: Path) -> Path:
    """Return the ``.terrakin`` of the nearest folder upwards that has one, else that of ``start``."""
    for folder in (start, *start.parents):
        if (folder / HOME_NAME).is_dir():
            return folder / HOME_NAME
    return start / HOME_NAME


def environment_with(added: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of this process with further variables, for a program that it starts."""
    return {**os.environ, **added}
