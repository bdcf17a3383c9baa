"""Rate limits: three buckets per client address; requests over a limit get 429 and Retry-After."""

import time
from http import HTTPStatus

from apiflask import APIFlask
from flask import Response, request
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from db.settings import Settings
from webapp.errors import ServerError
from webapp.http import problems
from webapp.http.rate_limit_storage import InMemoryStorage

NONE = "none"
IN_MEMORY = "memory://"
UNLIMITED = ("about.health", "metrics", "pages.asset", None)
UPLOADS = ("search.similar_to_chip",)
PICTURES = (
    "vector_tiles.tile",
    "vector_tiles.tilejson",
    "pictures.pictures",
    "sharing.picture",
    "tiles.thumbnail",
    "tiles.block_thumbnail",
    "pages.index",
)


def install(app: APIFlask, settings: Settings) -> None:
    """Count every request of the app except health checks, metrics and built files.

    Raises:
        ServerError: a limit of the settings cannot be parsed.
    """
    rates = {
        "uploads": _parsed(settings.upload_rate_limit),
        "pictures": _parsed(settings.picture_rate_limit),
        "answers": _parsed(settings.rate_limit),
    }
    if settings.rate_limit == NONE:
        return
    limiter = FixedWindowRateLimiter(_storage(settings.rate_limit_storage))

    def limit_request() -> Response | None:
        bucket, address = _bucket(), request.remote_addr or ""
        rate = rates[bucket]
        if request.endpoint in UNLIMITED or rate is None or limiter.hit(rate, bucket, address):
            return None
        wait_s = max(1, int(limiter.get_window_stats(rate, bucket, address).reset_time - time.time()))
        detail = f"The limit is {rate} per client address; try again in {wait_s} s."
        return problems.answer(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", detail, {"Retry-After": str(wait_s)})

    app.before_request(limit_request)


def _storage(url: str) -> Storage:
    return InMemoryStorage() if url == IN_MEMORY else storage_from_string(url)  # type: ignore[return-value]  # not async


def _parsed(rate: str) -> RateLimitItem | None:
    try:
        return None if rate == NONE else parse(rate)
    except ValueError as error:
        raise ServerError(f"a rate limit is {rate!r}; write it as 600/minute, or none for no limit") from error


def _bucket() -> str:
    if request.endpoint in UPLOADS:
        return "uploads"
    return "pictures" if request.endpoint in PICTURES else "answers"
