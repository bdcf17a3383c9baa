"""ETags of answers from the version of the data: an answer that a client has is 304 without asking the question."""

import hashlib
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, g, request

from webapp.database import database

NOT_FROM_DATA = ("api.health", "api.config")
MAX_AGE_S = 60
"""An answer asked again within this is not even sent for."""
THE_SAME_FOR_ALL = ("api.countries", "api.encoder", "api.stats", "umap.layout", "umap.points")
"""Answers that every page load asks for: each worker keeps them while the data stay the same (umap/points: 0.7 MB)."""
MAX_KEPT = 16
VERSION = "SELECT api.data_version() AS version"
PACKINGS = ["zstd", "br", "gzip"]
"""Content encodings of answers, best first."""
TAG_ENDINGS = ["", *(f":{packing}" for packing in PACKINGS)]
"""What Flask-Compress appends to a tag."""


def install(blueprint: APIBlueprint) -> None:
    """Let every GET of a blueprint be answered with an ETag, and with 304 where the client has the answer."""
    blueprint.before_request(_answer_unchanged)
    blueprint.after_request(_mark)


def program_version() -> str:
    """A hash of this package's sources: another program may give another answer from the same data."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


PROGRAM = program_version()
_kept: dict[str, tuple[bytes, str]] = {}
"""Body and content type by tag: a tag never means another body, so nothing here is ever stale."""


def _answer_unchanged() -> Response | None:
    g.tag = None
    if request.method != "GET" or request.endpoint in NOT_FROM_DATA:
        return None
    version = (database().row(VERSION) or {})["version"]
    g.tag = hashlib.sha256(f"{PROGRAM} {version} {request.full_path}".encode()).hexdigest()[:32]
    if any(request.if_none_match.contains_weak(g.tag + suffix) for suffix in TAG_ENDINGS):
        return Response(status=304)
    body, content_type = _kept.get(g.tag, (None, None))
    return None if body is None else Response(body, content_type=content_type)


def _mark(response: Response) -> Response:
    tag = g.get("tag")
    if tag and response.status_code in (200, 304):
        response.set_etag(tag)
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
        if response.status_code == 200 and request.endpoint in THE_SAME_FOR_ALL and not request.args:
            if len(_kept) >= MAX_KEPT:
                _kept.clear()
            _kept[tag] = response.get_data(), response.content_type
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
