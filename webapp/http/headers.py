"""Security headers: what a browser may load for each page. Compressed request bodies are rejected here too."""

from urllib.parse import urlsplit

from apiflask import APIFlask, abort
from flask import Response, request

from db.settings import Settings
from webapp.pages.imagery import PROVIDERS

NO_RESOURCES = "default-src 'none'; frame-ancestors 'none'"
API_REFERENCE = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), payment=(), usb=()",
}
"""Headers that only matter on a page."""


def install(app: APIFlask) -> None:
    """Set the headers of every answer of the app, and reject compressed bodies."""
    app.before_request(_reject_compressed)
    page = page_policy(app.config["TERRAKIN_SETTINGS"])
    # A web worker obeys the policy of its own file, not that of the page: built files get the page's policy.
    policies = {"pages.index": page, "pages.asset": page, "docs.page": API_REFERENCE}

    def secure(response: Response) -> Response:
        policy = policies.get(request.endpoint or "")
        if policy:
            response.headers.update(PAGE_HEADERS)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = policy or NO_RESOURCES
        return response

    app.after_request(secure)


def page_policy(settings: Settings) -> str:
    """Return the map page's Content-Security-Policy: files of this server, vector tiles and imagery.

    MapLibre's worker is a file of this server; its images are data and blob URLs, and it fetches imagery. regl, which
    draws the scatter plot, compiles its draw commands with Function: hence unsafe-eval, for this server's scripts only.
    """
    hosts = sorted({_origin(url) for url in _resource_urls(settings)} - {""})
    others = "".join(f" {host}" for host in hosts)
    return (
        f"default-src 'self'; script-src 'self' 'unsafe-eval'; img-src 'self' data: blob:{others}; "
        f"connect-src 'self'{others}; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
    )


def _resource_urls(settings: Settings) -> list[str]:
    return [settings.tiles_url, *(p["tiles_url"] for p in PROVIDERS.values() if p["tiles_url"])]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _reject_compressed() -> None:
    """Answer 415 to a compressed body: a few kilobytes of gzip can expand to gigabytes."""
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        abort(
            415,
            "The body is compressed",
            extra_data={"detail": f"Content-Encoding is {encoding!r}; send the body uncompressed."},
        )
