"""Which error is which HTTP answer: one table, answered as application/problem+json (RFC 9457)."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import psycopg
from apiflask import APIFlask, HTTPError
from flask import Response, json
from psycopg import errors as pg

from db.errors import DbError
from webapp.errors import BadChipError, BusyError, EncoderMissingError, FrontEndMissingError, NotFoundError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 5


@dataclass(frozen=True)
class Problem:
    """What a client is told about an error; ``detail`` None means the error's own text."""

    status: HTTPStatus
    title: str
    detail: str | None = None


DATABASE_AWAY = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The database does not answer",
    "Try again in a moment; `terrakin db status` says how it is.",
)
NOT_MIGRATED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE, "The database is not set up", "Run `terrakin db migrate`, then try again."
)
NOT_FOUND = Problem(HTTPStatus.NOT_FOUND, "Not found")
BAD_VALUE = Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A value makes no sense")

PROBLEMS: dict[type[Exception], Problem] = {
    NotFoundError: NOT_FOUND,
    pg.NoDataFound: NOT_FOUND,  # P0002, raised by api functions
    psycopg.DataError: BAD_VALUE,  # class 22 (api functions raise 22023), and what psycopg itself refuses
    RecursionError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "A value makes no sense", "The JSON is nested too deeply."
    ),
    pg.QueryCanceled: Problem(  # 57014: the reader's statement_timeout
        HTTPStatus.GATEWAY_TIMEOUT, "The answer took too long", "Ask for less: fewer tiles, or a smaller area."
    ),
    pg.UndefinedTable: NOT_MIGRATED,
    pg.UndefinedFunction: NOT_MIGRATED,
    pg.InvalidSchemaName: NOT_MIGRATED,
    psycopg.OperationalError: DATABASE_AWAY,
    DbError: DATABASE_AWAY,
    BadChipError: Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The file is no chip"),
    EncoderMissingError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The chip cannot be embedded"),
    BusyError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too many chips at once"),
    FrontEndMissingError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The page is not built"),
}
"""The nearest class among an error's bases decides; what is not listed is a mistake of ours: 500."""

DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read; /api/docs says how it is written.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address; /api/docs lists those that there are.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address takes other methods: see Allow.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "A body may have 64 kB, a chip 16 MiB; draw areas with fewer points.",
}
"""What to say where only the status is known."""


def install(app: APIFlask) -> None:
    """Let every error of an app be answered as a problem."""
    app.error_processor(_http_problem)
    for error_class, problem in PROBLEMS.items():
        app.register_error_handler(error_class, _handler(problem))


def _handler(problem: Problem) -> Any:
    def handle(error: Exception) -> Response:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("event=problem status=%d error=%s", problem.status, " ".join(_own_text(error).split()))
        return answer(problem.status, problem.title, problem.detail or _own_text(error))

    return handle


def _http_problem(error: HTTPError) -> Response:
    """Errors of Flask and APIFlask, among them validation: ``errors`` then lists field and reason."""
    fields = [{"field": field, "reason": reason} for field, reason in _invalid_fields(error.detail)]
    if not fields:
        status = HTTPStatus(error.status_code)
        detail = error.extra_data.get("detail") or DETAILS.get(status)
        return answer(status, error.message or "", detail, error.headers)
    detail = "; ".join(f"{f['field']}: {f['reason']}" for f in fields)
    return answer(BAD_VALUE.status, BAD_VALUE.title, detail, errors=fields)


def answer(status: HTTPStatus, title: str, detail: str | None = None, headers: Any = (), **more: Any) -> Response:
    """A problem as a response: title for a heading, detail for the sentence under it."""
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail or "", **more}
    response = Response(json.dumps(body), status, content_type=CONTENT_TYPE)
    response.headers.extend(headers)
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _own_text(error: Exception) -> str:
    """What the raiser said; for an error of PostgreSQL its message and hint, without the line of SQL."""
    if not isinstance(error, psycopg.Error):
        return str(error)
    text = error.diag.message_primary or str(error)
    return f"{text}. {error.diag.message_hint}" if error.diag.message_hint else text


def _invalid_fields(detail: Any) -> Iterator[tuple[str, str]]:
    """APIFlask's ``{"query": {"k": ["..."]}}`` as pairs."""
    if isinstance(detail, dict):
        for fields in detail.values():
            for field, reasons in fields.items():
                yield from ((field, reason.removeprefix("Value error, ")) for reason in reasons)
