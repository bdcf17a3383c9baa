"""The app factory: blueprints, errors, compression."""

from typing import Any

from apiflask import APIFlask
from flask_compress import Compress
from werkzeug.middleware.proxy_fix import ProxyFix

from db.settings import Settings
from webapp import (
    api,
    caching,
    docs,
    headers,
    imagery,
    limits,
    openapi,
    pages,
    problems,
    request_log,
    search,
    tile_cache,
    tiles,
    umap,
)
from webapp.database import EXTENSION, Database

MAX_REQUEST_BYTES = 64 * 1024
COMPRESSED_TYPES = [
    "text/html",
    "text/css",
    "text/javascript",
    "image/svg+xml",
    "application/json",
    problems.CONTENT_TYPE,
    "application/geo+json",
    "text/csv",
    tiles.MVT,
    umap.BINARY,
]


class App(APIFlask):
    """An app without coroutines."""

    def ensure_sync(self, func: Any) -> Any:
        """The function itself: Flask would look for a coroutine behind every hook of every request."""
        return func


def create_app(settings: Settings) -> APIFlask:
    """See webapp.create_app."""
    app = App(
        "webapp",
        title="terrakin",
        version="1",
        spec_path="/api/openapi.json",
        docs_path=None,  # its page loads scripts from a CDN
        static_folder=None,  # type: ignore[arg-type]  # webapp.pages sends the built files
    )
    imagery.check(settings)
    app.config.update(
        TERRAKIN_SETTINGS=settings,
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        COMPRESS_ALGORITHM=caching.PACKINGS,
        COMPRESS_MIMETYPES=COMPRESSED_TYPES,
    )
    app.extensions[EXTENSION] = Database(settings)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    app.extensions[tile_cache.EXTENSION] = tile_cache.TileCache()
    problems.install(app)
    for module in (api, search, umap, tiles, docs, pages):
        app.register_blueprint(module.blueprint)
    # What comes before a view runs in this order, what comes after it in reverse: logged is what was sent, compressed
    # what is complete.
    request_log.install(app)
    headers.install(app)
    limits.install(app, settings)
    Compress(app)
    app.spec_processor(openapi.complete)
    return app
