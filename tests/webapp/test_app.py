import psycopg
import pytest
from apiflask import APIFlask

from webapp.database import EXTENSION


def test_the_app_cannot_write(app: APIFlask) -> None:
    with app.app_context(), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        app.extensions[EXTENSION].rows("DELETE FROM terrakin.tiles")
