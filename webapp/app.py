"""The app factory: blueprints, errors, compression."""

from apiflask import APIFlask
from flask import Response
from flask_compress import Compress

from db.settings import Settings
from webapp import api, imagery, pages, problems, search, tiles, umap
from webapp.database import EXTENSION, Database

MAX_REQUEST_BYTES = 64 * 1024
ASSET_MAX_AGE_S = 31_536_000
"""A year: the name of a built file holds a hash of its contents."""
COMPRESSED_TYPES = [
    "text/html",
    "text/css",
    "text/javascript",
    "image/svg+xml",
    "application/json",
    problems.CONTENT_TYPE,
    tiles.MVT,
    umap.BINARY,
]


def create_app(settings: Settings) -> APIFlask:
    """See webapp.create_app."""
    app = APIFlask(
        "webapp",
        title="terrakin",
        version="1",
        spec_path="/api/openapi.json",
        docs_path=None,  # its page loads scripts from a CDN
        static_url_path="/assets",
        static_folder=str(pages.STATIC / "assets"),
    )
    imagery.check(settings)
    app.config.update(
        TERRAKIN_SETTINGS=settings,
        OPENAPI_VERSION="3.1.0",
        SEND_FILE_MAX_AGE_DEFAULT=ASSET_MAX_AGE_S,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIMETYPES=COMPRESSED_TYPES,
    )
    app.extensions[EXTENSION] = Database(settings)
    problems.install(app)
    for blueprint in (api.blueprint, search.blueprint, umap.blueprint, tiles.blueprint, pages.blueprint):
        app.register_blueprint(blueprint)
    Compress(app)
    # Flask runs these in reverse: before Flask-Compress.
    app.after_request(_secure)
    app.after_request(_read_file)
    return app


def _read_file(response: Response) -> Response:
    """Flask-Compress would stream a file and never close it, and streams no gzip. Built files are small: read them."""
    if response.is_streamed:
        response.direct_passthrough = False
        response.get_data()
    return response


def _secure(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
