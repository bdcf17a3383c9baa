"""Patch vectors of chips of any size."""

import numpy as np
import pytest

from etl.cities.grid import PATCH_PX
from etl.evaluation.real.samples.patches import embed_chips, windows_of
from tests.etl.evaluation.real.builders import StatisticsEncoder, make_chip


def test_windows_cover_a_large_chip_without_nodata_around_it() -> None:
    assert windows_of(make_chip(1, 224, 352)) == [(0, 0), (0, 128)]
    assert windows_of(make_chip(1, 64, 224)) == [(0, 0)]


@pytest.mark.parametrize("first_wins", [False, True])
def test_each_patch_has_the_vector_of_its_own_pixels(first_wins: bool) -> None:
    chip = make_chip(1, 96, 256)
    (found,) = embed_chips(StatisticsEncoder(), [chip], lambda n: None, first_wins)
    parts = chip.pixels[:4].reshape(4, 6, PATCH_PX, 16, PATCH_PX)
    assert np.allclose(found.vectors[..., :4], parts.mean(axis=(2, 4)).transpose(1, 2, 0), rtol=2e-3)
    assert found.is_valid.all()


def test_a_patch_with_little_data_is_not_valid() -> None:
    chip = make_chip(1)
    chip.pixels[:, :PATCH_PX, : PATCH_PX // 2 + 1] = 0
    (found,) = embed_chips(StatisticsEncoder(), [chip], lambda n: None)
    assert not found.is_valid[0, 0]
    assert found.is_valid.sum() == 15


def test_months_do_not_change_the_order_of_chips() -> None:
    first, second = make_chip(1), make_chip(2)
    later = type(second)(second.name, second.pixels, month=3)
    found = embed_chips(StatisticsEncoder(), [first, later], lambda n: None)
    alone = [embed_chips(StatisticsEncoder(), [chip], lambda n: None)[0] for chip in (first, later)]
    assert all(np.array_equal(a.vectors, b.vectors) for a, b in zip(found, alone, strict=True))
