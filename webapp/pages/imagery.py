"""The satellite imagery that the map can show behind the tiles: providers, addresses, attributions."""

from typing import Literal

from db.settings import Settings
from webapp.database import Row
from webapp.errors import ServerError

ImageryId = Literal["eox", "mapbox", "esri", "none"]

TOKEN = "{token}"
"""Placeholder for the user's token in an address."""

PROVIDERS: dict[ImageryId, Row] = {
    "eox": {
        "name": "Sentinel-2 cloudless 2024",
        "tiles_url": "https://tiles.maps.eox.at/wmts/1.0.0/s2cloudless-2024_3857/default/g/{z}/{y}/{x}.jpg",
        "attribution": '<a href="https://s2maps.eu">Sentinel-2 cloudless</a> by <a href="https://eox.at">EOX</a>'
        " (modified Copernicus Sentinel data 2024), CC BY-NC-SA 4.0",
        "max_zoom": 15,
    },
    "mapbox": {
        "name": "Mapbox Satellite",
        "tiles_url": f"https://api.mapbox.com/v4/mapbox.satellite/{{z}}/{{x}}/{{y}}@2x.jpg90?access_token={TOKEN}",
        "attribution": '© <a href="https://www.mapbox.com/about/maps/">Mapbox</a> © Maxar',
        "max_zoom": 19,
    },
    "esri": {
        "name": "Esri World Imagery",
        "tiles_url": "https://server.arcgisonline.com/ArcGIS/rest/services/World_Imagery/MapServer/tile/{z}/{y}/{x}",
        "attribution": "Esri, Maxar, Earthstar Geographics, and the GIS User Community",
        "max_zoom": 18,
    },
    "none": {"name": "No imagery", "tiles_url": None, "attribution": "", "max_zoom": 0},
}


def check(settings: Settings) -> None:
    """Raise if the configured imagery is unknown.

    Raises:
        ServerError: TERRAKIN_IMAGERY names an unknown provider.
    """
    if settings.imagery not in PROVIDERS:
        raise ServerError(f"TERRAKIN_IMAGERY is {settings.imagery!r}; choose one of {', '.join(PROVIDERS)}")


def config(settings: Settings) -> Row:
    """Return the fields of webapp.api.models.about.Config: all providers, with the operator's token filled in."""
    return {
        "imagery": [_provider(name, settings.mapbox_token) for name in PROVIDERS],
        "default_imagery": settings.imagery,
        "tiles_url": settings.tiles_url,
    }


def _provider(name: ImageryId, token: str | None) -> Row:
    found = PROVIDERS[name]
    url = found["tiles_url"] or ""
    if token:
        url = url.replace(TOKEN, token)
    return {"id": name, **found, "tiles_url": url or None, "needs_token": TOKEN in url}
