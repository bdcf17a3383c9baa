"""The page: the built front end (webapp/frontend) in webapp/static. Flask itself serves its ``assets``."""

from pathlib import Path
from urllib.parse import urlsplit

from apiflask import APIBlueprint
from flask import Response, current_app, send_from_directory

from webapp import imagery
from webapp.errors import FrontEndMissingError

STATIC = Path(__file__).parent / "static"

# Nothing is loaded from elsewhere, but imagery and vector tiles from where the configuration says. MapLibre's worker is a
# file of ours; its images are data and blob URLs. regl, which draws the scatter plot, compiles its draw commands with
# Function: hence unsafe-eval, for scripts of our own alone.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; img-src 'self' data: blob:; connect-src 'self' {origins}; "
    "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)


@blueprint.get("/")
def index() -> Response:
    """The map. Always asked for again, because it names the built files, whose names change with their contents."""
    if not (STATIC / "index.html").is_file():
        raise FrontEndMissingError("Run scripts/build_frontend.sh, then load the page again.")
    response = send_from_directory(STATIC, "index.html")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(origins=" ".join(_origins()))
    return response


def _origins() -> list[str]:
    """Where else than here the map may ask for tiles."""
    config = imagery.config(current_app.config["TERRAKIN_SETTINGS"])
    addresses = [config["tiles_url"], *(provider["tiles_url"] for provider in config["imagery"])]
    origins = {urlsplit(address or "")[:2] for address in addresses}
    return sorted(f"{scheme}://{host}" for scheme, host in origins if host)
