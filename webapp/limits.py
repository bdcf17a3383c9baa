"""How much a client may ask for in a minute: three buckets an address, answered with 429 and Retry-After beyond."""

import time
from http import HTTPStatus

from apiflask import APIFlask
from flask import Response, request
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from db.settings import Settings
from webapp import problems
from webapp.errors import ServerError
from webapp.rate_limit_storage import Counts

NONE = "none"
MEMORY = "memory://"
UNLIMITED = ("api.health", "metrics", "pages.asset", "pages.index", None)
UPLOADS = ("search.similar_to_chip",)
PICTURES = ("tiles.tile", "tiles.tilejson", "api.thumbnail")


def install(app: APIFlask, settings: Settings) -> None:
    """Count every request of an app but signs of life and built files.

    Raises:
        ServerError: a limit cannot be read.
    """
    rates = {
        "uploads": _parsed(settings.upload_rate_limit),
        "pictures": _parsed(settings.picture_rate_limit),
        "answers": _parsed(settings.rate_limit),
    }
    if settings.rate_limit == NONE:
        return
    limiter = FixedWindowRateLimiter(_storage(settings.rate_limit_storage))

    def refuse() -> Response | None:
        bucket, address = _bucket(), request.remote_addr or ""
        rate = rates[bucket]
        if request.endpoint in UNLIMITED or rate is None or limiter.hit(rate, bucket, address):
            return None
        wait_s = max(1, int(limiter.get_window_stats(rate, bucket, address).reset_time - time.time()))
        detail = f"No more than {rate} from one address; try again in {wait_s} s."
        return problems.answer(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", detail, {"Retry-After": str(wait_s)})

    app.before_request(refuse)


def _storage(address: str) -> Storage:
    return Counts() if address == MEMORY else storage_from_string(address)  # type: ignore[return-value]  # none is async


def _parsed(rate: str) -> RateLimitItem | None:
    try:
        return None if rate == NONE else parse(rate)
    except ValueError as error:
        raise ServerError(f"a rate limit is {rate!r}; write 600/minute, or none for no limits") from error


def _bucket() -> str:
    if request.endpoint in UPLOADS:
        return "uploads"
    return "pictures" if request.endpoint in PICTURES else "answers"
