"""The map and its JSON API: a Flask app over the SQL of schemas ``api`` and ``tiles``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from db.settings import Settings


def create_app(settings: Settings) -> APIFlask:
    """The app; it connects to the database at the first question, with the read-only role."""
    from webapp.app import create_app as create  # Flask is imported by who serves, not by every `terrakin` command

    return create(settings)
