"""Request log and metrics: one log line per request, with its id, and Prometheus metrics at /metrics."""

import logging
import re
import secrets
import time

from apiflask import APIFlask
from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from db.settings import metrics_folder

log = logging.getLogger(__name__)

ID_HEADER = "X-Request-ID"
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""An id from a proxy is kept if it matches."""
MAX_LOGGED = 200

REQUESTS = Counter("terrakin_http_requests", "Requests answered.", ["method", "endpoint", "status"])
SECONDS = Histogram("terrakin_http_request_seconds", "Seconds from a request to its answer.", ["endpoint"])


def install(app: APIFlask) -> None:
    """Log and count every request of the app. Call it first, so that the times include all other hooks."""
    app.before_request(_begin)
    app.after_request(_end)
    app.add_url_rule("/metrics", "metrics", app.doc(hide=True)(metrics))


def metrics() -> Response:
    """Return the counters of this process, or of all gunicorn workers if they share a folder."""
    registry = CollectorRegistry()
    if metrics_folder():
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _begin() -> None:
    g.started = time.perf_counter()
    given = request.headers.get(ID_HEADER, "")
    g.request_id = given if ID.fullmatch(given) else secrets.token_hex(16)


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.started
    endpoint = request.endpoint or "none"
    REQUESTS.labels(request.method if request.url_rule else "any", endpoint, response.status_code).inc()
    SECONDS.labels(endpoint).observe(seconds)
    response.headers[ID_HEADER] = g.request_id
    log.log(
        logging.INFO if response.status_code < 400 else logging.WARNING,
        "event=request id=%s method=%s path=%r status=%d ms=%.1f bytes_in=%s address=%s",
        g.request_id, request.method[:MAX_LOGGED], request.full_path[:MAX_LOGGED], response.status_code, seconds * 1000,
        request.content_length or 0, request.remote_addr,
    )  # fmt: skip
    return response
