"""Tables of urban forms: the demo's table is read, and errors name file and line."""

from pathlib import Path

import pytest

from etl.demo.catalogue import DemoCatalogue
from etl.demo.towns import TINY_TOWNS
from etl.errors import EtlError
from etl.metrics.urban_forms import read_forms

HEAD = "zone,is_south,row,col,form\n"


def test_the_table_of_the_demo_is_read(tiny_demo: DemoCatalogue) -> None:
    expected = {cell: form for town in TINY_TOWNS for cell, form in town.cells().items()}
    assert read_forms(tiny_demo.forms) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("zone,row,col,form\n32,1,2,park\n", "no column 'is_south'"),
        (HEAD + "32,0,2000,100,park\n61,0,1,2,park\n", "line 3: .* is not on the lattice"),
        (HEAD + "32,yes,2000,100,park\n", "line 2: .*is_south 'yes'"),
        (HEAD + "32,0,x,100,park\n", "line 2: invalid literal"),
        (HEAD + "32,0,2000,100,\n", "line 2: form ''"),
        (HEAD, "no urban form"),
        ("", "no urban form"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_errors_name_the_line_and_the_value(tmp_path: Path, text: str | bytes, reason: str) -> None:
    path = tmp_path / "forms.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(EtlError, match=reason):
        read_forms(path)


def test_a_missing_table_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(EtlError, match=r"none\.csv cannot be read"):
        read_forms(tmp_path / "none.csv")
