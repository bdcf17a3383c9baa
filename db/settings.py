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
    """

    home: Path
    database_url: str | None = None
    reader_url: str | None = None


def read_settings() -> Settings:
    """Settings from ``TERRAKIN_HOME``, ``DATABASE_URL`` and ``TERRAKIN_READER_URL``; empty means unset."""
    home = os.environ.get("TERRAKIN_HOME")
    return Settings(
        home=Path(home).absolute() if home else _nearest_home(Path.cwd()),
        database_url=os.environ.get("DATABASE_URL") or None,
        reader_url=os.environ.get("TERRAKIN_READER_URL") or None,
    )


def _nearest_home(start: Path) -> Path:
    """The ``.terrakin`` of the nearest folder upwards that has one, else that of ``start``."""
    for folder in (start, *start.parents):
        if (folder / HOME_NAME).is_dir():
            return folder / HOME_NAME
    return start / HOME_NAME
