"""The report of spatial bias."""

from pathlib import Path

import numpy as np

from etl.metrics.spatial_leakage import RADII_KM, SpatialLeakage
from etl.reports.spatial_bias import Measured, Outcome, write_report
from etl.vectors.bias.spatial_bias import Limits, SpatialBias


def measured(precision: float | None, r2: np.ndarray) -> Measured:
    bias = SpatialBias(np.array([0.9, 0.1, 0.0]), r2, np.array([True, False, False]))
    outcomes = {
        name: Outcome(f"{name} removed", SpatialLeakage(share, dict.fromkeys(RADII_KM, share)), precision)
        for name, share in (("none", 0.5), ("dimensions", 0.25))
    }
    return Measured("an <encoder>", 12, 3, Limits(), bias, outcomes, "dimensions")


def test_the_removal_of_the_database_is_marked(tmp_path: Path) -> None:
    write_report(tmp_path / "bias.html", measured(0.75, np.array([0.2, 0.1, 0.0])))
    text = (tmp_path / "bias.html").read_text()
    shares = "<td>25.0%</td>" * (1 + len(RADII_KM))
    assert f'<tr class="marked"><th>dimensions removed</th>{shares}<td>0.750</td></tr>' in text
    assert "an &lt;encoder&gt;" in text
    assert "too few regions" not in text


def test_what_could_not_be_measured_is_named(tmp_path: Path) -> None:
    write_report(tmp_path / "bias.html", measured(None, np.full(3, np.nan)))
    text = (tmp_path / "bias.html").read_text()
    assert "not measurable" in text
    assert "too few regions" in text
