"""The API reference at /api/docs: Swagger UI, served from webapp/static/docs without a CDN."""

from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, send_from_directory

from webapp.errors import FrontEndMissingError, NotFoundError
from webapp.pages.routes import STATIC, read_file

blueprint = APIBlueprint("docs", __name__, url_prefix="/api/docs", enable_openapi=False)
blueprint.after_request(read_file)

FOLDER = Path(__file__).parent / "docs_page"
SOURCE_FILES = ("docs.js", "docs.css")
BUILT_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")


@blueprint.get("")
def page() -> Response:
    """Return the page."""
    return _revalidated(send_from_directory(FOLDER, "index.html"))


@blueprint.get("/<name>")
def file(name: str) -> Response:
    """Return a file that the page loads."""
    if name in SOURCE_FILES:
        return _revalidated(send_from_directory(FOLDER, name))
    if name not in BUILT_FILES:
        raise NotFoundError(f"file {name!r} is not part of the API reference at /api/docs")
    if not (STATIC / "docs" / name).is_file():
        raise FrontEndMissingError("Run scripts/build_frontend.sh, then load the page again.")
    return _revalidated(send_from_directory(STATIC / "docs", name))


def _revalidated(response: Response) -> Response:
    """Make browsers revalidate the file: its name does not change with its contents."""
    response.headers["Cache-Control"] = "no-cache"
    return response
