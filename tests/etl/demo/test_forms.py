"""Drawing the urban forms."""

import numpy as np
import pytest

from etl.cities.grid import TILE_PX
from etl.demo.forms import Style, draw
from etl.demo.materials import MATERIALS
from etl.demo.towns import FORMS, Form


@pytest.mark.parametrize("form", FORMS)
def test_tiles_of_a_form_differ_but_have_the_same_mix_of_materials(form: Form) -> None:
    style = Style(0.4, 1, 0.5)
    first, again, other = (draw(form, style, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (TILE_PX, TILE_PX)
    assert (first != other).mean() > 0.05
    shares = [np.bincount(tile.ravel(), minlength=len(MATERIALS)) / tile.size for tile in (first, other)]
    assert np.abs(shares[0] - shares[1]).max() < 0.3
