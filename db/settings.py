"""Where terrakin keeps its files and which database it uses: the only reader of the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from db.errors import SettingsError

HOME_NAME = ".terrakin"
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Prometheus's own name: its client reads it when it is imported."""
DEFAULT_HTTP_TIMEOUT_S = 60


@dataclass(frozen=True)
class Settings:
    """How this process is configured.

    Attributes:
        home: folder of the private cluster, the work files and the demo.
        database_url: libpq URL of an external server; None means the private cluster under ``home``.
        reader_url: libpq URL that the web app reads an external server with; None means ``database_url`` with
            the role ``terrakin_reader`` set.
        imagery: the map's imagery at first: ``eox``, ``mapbox``, ``esri`` or ``none``.
        mapbox_token: the operator's token for Mapbox; it is sent to every browser, as Mapbox wants it.
        tiles_url: where browsers get vector tiles: this server's own, or the address of Martin.
        rate_limit: answers that an address may ask the web app for: ``600/minute``; ``none``: no limits at all.
        picture_rate_limit: the same for vector tiles and thumbnails, which a page asks for by the dozen.
        upload_rate_limit: the same for uploaded chips.
        rate_limit_storage: where they are counted: ``memory://`` (each worker by itself), ``redis://...``.
        proxies: how many proxies before the web app tell the client's address (X-Forwarded-For).
        http_timeout_s: a request for imagery that takes more seconds is given up, and made again.
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
    """Settings from ``DATABASE_URL`` and the variables ``TERRAKIN_*`` (docs/operator.md); empty means unset.

    Raises:
        SettingsError: TERRAKIN_HTTP_TIMEOUT_S is no whole number of seconds.
    """
    home = os.environ.get("TERRAKIN_HOME")
    return Settings(
        home=Path(home).absolute() if home else _nearest_home(Path.cwd()),
        database_url=os.environ.get("DATABASE_URL") or None,
        reader_url=os.environ.get("TERRAKIN_READER_URL") or None,
        imagery=os.environ.get("TERRAKIN_IMAGERY") or Settings.imagery,
        mapbox_token=os.environ.get("TERRAKIN_MAPBOX_TOKEN") or None,
        tiles_url=os.environ.get("TERRAKIN_TILES_URL") or Settings.tiles_url,
        rate_limit=os.environ.get("TERRAKIN_RATE_LIMIT") or Settings.rate_limit,
        picture_rate_limit=os.environ.get("TERRAKIN_PICTURE_RATE_LIMIT") or Settings.picture_rate_limit,
        upload_rate_limit=os.environ.get("TERRAKIN_UPLOAD_RATE_LIMIT") or Settings.upload_rate_limit,
        rate_limit_storage=os.environ.get("TERRAKIN_RATE_LIMIT_STORAGE") or Settings.rate_limit_storage,
        proxies=_count(os.environ.get("TERRAKIN_PROXIES")),
        http_timeout_s=_seconds(os.environ.get("TERRAKIN_HTTP_TIMEOUT_S") or str(DEFAULT_HTTP_TIMEOUT_S)),
    )


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"TERRAKIN_HTTP_TIMEOUT_S is {text!r}; it must be whole seconds, 1 or more")
    return int(text)


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a child process that is to use this database and these files."""
    own = {
        "TERRAKIN_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url or "",
        "TERRAKIN_READER_URL": settings.reader_url or "",
    }
    return {**os.environ, **own}


def metrics_folder() -> Path | None:
    """Where the processes of one web server share their Prometheus counters; None in a process of its own."""
    folder = os.environ.get(METRICS_VARIABLE)
    return Path(folder) if folder else None


def share_metrics(folder: Path) -> None:
    """Let this process and its children count in a folder; call before prometheus_client is imported."""
    os.environ[METRICS_VARIABLE] = str(folder)


def _count(text: str | None) -> int:
    """A number of things; what is none counts as 0, the safe number of proxies to believe."""
    return int(text) if text and text.isdecimal() else 0


def _nearest_home(start: Path) -> Path:
    """The ``.terrakin`` of the nearest folder upwards that has one, else that of ``start``."""
    for folder in (start, *start.parents):
        if (folder / HOME_NAME).is_dir():
            return folder / HOME_NAME
    return start / HOME_NAME
