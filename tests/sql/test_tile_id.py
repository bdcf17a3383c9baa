"""``api.tile_id`` and its inverse ``api.tile_cell`` against ``etl.cities.grid``."""

from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.cities.grid import Cell, tile_id

cells = st.builds(
    Cell, zone=st.integers(1, 60), is_south=st.booleans(), row=st.integers(0, 8191), col=st.integers(0, 1023)
)
months = st.dates(date(2015, 1, 1), date(2100, 1, 1)).map(lambda d: d.replace(day=1))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cell=cells, month=months)
def test_sql_and_python_compute_the_same_id(module_conn: psycopg.Connection, cell: Cell, month: date) -> None:
    (made,) = module_conn.execute(
        "SELECT api.tile_id(%s, %s, %s, %s, %s)", (cell.zone, cell.is_south, cell.row, cell.col, month)
    ).fetchone()
    assert made == tile_id(cell, month)
    assert 0 <= made < 2**42
    back = module_conn.execute("SELECT * FROM api.tile_cell(%s)", (made,)).fetchone()
    assert back == (cell.zone, cell.is_south, cell.srid, cell.row, cell.col, month)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ((61, False, 1, 1, date(2024, 1, 1)), "UTM zone 61"),
        ((31, False, 9000, 1, date(2024, 1, 1)), "row 9000"),
        ((31, False, 1, -1, date(2024, 1, 1)), "col -1"),
        ((31, False, 1, 1, date(2014, 12, 1)), "2014-12-01"),
    ],
)
def test_a_cell_outside_the_lattice_is_refused(conn: psycopg.Connection, arguments: tuple, value: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=value):
        conn.execute("SELECT api.tile_id(%s, %s, %s, %s, %s)", arguments)
