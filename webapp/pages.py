"""The page: the built front end (webapp/frontend) in webapp/static. Flask itself serves its ``assets``."""

from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, send_from_directory

from webapp.errors import FrontEndMissingError

STATIC = Path(__file__).parent / "static"

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)


@blueprint.get("/")
def index() -> Response:
    """The map. Always asked for again, because it names the built files, whose names change with their contents."""
    if not (STATIC / "index.html").is_file():
        raise FrontEndMissingError("Run scripts/build_frontend.sh, then load the page again.")
    response = send_from_directory(STATIC, "index.html")
    response.headers["Cache-Control"] = "no-cache"
    return response
