"""Parameters that a query string repeats: the values of a list, or an error. Flask alone would take the first one."""

from typing import get_args, get_origin

from apiflask import APIFlask, abort
from flask import request
from werkzeug.datastructures import ImmutableMultiDict

from webapp.api.models.search_filters import Filters

PATHS = ("/api/", "/tiles/")


def _is_list(annotation: object) -> bool:
    """Return True for list[...], also where it is optional or annotated."""
    return get_origin(annotation) is list or any(_is_list(part) for part in get_args(annotation))


LISTS = frozenset(name for name, field in Filters.model_fields.items() if _is_list(field.annotation))
"""Parameters that are lists: ``countries=PT&countries=ES`` means ``countries=PT,ES``."""


def install(app: APIFlask) -> None:
    """Join repeated lists, and refuse any other parameter that is given twice."""
    app.before_request(join_repeated)


def join_repeated() -> None:
    """Join the lists of the current request.

    Raises:
        HTTPError: 422, another parameter is given twice.
    """
    if not request.path.startswith(PATHS) or len(request.args) == sum(1 for _ in request.args.items(multi=True)):
        return
    given = dict(request.args.lists())
    twice = sorted(name for name, values in given.items() if len(values) > 1 and name not in LISTS)
    if twice:
        detail = f"{', '.join(twice)}: given more than once; give one value"
        abort(422, "Invalid value", extra_data={"detail": detail})
    request.args = ImmutableMultiDict({name: ",".join(values) for name, values in given.items()})
