"""Timeouts, retries and GDAL's HTTP settings for all requests to servers.

``TERRAKIN_HTTP_TIMEOUT_S`` (db.settings) sets the timeout, from which the other limits follow.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import tenacity

F = TypeVar("F", bound=Callable[..., Any])

ATTEMPTS, FIRST_WAIT_S, LONGEST_WAIT_S = 6, 0.5, 20
"""Maximum number of attempts per request. Pauses grow from about half a second, with jitter, so that workers spread."""
STATUS_CODES = (429, 500, 502, 503, 504)
"""HTTP status codes after which a request is repeated."""
MAX_CONNECT_S, MAX_STALL_S = 10, 10


def gdal_options(timeout_s: int) -> dict[str, Any]:
    """Return GDAL's settings for files over HTTP; they do not affect local files.

    Args:
        timeout_s: seconds after which a request is aborted.
    """
    return {
        # Do not list the folder or search for sidecar files (.aux.xml, .ovr) at every open.
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "CPL_VSIL_CURL_USE_HEAD": "NO",  # the first read returns the file's size: one request less per file
        "GDAL_INGESTED_BYTES_AT_OPEN": 32_768,  # a COG's header in one request
        "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",  # neighbouring blocks in one request
        "GDAL_HTTP_MULTIPLEX": "YES",  # many requests on one connection if the server supports HTTP/2
        "GDAL_HTTP_TIMEOUT": timeout_s,
        "GDAL_HTTP_CONNECTTIMEOUT": min(timeout_s, MAX_CONNECT_S),
        # A stalled request is aborted after this many seconds below this many bytes per second.
        "GDAL_HTTP_LOW_SPEED_TIME": min(timeout_s, MAX_STALL_S),
        "GDAL_HTTP_LOW_SPEED_LIMIT": 1000,
        # GDAL retries after status codes that it knows as transient; etl.imagery.odc_driver after all other errors.
        "GDAL_HTTP_MAX_RETRY": 3,
        "GDAL_HTTP_RETRY_DELAY": FIRST_WAIT_S,
    }


NOT_CACHED: dict[str, Any] = {"CPL_VSIL_CURL_NON_CACHED": "/vsicurl/"}
"""Used from the second attempt on: otherwise a truncated response would be read again from GDAL's cache. (GDAL's
VSI_CACHE stays off: odc.loader reads every block once.)"""


def retry_on(*kinds: type[Exception], log: logging.Logger) -> Callable[[F], F]:
    """Return a decorator that repeats a call after these errors, up to ATTEMPTS times, and then raises the last one."""
    decorator = tenacity.retry(
        retry=tenacity.retry_if_exception_type(kinds),
        wait=tenacity.wait_random_exponential(FIRST_WAIT_S, max=LONGEST_WAIT_S),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        before_sleep=tenacity.before_sleep_log(log, logging.WARNING),
        reraise=True,
    )
    return cast("Callable[[F], F]", decorator)
