"""The input check that all encoders share."""

import numpy as np
import pytest

from etl.encoders.encoder import check_chips
from etl.errors import EncoderError


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        (np.zeros((1, 12, 224, 200), np.uint16), r"\(1, 12, 224, 200\)"),
        (np.zeros((1, 13, 224, 224), np.uint16), r"\(1, 13, 224, 224\)"),
        (np.zeros((12, 224, 224), np.uint16), r"\(12, 224, 224\)"),
        (np.zeros((1, 12, 224, 224)), "float64"),
    ],
)
def test_other_shapes_and_types_raise_an_error_that_names_them(wrong: np.ndarray, value: str) -> None:
    with pytest.raises(EncoderError, match=value):
        check_chips(wrong)


def test_any_number_of_tiles_is_accepted() -> None:
    for n in (0, 1, 3):
        check_chips(np.zeros((n, 12, 224, 224), np.uint16))
