"""The app factory: blueprints, error answers, request hooks, compression."""

from typing import Any

from apiflask import APIFlask
from flask_compress import Compress
from werkzeug.middleware.proxy_fix import ProxyFix

from db.settings import Settings
from webapp import pictures
from webapp.api import about, caching, changes, cities, concepts, openapi, query_strings, search, sets, tiles, umap
from webapp.database import EXTENSION, Database
from webapp.http import headers, problems, rate_limits, request_log
from webapp.pages import docs, imagery, sharing
from webapp.pages import routes as pages
from webapp.vector_tiles import cache, routes

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
    routes.MVT,
    umap.BINARY,
]


class App(APIFlask):
    """An app without coroutines."""

    def ensure_sync(self, func: Any) -> Any:
        """Return the function itself: Flask would check every hook of every request for a coroutine."""
        return func


def create_app(settings: Settings) -> APIFlask:
    """Return the app: see webapp.create_app."""
    app = App(
        "webapp",
        title="terrakin",
        version="1",
        spec_path="/api/openapi.json",
        docs_path=None,  # APIFlask's page loads scripts from a CDN
        static_folder=None,  # type: ignore[arg-type]  # webapp.pages.routes sends the built files
    )
    imagery.check(settings)
    app.config.update(
        TERRAKIN_SETTINGS=settings,
        OPENAPI_VERSION="3.1.0",
        AUTO_OPERATION_ID=True,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        COMPRESS_ALGORITHM=caching.ENCODINGS,
        COMPRESS_MIMETYPES=COMPRESSED_TYPES,
    )
    app.extensions[EXTENSION] = Database(settings)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.proxies:
        trusted = dict.fromkeys(("x_for", "x_proto", "x_host", "x_prefix"), settings.proxies)
        app.wsgi_app = ProxyFix(app.wsgi_app, **trusted)  # type: ignore[method-assign]
    app.extensions[cache.EXTENSION] = cache.TileCache()
    problems.install(app)
    for module in (tiles, cities, search, concepts, sets, changes, umap, about, routes, pictures, docs, pages, sharing):
        app.register_blueprint(module.blueprint)
    # Hooks before a view run in this order, hooks after it in reverse: the log records what was sent, and compression
    # gets the complete answer.
    request_log.install(app)
    headers.install(app)
    rate_limits.install(app, settings)
    query_strings.install(app)
    Compress(app)
    app.spec_processor(openapi.complete)
    return app
