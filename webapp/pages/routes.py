"""The map page: the front end (webapp/frontend) as built into webapp/static."""

import mimetypes
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, request, send_from_directory
from werkzeug.security import safe_join

from webapp.errors import FrontEndMissingError
from webapp.pages import sharing

STATIC = Path(__file__).parents[1] / "static"
ASSETS = STATIC / "assets"
SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""Suffixes of the compressed copies beside each built file, best first (written by frontend/tools/pack.ts)."""
YEAR_S = 31_536_000

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)


@blueprint.get("/")
def index() -> Response:
    """Return the map page, whose head fits the address. Browsers revalidate it, because it names the built files."""
    if not (STATIC / "index.html").is_file():
        raise FrontEndMissingError("Run scripts/build_frontend.sh, then load the page again.")
    shared = sharing.describe(request.args)
    if shared:
        page = (STATIC / "index.html").read_text(encoding="utf-8")
        response = Response(sharing.with_description(page, shared), mimetype="text/html")
        response.add_etag()
        response.make_conditional(request)
    else:
        response = send_from_directory(STATIC, "index.html")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """Return a built file, compressed if the browser accepts it. Kept for a year: its name holds a hash."""
    encoding = _encoding(name)
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    sent = name + (SUFFIXES[encoding] if encoding else "")
    response = send_from_directory(ASSETS, sent, mimetype=mimetype, max_age=YEAR_S)
    response.vary.add("Accept-Encoding")
    if encoding:
        response.content_encoding = encoding
    return response


@blueprint.after_request
def read_file(response: Response) -> Response:
    """Read a streamed file into memory: Flask-Compress never closes a streamed file, and does not gzip it."""
    if response.is_streamed:
        response.direct_passthrough = False
        response.get_data()
    return response


def _encoding(name: str) -> str | None:
    """Return the encoding that the browser prefers among a built file's compressed copies; None for the plain file."""
    wanted = request.accept_encodings.best_match(SUFFIXES)
    copy = safe_join(str(ASSETS), name + SUFFIXES[wanted]) if wanted else None
    return wanted if copy and Path(copy).is_file() else None
