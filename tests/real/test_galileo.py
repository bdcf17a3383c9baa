"""Galileo nano against the output of the published code, and on real Sentinel-2 chips."""

from pathlib import Path

import numpy as np

from etl.encoders.galileo import load_galileo, windows_of

TOLERANCE = 1e-4


def test_tokens_equal_those_of_the_published_code(real_data: Path) -> None:
    reference = np.load(real_data / "models" / "galileo-nano" / "reference.npz")
    chip = np.full((12, 224, 224), 1500, np.uint16)
    for window, pixels in enumerate(reference["dn"]):  # the four windows along the northern edge
        chip[:, :56, 56 * window : 56 * (window + 1)] = pixels.transpose(2, 0, 1)
    assert np.array_equal(windows_of(chip)[3], reference["dn"][3].transpose(2, 0, 1))
    tokens = load_galileo()._tokens(chip, int(reference["month"]) + 1)
    assert np.abs(tokens[:4] - reference["tokens"].reshape(4, 294, 128)).max() < TOLERANCE
