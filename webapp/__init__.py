"""The map page and its JSON API: a Flask app over the SQL functions of schemas ``api`` and ``tiles``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from db.settings import Settings


def create_app(settings: Settings) -> APIFlask:
    """Return the app. It connects to the database on the first query, with the read-only role."""
    from webapp.app import create_app as create  # keeps Flask out of the other `terrakin` commands

    return create(settings)
