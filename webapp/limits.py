"""How much a client may ask for in a minute: three buckets an address, answered with 429 and Retry-After beyond."""

import time
from http import HTTPStatus

from apiflask import APIFlask
from flask import Response, current_app, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from limits import parse

from db.settings import Settings
from webapp import problems
from webapp.errors import ServerError

NONE = "none"
UNLIMITED = ("api.health", "metrics", "pages.asset", "pages.index", None)
UPLOADS = ("search.similar_to_chip",)
PICTURES = ("tiles.tile", "tiles.tilejson", "api.thumbnail")


def install(app: APIFlask, settings: Settings) -> None:
    """Count every request of an app but signs of life and built files.

    Raises:
        ServerError: a limit cannot be read.
    """
    for rate in (settings.rate_limit, settings.picture_rate_limit, settings.upload_rate_limit):
        try:
            parse(rate if rate != NONE else "1/minute")
        except ValueError as error:
            raise ServerError(f"a rate limit is {rate!r}; write 600/minute, or none for no limits") from error
    limiter = Limiter(
        key_func=lambda: f"{_bucket()} {get_remote_address()}",
        application_limits=[_rate],
        storage_uri=settings.rate_limit_storage,
        enabled=settings.rate_limit != NONE,
    )
    limiter.request_filter(lambda: request.endpoint in UNLIMITED)
    limiter.init_app(app)

    def refuse(error: RateLimitExceeded) -> Response:
        wait_s = max(1, int(limiter.current_limit.reset_at - time.time())) if limiter.current_limit else 60
        detail = f"No more than {error.description} from one address; try again in {wait_s} s."
        return problems.answer(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", detail, {"Retry-After": str(wait_s)})

    app.register_error_handler(RateLimitExceeded, refuse)


def _bucket() -> str:
    if request.endpoint in UPLOADS:
        return "uploads"
    return "pictures" if request.endpoint in PICTURES else "answers"


def _rate() -> str:
    settings: Settings = current_app.config["TERRAKIN_SETTINGS"]
    rates = {
        "uploads": settings.upload_rate_limit, "pictures": settings.picture_rate_limit, "answers": settings.rate_limit
    }  # fmt: skip
    return rates[_bucket()]
