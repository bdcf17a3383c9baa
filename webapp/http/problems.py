"""Map error classes to HTTP answers: one table, sent as application/problem+json (RFC 9457)."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import psycopg
from apiflask import APIFlask, HTTPError
from flask import Response, json
from psycopg import errors as pg

from db.errors import ConceptError, DbError, SchemaError
from webapp.errors import BadChipError, BusyError, EncoderMissingError, FrontEndMissingError, NotFoundError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 5


@dataclass(frozen=True)
class Problem:
    """The answer to an error class; ``detail`` None stands for the error's own text."""

    status: HTTPStatus
    title: str
    detail: str | None = None


DATABASE_DOWN = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The database does not answer",
    "Try again in a moment; `terrakin db status` shows its state.",
)
NOT_MIGRATED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE, "The database is not set up", "Run `terrakin db migrate`, then try again."
)
NOT_FOUND = Problem(HTTPStatus.NOT_FOUND, "Not found")
INVALID_VALUE = Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid value")

PROBLEMS: dict[type[Exception], Problem] = {
    NotFoundError: NOT_FOUND,
    pg.NoDataFound: NOT_FOUND,  # P0002, raised by api functions
    psycopg.DataError: INVALID_VALUE,  # class 22 (api functions raise 22023), and values that psycopg itself rejects
    RecursionError: Problem(INVALID_VALUE.status, INVALID_VALUE.title, "The JSON is nested too deeply."),
    pg.QueryCanceled: Problem(  # 57014: the reader's statement_timeout
        HTTPStatus.GATEWAY_TIMEOUT, "The query took too long", "Ask for less: fewer tiles, or a smaller area."
    ),
    pg.UndefinedTable: NOT_MIGRATED,
    pg.UndefinedFunction: NOT_MIGRATED,
    pg.InvalidSchemaName: NOT_MIGRATED,
    pg.InsufficientPrivilege: NOT_MIGRATED,
    SchemaError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database is of another version"),
    psycopg.OperationalError: DATABASE_DOWN,
    ConceptError: INVALID_VALUE,
    pg.ObjectNotInPrerequisiteState: Problem(HTTPStatus.CONFLICT, "The concept is out of date"),  # 55000
    DbError: DATABASE_DOWN,
    BadChipError: Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The file is not a valid chip"),
    EncoderMissingError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The chip cannot be embedded"),
    BusyError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too many chips at once"),
    FrontEndMissingError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The page is not built"),
}
"""The nearest listed base class of an error applies. An error without one is a bug and becomes 500."""

DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request cannot be parsed; /api/docs describes the format.",
    HTTPStatus.NOT_FOUND: "This address does not exist; /api/docs lists all addresses.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not support the method; see the header Allow.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "A body may have up to 64 kB, a chip up to 16 MiB; draw areas with fewer points."
    ),
}
"""The detail of errors that carry only a status."""


def install(app: APIFlask) -> None:
    """Answer every error of the app as a problem."""
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
    """Answer an error of Flask or APIFlask; a validation error lists fields and reasons in ``errors``."""
    fields = [{"field": field, "reason": reason} for field, reason in _invalid_fields(error.detail)]
    if not fields:
        status = HTTPStatus(error.status_code)
        detail = error.extra_data.get("detail") or DETAILS.get(status)
        return answer(status, error.message or "", detail, error.headers)
    detail = "; ".join(f"{f['field']}: {f['reason']}" for f in fields)
    return answer(INVALID_VALUE.status, INVALID_VALUE.title, detail, errors=fields)


def answer(status: HTTPStatus, title: str, detail: str | None = None, headers: Any = (), **more: Any) -> Response:
    """Return a problem as a response: ``title`` is a heading, ``detail`` the text below it."""
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail or "", **more}
    response = Response(json.dumps(body), status, content_type=CONTENT_TYPE)
    response.headers.extend(headers)
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _own_text(error: Exception) -> str:
    """Return the error's message; of a PostgreSQL error message and hint, without the line of SQL."""
    if not isinstance(error, psycopg.Error):
        return str(error)
    text = error.diag.message_primary or str(error)
    return f"{text}. {error.diag.message_hint}" if error.diag.message_hint else text


def _invalid_fields(detail: Any) -> Iterator[tuple[str, str]]:
    """Yield APIFlask's ``{"query": {"k": ["..."]}}`` as pairs of field and reason."""
    if isinstance(detail, dict):
        for fields in detail.values():
            for field, reasons in fields.items():
                yield from ((field, reason.removeprefix("Value error, ")) for reason in reasons)
