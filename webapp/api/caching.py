"""ETags from the version of the data: an answer that the client already has is 304, without running its query."""

import hashlib
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, g, request

from webapp.database import database

INDEPENDENT_OF_DATA = ("about.health", "about.config")
MAX_AGE_S = 60
"""Clients reuse an answer for this long without asking."""
KEPT = ("cities.countries", "about.encoder", "about.stats", "umap.layout", "umap.points")
"""Answers that every page load needs: each worker keeps them until the data change (umap/points: 0.7 MB)."""
MAX_KEPT = 16
VERSION = "SELECT api.data_version() AS version"
ENCODINGS = ["zstd", "br", "gzip"]
"""Content encodings of answers, best first."""
TAG_SUFFIXES = ["", *(f":{encoding}" for encoding in ENCODINGS)]
"""Suffixes that Flask-Compress appends to an ETag."""


def install(blueprint: APIBlueprint) -> None:
    """Answer every GET of a blueprint with an ETag, and with 304 if the client has the answer."""
    blueprint.before_request(_answer_unchanged)
    blueprint.after_request(_tag)


def program_version() -> str:
    """Return a hash of this package's sources: other code may give another answer from the same data."""
    folder = Path(__file__).parents[1]
    # Not rglob, which reads every folder of the page's node_modules too.
    sources = sorted(path for depth in ("*.py", "*/*.py", "*/*/*.py") for path in folder.glob(depth))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


PROGRAM = program_version()
_kept: dict[str, tuple[bytes, str]] = {}
"""Body and content type by ETag. An ETag never stands for another body, so no entry is ever stale."""


def _answer_unchanged() -> Response | None:
    g.tag = None
    if request.method != "GET" or request.endpoint in INDEPENDENT_OF_DATA:
        return None
    version = (database().row(VERSION) or {})["version"]
    g.tag = hashlib.sha256(f"{PROGRAM} {version} {request.full_path}".encode()).hexdigest()[:32]
    if any(request.if_none_match.contains_weak(g.tag + suffix) for suffix in TAG_SUFFIXES):
        return Response(status=304)
    body, content_type = _kept.get(g.tag, (None, None))
    return None if body is None else Response(body, content_type=content_type)


def _tag(response: Response) -> Response:
    tag = g.get("tag")
    if tag and response.status_code in (200, 304):
        response.set_etag(tag)
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
        if response.status_code == 200 and request.endpoint in KEPT and not request.args:
            if len(_kept) >= MAX_KEPT:
                _kept.clear()
            _kept[tag] = response.get_data(), response.content_type
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
