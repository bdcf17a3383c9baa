"""The report that compares layouts."""

from pathlib import Path

import numpy as np
import pytest

from etl.errors import EtlError
from etl.metrics.neighbour_preservation import measure_preservation
from etl.reports.layout import ComparedLayout, compare, write_layout_report


def test_each_layout_gets_a_row_with_its_figures(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors, places = rng.normal(size=(30, 8)).astype(np.float32), rng.normal(size=(30, 2))
    kept = measure_preservation(vectors, places)
    layouts = [ComparedLayout("as stored", places, kept, None), ComparedLayout("UMAP", places, kept, 12.3)]
    write_layout_report(tmp_path / "layout.html", "an <encoder>", layouts, ["Europe", "Asia"] * 15)
    text = (tmp_path / "layout.html").read_text()
    figures = f"<td>{kept.overlap:.3f}</td><td>{kept.trustworthiness:.4f}</td>"
    assert f"<tr><th>as stored</th>{figures}<td></td></tr>" in text
    assert f"<tr><th>UMAP</th>{figures}<td>12</td></tr>" in text
    assert "an &lt;encoder&gt;" in text


def test_too_few_tiles_cannot_be_compared() -> None:
    with pytest.raises(EtlError, match=r"20 tiles.*more than 20"):
        compare(np.eye(20, dtype=np.float32), np.zeros((20, 2)))
