"""Tables of known urban forms: the labels that retrieval is measured against. The demo writes one, forms.csv."""

import csv
from collections.abc import Mapping
from pathlib import Path

from etl.cities.grid import Cell
from etl.errors import EtlError

COLUMNS = ("zone", "is_south", "row", "col", "form")


def read_forms(path: Path) -> Mapping[Cell, str]:
    """Return the urban form of each cell, from a CSV with at least COLUMNS; is_south is 0 or 1.

    Raises:
        EtlError: the file is missing or malformed; the message names the line.
    """
    forms: dict[Cell, str] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            for line, row in enumerate(csv.DictReader(handle), start=2):
                forms[_cell(path, line, row)] = str(row["form"])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EtlError(f"{path} cannot be read ({error}); pass a CSV with the columns {', '.join(COLUMNS)}") from error
    if not forms:
        raise EtlError(f"{path} contains no urban form; pass a CSV with the columns {', '.join(COLUMNS)}")
    return forms


def _cell(path: Path, line: int, row: Mapping[str, str | None]) -> Cell:
    try:
        values = {column: row[column] for column in COLUMNS}
        if not values["form"] or values["is_south"] not in ("0", "1"):
            raise ValueError(f"form {values['form']!r}, is_south {values['is_south']!r}")
        zone, row_number, col = (int(values[column] or "") for column in ("zone", "row", "col"))
        return Cell(zone, values["is_south"] == "1", row_number, col)
    except KeyError as error:
        raise EtlError(f"{path} has no column {error}; it needs {', '.join(COLUMNS)}") from error
    except ValueError as error:
        raise EtlError(
            f"{path}, line {line}: {error}; each line needs zone, row and col of a cell, is_south 0 or 1, and a form"
        ) from error
