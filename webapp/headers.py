"""Security headers: what a browser may load for which page. And what no request may carry."""

from urllib.parse import urlsplit

from apiflask import APIFlask, abort
from flask import Response, request

from db.settings import Settings
from webapp.imagery import PROVIDERS

NOTHING = "default-src 'none'; frame-ancestors 'none'"
DOCS = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
OF_PAGES = {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), payment=(), usb=()",
}
"""What a browser heeds of a page alone."""


def install(app: APIFlask) -> None:
    """Set the headers of every answer of an app, and refuse compressed bodies."""
    app.before_request(_refuse_compressed)
    page = page_policy(app.config["TERRAKIN_SETTINGS"])
    # A worker obeys the policy of its own file, not of the page that starts it: built files have the page's.
    policies = {"pages.index": page, "pages.asset": page, "docs.page": DOCS}

    def secure(response: Response) -> Response:
        policy = policies.get(request.endpoint or "")
        if policy:
            response.headers.update(OF_PAGES)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = policy or NOTHING
        return response

    app.after_request(secure)


def page_policy(settings: Settings) -> str:
    """What the map may load: files of ours, vector tiles and imagery.

    MapLibre's worker is a file of ours; its images are data and blob URLs, and it gets imagery by fetch. regl, which
    draws the scatter plot, compiles its draw commands with Function: hence unsafe-eval, for scripts of our own alone.
    """
    hosts = sorted({_origin(url) for url in _addresses(settings)} - {""})
    others = "".join(f" {host}" for host in hosts)
    return (
        f"default-src 'self'; script-src 'self' 'unsafe-eval'; img-src 'self' data: blob:{others}; "
        f"connect-src 'self'{others}; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
    )


def _addresses(settings: Settings) -> list[str]:
    return [settings.tiles_url, *(p["tiles_url"] for p in PROVIDERS.values() if p["tiles_url"])]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _refuse_compressed() -> None:
    """A few kilobytes of gzip hold gigabytes, and no client of ours compresses what it sends."""
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        abort(415, "The body is compressed", extra_data={"detail": "Send it as it is, without Content-Encoding."})
