"""What servers are given: time, attempts, and GDAL's HTTP settings; the one place where these are set.

``TERRAKIN_HTTP_TIMEOUT_S`` (db.settings) changes the time; all others follow from it.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import tenacity

F = TypeVar("F", bound=Callable[..., Any])

ATTEMPTS, FIRST_WAIT_S, LONGEST_WAIT_S = 6, 0.5, 20
"""A request is made up to so often; pauses grow from about half a second, by chance, so that workers spread."""
STATUS_CODES = (429, 500, 502, 503, 504)
"""What a server may do better the next time."""
MAX_CONNECT_S, MAX_STALL_S = 10, 10


def gdal_options(timeout_s: int) -> dict[str, Any]:
    """GDAL's settings for files over HTTP; local files ignore them.

    Args:
        timeout_s: seconds after which a request that has not ended is given up.
    """
    return {
        # No listing of the folder and no look for side files (.aux.xml, .ovr) at every open.
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "CPL_VSIL_CURL_USE_HEAD": "NO",  # the first read says how long the file is: one request less a file
        "GDAL_INGESTED_BYTES_AT_OPEN": 32_768,  # a COG's header in one request
        "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",  # neighbouring blocks in one request
        "GDAL_HTTP_MULTIPLEX": "YES",  # many requests on one connection where the server speaks HTTP/2
        "GDAL_HTTP_TIMEOUT": timeout_s,
        "GDAL_HTTP_CONNECTTIMEOUT": min(timeout_s, MAX_CONNECT_S),
        # A server that hangs is given up after so many seconds below so many bytes a second.
        "GDAL_HTTP_LOW_SPEED_TIME": min(timeout_s, MAX_STALL_S),
        "GDAL_HTTP_LOW_SPEED_LIMIT": 1000,
        # GDAL itself asks again after the codes that it knows for passing; etl.imagery.odc_driver after all other faults.
        "GDAL_HTTP_MAX_RETRY": 3,
        "GDAL_HTTP_RETRY_DELAY": FIRST_WAIT_S,
    }


NOT_CACHED: dict[str, Any] = {"CPL_VSIL_CURL_NON_CACHED": "/vsicurl/"}
"""From the second attempt on: what was cut short lies in GDAL's cache, and would be read again from there. (GDAL's
VSI_CACHE stays off: odc.loader reads every block once.)"""


def retry_on(*kinds: type[Exception], log: logging.Logger) -> Callable[[F], F]:
    """A decorator that calls again after these errors, as often and with such pauses as said above; then raises."""
    decorator = tenacity.retry(
        retry=tenacity.retry_if_exception_type(kinds),
        wait=tenacity.wait_random_exponential(FIRST_WAIT_S, max=LONGEST_WAIT_S),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        before_sleep=tenacity.before_sleep_log(log, logging.WARNING),
        reraise=True,
    )
    return cast("Callable[[F], F]", decorator)
