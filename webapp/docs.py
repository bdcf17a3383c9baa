"""The API's reference page at /api/docs: Swagger UI from webapp/static/docs over our own specification, no CDN."""

from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, send_from_directory

from webapp.errors import FrontEndMissingError, NotFoundError
from webapp.pages import STATIC, read_file

blueprint = APIBlueprint("docs", __name__, url_prefix="/api/docs", enable_openapi=False)
blueprint.after_request(read_file)

PAGE = Path(__file__).parent / "docs_page"
OURS = ("docs.js", "docs.css")
BUILT = ("swagger-ui-bundle.js", "swagger-ui.css")


@blueprint.get("")
def page() -> Response:
    """The page, which asks for the files below."""
    return _unkept(send_from_directory(PAGE, "index.html"))


@blueprint.get("/<name>")
def file(name: str) -> Response:
    """A file of the page."""
    if name in OURS:
        return _unkept(send_from_directory(PAGE, name))
    if name not in BUILT:
        raise NotFoundError(f"there is no file {name} of the reference page")
    if not (STATIC / "docs" / name).is_file():
        raise FrontEndMissingError("Run scripts/build_frontend.sh, then load the page again.")
    return _unkept(send_from_directory(STATIC / "docs", name))


def _unkept(response: Response) -> Response:
    """Names of these files do not change with their contents: browsers ask whether they have."""
    response.headers["Cache-Control"] = "no-cache"
    return response
