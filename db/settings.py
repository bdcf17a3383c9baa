"""Where terrakin keeps its files and which database it uses: the only reader of the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

HOME_NAME = ".terrakin"


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
    """

    home: Path
    database_url: str | None = None
    reader_url: str | None = None
    imagery: str = "eox"
    mapbox_token: str | None = None
    tiles_url: str = "/tiles"


def read_settings() -> Settings:
    """Settings from ``DATABASE_URL`` and the variables ``TERRAKIN_*`` (docs/operator.md); empty means unset."""
    home = os.environ.get("TERRAKIN_HOME")
    return Settings(
        home=Path(home).absolute() if home else _nearest_home(Path.cwd()),
        database_url=os.environ.get("DATABASE_URL") or None,
        reader_url=os.environ.get("TERRAKIN_READER_URL") or None,
        imagery=os.environ.get("TERRAKIN_IMAGERY") or Settings.imagery,
        mapbox_token=os.environ.get("TERRAKIN_MAPBOX_TOKEN") or None,
        tiles_url=os.environ.get("TERRAKIN_TILES_URL") or Settings.tiles_url,
    )


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a child process that is to use this database and these files."""
    own = {
        "TERRAKIN_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url or "",
        "TERRAKIN_READER_URL": settings.reader_url or "",
    }
    return {**os.environ, **own}


def _nearest_home(start: Path) -> Path:
    """The ``.terrakin`` of the nearest folder upwards that has one, else that of ``start``."""
    for folder in (start, *start.parents):
        if (folder / HOME_NAME).is_dir():
            return folder / HOME_NAME
    return start / HOME_NAME
