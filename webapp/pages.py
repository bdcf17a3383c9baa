"""The page: the built front end (webapp/frontend) in webapp/static."""

import mimetypes
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, request, send_from_directory
from werkzeug.security import safe_join

from webapp.errors import FrontEndMissingError

STATIC = Path(__file__).parent / "static"
ASSETS = STATIC / "assets"
PACKED = {"br": ".br", "gzip": ".gz"}
"""Beside each built file lie its packed forms, best first (frontend/tools/pack.ts): no load waits for packing."""
YEAR_S = 31_536_000

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)


@blueprint.get("/")
def index() -> Response:
    """The map. Always asked for again, because it names the built files, whose names change with their contents."""
    if not (STATIC / "index.html").is_file():
        raise FrontEndMissingError("Run scripts/build_frontend.sh, then load the page again.")
    response = send_from_directory(STATIC, "index.html")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """A built file, packed as the browser likes best. Kept for a year: its name holds a hash of its contents."""
    packing = _packing(name)
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    sent = name + (PACKED[packing] if packing else "")
    response = send_from_directory(ASSETS, sent, mimetype=mimetype, max_age=YEAR_S)
    response.vary.add("Accept-Encoding")
    if packing:
        response.content_encoding = packing
    return response


@blueprint.after_request
def read_file(response: Response) -> Response:
    """Flask-Compress would stream a file and never close it, and streams no gzip. Built files are small: read them."""
    if response.is_streamed:
        response.direct_passthrough = False
        response.get_data()
    return response


def _packing(name: str) -> str | None:
    """The browser's choice among the packed forms of a built file, None where it wants none or there is none."""
    wanted = request.accept_encodings.best_match(PACKED)
    packed = safe_join(str(ASSETS), name + PACKED[wanted]) if wanted else None
    return wanted if packed and Path(packed).is_file() else None
